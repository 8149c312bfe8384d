"""Saved tables and figures: SYNTHETIC where it must be, reported values beside ours, no single real sample."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.clips.clip_table import clip_table
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.profiles import get_profile
from merlib.publishing import save_figure, save_table
from merlib.publishing.records.save_table import heading
from merlib.publishing.study import current_study, open_study
from merlib.publishing.tables.metrics import analogue_note, comparison_table, finding, metric_table


def _runs(synthetic: bool) -> dict[str, pd.DataFrame]:
    samples = make_samples(synthetic=synthetic)
    return {name: make_predictions(samples, wrong, name) for name, wrong in (("CE", 6), ("LASCE", 0))}


def test_table_from_the_twin_says_synthetic_in_every_file_and_is_not_comparable(study):
    runs = _runs(synthetic=True)
    values, low, high = metric_table(runs, artefact="am3f.table5")
    saved = save_table("am3f.table5", values, runs, low=low, high=high)
    for suffix in ("csv", "md", "tex"):
        assert "SYNTHETIC" in (study.artefact_folder / f"am3f.table5.{suffix}").read_text()
    record = json.loads((study.artefact_folder / "am3f.table5.json").read_text())
    assert record["synthetic"]
    assert record["grade"] == "twin"
    assert {cell["verdict"] for cell in record["cells"] if cell["reported"]} == {"not comparable (twin)"}
    assert "SYNTHETIC" in saved._repr_html_()


def test_table_on_real_data_states_substitution_and_difference(study):
    runs = _runs(synthetic=False)
    values, low, high = metric_table(runs, artefact="am3f.table5")
    note = analogue_note(make_samples(synthetic=False), "casme2")
    record = save_table("am3f.table5", values, runs, low=low, high=high, substitution=note).record
    assert record["grade"] == "real analogue"
    assert "in place of casme2" in record["substitution"]
    assert "profile smoke" in record["substitution"]
    cell = next(c for c in record["cells"] if c["row"] == "LASCE" and c["column"] == "casme2.acc")
    assert (cell["value"], cell["reported"], cell["difference"]) == (100.0, 84.52, 15.48)
    assert "SYNTHETIC" not in (study.artefact_folder / "am3f.table5.csv").read_text()


def test_a_smoke_run_of_the_twin_is_not_shown_beside_printed_values(study):
    for synthetic, beside in ((True, False), (False, True)):
        runs = _runs(synthetic)
        for one in runs.values():
            one.attrs["experiment"] = Experiment.for_profile("am3f_flownet", get_profile("smoke")).to_dict()
        values, low, high = metric_table(runs, artefact="am3f.table5")
        saved = save_table("am3f.table5", values, runs, low=low, high=high)
        assert saved.record["training"] == "smoke"
        assert any("reported" in column for column in saved.shown) == beside
        assert {cell["reported"] for cell in saved.record["cells"]} > {84.52}  # the record holds both


def test_metric_table_counts_percent_where_the_paper_does_and_pools_by_data_set():
    runs = _runs(synthetic=True)
    values, low, high = metric_table(runs, artefact="am3f.table5")
    assert values.loc["CE", "casme2.acc"] == pytest.approx(50.0)  # 6 of CASME II's 12 clips are wrong
    assert values.loc["CE", "full.acc"] == pytest.approx(18 / 24)
    assert (low <= values).all(axis=None)
    assert (values <= high).all(axis=None)


def test_clip_scored_twice_never_reaches_a_table():
    runs = _runs(synthetic=True)
    doubled = pd.concat([runs["CE"], runs["CE"].head(1)])
    doubled.attrs = runs["CE"].attrs
    with pytest.raises(MerlibError, match="more than once"):
        metric_table({"CE": doubled})


def test_comparison_names_the_higher_model_only_when_the_test_rejects():
    samples = make_samples(n=72)
    runs = {name: make_predictions(samples, wrong) for name, wrong in (("good", 0), ("bad", 60), ("also", 0))}
    tests = comparison_table(runs, [("good", "bad"), ("good", "also")])
    assert tests["verdict"].tolist() == ["good higher", "not shown"]
    assert "good against bad: good higher (1 of 2)" in finding(tests)


def test_figure_from_the_twin_is_stamped_and_its_files_do_not_change(study):
    runs = _runs(synthetic=True)

    def draw():
        figure, axis = plt.subplots()
        axis.plot([0, 1])
        save_figure("am3f.figure5", figure, runs, data=pd.DataFrame({"x": [0, 1]}))
        plt.close(figure)
        assert [text.get_text() for text in figure.texts] == ["SYNTHETIC"]
        return [(study.artefact_folder / f"am3f.figure5.{s}").read_bytes() for s in ("png", "svg", "csv", "json")]

    assert draw() == draw()


def test_a_figure_is_laid_out_once_for_all_its_files_and_can_be_laid_out_again(study, monkeypatch):
    figure, (axis, _) = plt.subplots(1, 2, layout="constrained")
    figure.colorbar(axis.imshow([[0, 1]]), ax=axis)
    engine, often = figure.get_layout_engine(), []
    own = type(engine).execute
    monkeypatch.setattr(type(engine), "execute", lambda self, fig: often.append(fig) or own(self, fig))
    save_figure("extra.picture", figure)
    assert often == [figure]
    assert figure.get_layout_engine() is engine
    plt.close(figure)


def test_a_record_names_the_magnifiers_that_made_what_it_shows(study):
    values = pd.DataFrame({"gain": [1.0]}, index=["eulerian 2"])
    used = save_table("extra.gains", values, magnifiers=["eulerian", "magnet"]).record["magnifiers"]
    assert used[0] == "eulerian"
    assert used[1].startswith("magnet (learning_based_mag.pth.tar, SHA-256 a259b19b5bbef69d")
    figure, _ = plt.subplots()
    assert save_figure("extra.picture", figure, magnifiers=["lagrangian"])["magnifiers"] == ["lagrangian"]
    assert json.loads((study.artefact_folder / "extra.gains.json").read_text())["magnifiers"] == used
    assert "magnifiers" not in save_figure("extra.plain", figure)
    plt.close(figure)


def test_picture_of_a_single_real_sample_is_refused_and_nothing_is_written(study):
    figure, axis = plt.subplots()
    axis.imshow(make_samples().inputs["flow"][0, 0])
    with pytest.raises(MerlibError, match="single samples of real data"):
        save_figure("extra.one_map", figure, _runs(synthetic=False), shows_single_samples=True)
    assert not study.artefact_folder.exists()


def _clip(synthetic: bool) -> pd.DataFrame:
    row = {"dataset": "casme2", "subject": "sub01", "clip": "x", "label": "disgust", "onset": 0, "apex": 1, "offset": 2}
    row |= {"fps": 200, "action_units": "4", "n_frames": 3, "source": None}
    return clip_table([row], "casme2", "20140508", synthetic, ["a repair"])


def test_picture_of_a_recorded_clip_is_refused_and_the_twin_s_is_stamped(study):
    figure, _ = plt.subplots()
    with pytest.raises(MerlibError, match="single samples of real data"):
        save_figure("extra.face", figure, samples=[_clip(True), _clip(False)], shows_single_samples=True)
    assert not study.artefact_folder.exists()
    record = save_figure("extra.face", figure, samples=[_clip(True)], shows_single_samples=True)
    assert [text.get_text() for text in figure.texts] == ["SYNTHETIC"]
    assert record["data"][0]["edition"] == "20140508"


def test_picture_of_single_samples_whose_data_nobody_named_is_refused(study):
    figure, _ = plt.subplots()
    with pytest.raises(MerlibError, match="nobody knows what"):
        save_figure("extra.face", figure, shows_single_samples=True)
    assert not study.artefact_folder.exists()


def test_a_clip_table_that_lost_what_holds_for_the_whole_is_refused(study):
    bare = _clip(True).copy()
    bare.attrs = {}
    with pytest.raises(MerlibError, match="without name, edition, synthetic, notes"):
        save_table("extra.clips", pd.DataFrame({"clips": [1]}), samples=[bare])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"profile": "smok"}, "did you mean 'smoke'"),
        ({"profile": 3}, "a string"),
        ({"data": "megc2019-flow=x"}, "a list"),
        ({"data": ["megc-flow=x"]}, "megc2019-flow"),
        ({"data": ["megc2019-flow"]}, "NAME=DIR"),
        ({"data": ["megc2019-flow=/no/such/folder"]}, "merlib data get"),
    ],
)
def test_wrong_notebook_parameter_is_an_error_that_lists_what_is_valid(parameters, words):
    with pytest.raises(MerlibError, match=words):
        open_study("10_losses", **parameters)


def test_study_prefers_real_data_then_its_analogue_then_the_twin(study):
    assert current_study() is study
    study.opened.update({"casme2": "twin of casme2", "megc2019-flow": "public maps"})
    assert study.samples("casme2", analogue="megc2019-flow") == "twin of casme2"
    study.data = {"megc2019-flow": None}
    assert study.samples("casme2", analogue="megc2019-flow") == "public maps"


def test_headings_read_as_people_write():
    assert heading("casme2.acc") == "CASME II Acc"
    assert heading("full.uf1") == "Full UF1"
    assert heading("UF1 difference") == "UF1 difference"
    assert heading("UF1 against E.&M.") == "UF1 against E.&M."
    assert heading("0.0001") == "0.0001"
