"""Proof on published predictions: the logs give the figures their authors print, and the errata's."""

from __future__ import annotations

import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.scoring import (
    bootstrap_interval,
    confusion,
    detectable_difference,
    paired_permutation_test,
    precision_by_class,
    summary,
    uf1,
)
from merlib.scoring.as_published import precision_called_uar
from merlib.sources.published_logs import read_published_log

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def logs(shared_real) -> dict[str, pd.DataFrame]:
    names = {
        "matlab": "ststnet_matlab_log.txt",
        "python": "ststnet_python_log.txt",
        "capsule": "capsulenet_result_log.csv",
    }
    return {key: read_published_log(shared_real / "published_logs" / name) for key, name in names.items()}


@pytest.fixture(scope="module")
def aligned(logs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """STSTNet's and CapsuleNet's answers to the 435 clips of both, under STSTNet's clip names and labels."""
    capsule = logs["capsule"].copy()
    padded = capsule["clip"].str.replace(r"^s(\d)_", r"s0\1_", regex=True)
    capsule["clip"] = padded.where(capsule["dataset"] == "smic", capsule["clip"])
    key = ["dataset", "subject", "clip"]
    capsule = capsule.rename(columns={"label": "own_label"}).merge(logs["matlab"][[*key, "label"]], on=key)
    return logs["matlab"].merge(capsule[key], on=key), capsule


def test_ststnets_first_log_gives_its_uf1_and_the_recall_it_did_not_publish(logs):
    table = summary(logs["matlab"]).round(4)
    assert table["n"].tolist() == [442, 145, 133, 164]
    assert table["UAR"].to_dict() == {"Full": 0.7186, "CASME II": 0.8190, "SAMM": 0.6415, "SMIC": 0.6703}
    assert table.loc["Full", "UF1"] == 0.7353
    assert table.loc["Full", "Acc"] == round(340 / 442, 4)


def test_x1_ststnets_published_uar_is_the_mean_precision_in_all_four_cells(logs):
    log = logs["matlab"]
    parts = {"Full": log, **dict(tuple(log.groupby("dataset")))}
    found = {name: round(precision_called_uar(part), 4) for name, part in parts.items()}
    assert found == {"Full": 0.7605, "casme2": 0.8686, "smic": 0.7013, "samm": 0.6810}
    assert precision_by_class(log).mean() == pytest.approx(precision_called_uar(log))


def test_ststnets_second_log(logs):
    assert summary(logs["python"]).loc["Full", ["UF1", "UAR", "n"]].round(4).tolist() == [0.7209, 0.7250, 442]


def test_x2_capsulenets_figures_rest_on_435_clips(logs):
    table = summary(logs["capsule"]).round(4)
    assert table.loc["Full", ["UF1", "UAR", "n"]].tolist() == [0.6520, 0.6506, 435]
    assert table.loc["SMIC", "n"] == 157


def test_the_confusion_matrix_keeps_the_composites_class_counts(logs):
    assert confusion(logs["matlab"]).sum(axis=1).tolist() == [250, 109, 83]


def test_the_two_logs_cannot_be_compared_before_their_clips_are_aligned(logs):
    with pytest.raises(MerlibError, match="only one of the two models scored"):
        paired_permutation_test(logs["matlab"], logs["capsule"], uf1)


def test_one_label_of_capsulenets_log_is_not_the_organisers(aligned):
    _, capsule = aligned
    wrong = capsule[capsule["label"] != capsule["own_label"]]
    assert wrong[["clip", "label", "own_label"]].to_numpy().tolist() == [["s18_sur_03", 2, 0]]


def test_68_people_show_a_difference_of_about_twelve_points(aligned):
    """The figures of results/reference/ANALYSIS_PLAN.md: half-width .057, deviation .044, detectable .12."""
    first, second = aligned
    interval = bootstrap_interval(first, uf1)
    assert (interval.high - interval.low) / 2 == pytest.approx(0.057, abs=0.004)
    found = detectable_difference(first, second)
    assert found.subjects == 68
    assert found.deviation == pytest.approx(0.044, abs=0.003)
    assert round(found.difference, 2) == 0.12


def test_a_lead_of_nine_points_is_not_shown(aligned):
    test = paired_permutation_test(*aligned, uf1)
    assert test.difference == pytest.approx(0.0878, abs=5e-5)
    assert 0.05 < test.p_value < 0.1
    assert test.low < 0 < test.high
