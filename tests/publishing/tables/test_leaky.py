"""A result of a protocol that leaks says so wherever it is shown."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from known_predictions import make_predictions, make_samples

from merlib.publishing.records.save_figure import save_figure
from merlib.publishing.records.save_table import save_table


def leaky(protocol: str) -> pd.DataFrame:
    frame = make_predictions(make_samples(), label="frames at random")
    frame.attrs["experiment"] = {**frame.attrs["experiment"], "protocol": protocol}
    return frame


def test_a_table_with_a_leaky_row_names_it(study):
    runs = {"apart": make_predictions(make_samples()), "frames at random": leaky("framekfold:2:0")}
    table = pd.DataFrame({"full.uf1": [0.5, 0.9]}, index=list(runs))
    saved = save_table("extra.split", table, runs, study=study)
    assert saved.headline.endswith("LEAKY, for comparison only: frames at random.")
    assert saved.record["leaky"] == ["frames at random"]
    assert "shares subjects and clips between training and test" in saved.record["substitution"]
    assert "LEAKY" in (study.artefact_folder / "extra.split.md").read_text(encoding="utf-8")
    honest = save_table("extra.honest", table.iloc[:1], {"apart": runs["apart"]}, study=study)
    assert "LEAKY" not in honest.headline


def test_a_figure_of_a_leaky_run_is_stamped_once(study):
    runs = {"frames at random": leaky("clipkfold:2:0")}
    figure, _ = plt.subplots()
    for _ in range(2):
        record = save_figure("extra.split", figure, runs, study=study)
    stamps = [text.get_text() for text in figure.texts if "LEAKY" in text.get_text()]
    assert stamps == ["LEAKY, for comparison only: frames at random"]
    assert record["leaky"] == ["frames at random"]
    plt.close(figure)
