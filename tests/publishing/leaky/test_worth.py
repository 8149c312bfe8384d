"""The laboratory as a table: what each liberty is worth beside the honest run; SYNTHETIC predictions."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.learning.leaky import laboratory
from merlib.learning.leaky.laboratory import keep
from merlib.learning.leaky.liberties import HONEST, LIBERTIES
from merlib.publishing.leaky import worth as leaky_worth
from merlib.publishing.leaky.audit_figure import audit_rows, draw_audit, save_epochs
from merlib.publishing.leaky.worth import committed, finding, joined, not_run, save_worth, worth_of
from merlib.publishing.records.ledger import best_records, read_records
from merlib.scoring import uf1
from merlib.scoring.as_published import precision_called_uar, subject_mean_f1

SAMPLES = make_samples()


def taken(**wrong):
    """Predictions with so many wrong answers, by liberty."""
    frames = {}
    for name, count in {"honest": 9, **wrong}.items():
        key = name if name == HONEST else "leaky:" + name.replace("_", "-")
        frame = make_predictions(SAMPLES, count, label=LIBERTIES[key].title)
        frame.attrs["experiment"] = {**frame.attrs["experiment"], "protocol": "groupkfold:2" if key == HONEST else key}
        frames[key] = frame
    return frames


@pytest.fixture
def runs():
    return taken(clip_split=2, scaled_by_all=9, stacked_people_apart=0)


def test_each_row_is_measured_and_set_against_the_honest_one(runs):
    worth = worth_of(runs, "Net")
    honest = uf1(runs[HONEST])
    assert worth.value.loc["Net: honest", "measured"] == pytest.approx(honest)
    assert pd.isna(worth.value.loc["Net: honest", "inflation"])
    split = worth.value.loc["Net: clips dealt at random"]
    assert split["inflation"] == pytest.approx(uf1(runs["leaky:clip-split"]) - honest)
    assert worth.value.loc["Net: normalisation over all clips", "inflation"] == 0
    precision = worth.value.loc["Net: mean precision called UAR", "measured"]
    assert precision == pytest.approx(precision_called_uar(runs[HONEST]))
    mean = worth.value.loc["Net: mean of subjects' F1 called UF1"]
    assert mean["inflation"] == pytest.approx(subject_mean_f1(runs[HONEST]) - honest)
    assert worth.value.loc["Net: all, people apart, and the mean of subjects' F1", "measured"] == pytest.approx(1)
    inside = (worth.low <= worth.value) & (worth.value <= worth.high)
    assert inside.fillna(True).to_numpy()[worth.value.notna().to_numpy()].all()


def test_the_finding_names_what_flatters_and_counts_the_rest(runs):
    told = finding(worth_of(runs, "Net"))
    assert "Net: clips dealt at random +" in told
    assert "normalisation" not in told
    assert "none" in finding(worth_of(taken(scaled_by_all=9), "Net"))


def test_a_saved_table_says_leaky_and_is_no_result(runs, study):
    saved = save_worth(worth_of(runs, "Net"), "laboratory", study)
    assert saved.record["id"] == "extra.leaky_laboratory"
    assert "Net: clips dealt at random" in saved.record["leaky"]
    assert "Net: honest" not in saved.record["leaky"]
    assert len(read_records([study.artefact_folder])) == 1
    assert best_records(read_records([study.artefact_folder])) == {}
    assert "results/leaky" in save_worth(None, "laboratory", study)


def test_committed_runs_are_read_and_what_lacks_is_named(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(laboratory, "laboratory_folder", lambda: tmp_path / "leaky")
    assert committed("megc2019_flow_twin") is None
    for name, frame in runs.items():
        keep(frame, name, "ststnet", tmp_path / "leaky")
    worth = committed("megc2019_flow_twin")
    pd.testing.assert_frame_equal(worth.value, worth_of(runs, "STSTNet").value)
    lacking = not_run("megc2019_flow_twin")
    assert "STSTNet: best epoch on the test fold" in lacking
    assert "STSTNet: clips dealt at random" not in lacking
    assert "Linear on pixels: honest" in lacking


def test_the_closing_figure_has_one_mark_for_each_row(runs):
    columns = ["reported", "ours", "low", "high"]
    compared = pd.DataFrame([[0.85, 0.71, 0.65, 0.77]], index=["AM3F-FlowNet"], columns=columns)
    rows = audit_rows(compared, joined([worth_of(runs, "STSTNet"), worth_of(runs, "Linear on pixels")]))
    assert rows.loc["AM3F-FlowNet, reported", "value"] == 0.85
    assert rows.loc["AM3F-FlowNet, honest", "kind"] == "honest, committed"
    assert (rows["kind"] == "laboratory").sum() == len(rows) - 2
    figure = draw_audit(rows)
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == rows.index[::-1].tolist()
    shown = sorted(x for line in axis.get_lines() if line.get_marker() in "Dos" for x in line.get_xdata())
    assert shown == pytest.approx(sorted(rows["value"]))
    plt.close(figure)


def test_frames_dealt_are_read_from_committed_runs_on_the_twin_only(monkeypatch):
    monkeypatch.setattr(leaky_worth, "every_reference", lambda data: [])
    assert leaky_worth.frames_dealt() is None


def test_epochs_are_told_by_the_last_and_the_best(runs, study):
    honest = runs[HONEST]
    honest.attrs["uf1_by_epoch"] = {"seed 0": [0.2, 0.8, 0.5], "seed 1": [0.6, 0.4, 0.5]}
    assert "the last of 3 epochs gives 0.500, the best one 0.700" in save_epochs(honest, study)
    assert (study.artefact_folder / "extra.leaky_epochs.csv").is_file()
    assert "not committed" in save_epochs(None, study)


def test_a_liberty_is_told_beside_its_own_honest_run_and_what_lacks_names_the_command(runs):
    worth = worth_of(runs, "STSTNet")
    row = next(name for name in worth.value.index if worth.value["inflation"].notna()[name])
    said = leaky_worth.said_of(worth, row)
    honest = f"STSTNet: {LIBERTIES[HONEST].title}"
    assert f"{worth.value.loc[row, 'inflation']:+.3f}" in said
    assert f"{worth.value.loc[honest, 'measured']:.3f}" in said
    assert "merlib maintain laboratory" in leaky_worth.said_of(None, row)
