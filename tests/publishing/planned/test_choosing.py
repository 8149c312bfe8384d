"""Choosing by the test result, on other folds and inside: which answers are looked at, and what is gained."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.inputs.cache import MotionCache
from merlib.learning.folds import make_folds
from merlib.publishing.planned import inner_tau
from merlib.publishing.planned.ablation_plan import TAUS, Sources
from merlib.publishing.planned.after_training import adjusted_after_training
from merlib.publishing.planned.choosing import (
    BY_OTHERS,
    BY_TEST,
    INSIDE,
    answers_of,
    by_inner_folds,
    by_other_folds,
    by_test,
    choosing_finding,
    choosing_table,
    optimism_between_halves,
)
from merlib.scoring import uf1


def run_of(right_in: dict[str, bool], label: str) -> pd.DataFrame:
    """Answers that are all right in some folds and all wrong in the others; three people a fold."""
    frame = make_predictions(make_samples(n=36), 0, label)
    frame["fold"] = [f"fold0{i // 9}" for i in range(36)]
    wrong = ~frame["fold"].map(right_in).astype(bool)
    frame.loc[wrong, "prediction"] = (frame.loc[wrong, "label"] + 1) % 3
    return frame


FOLDS = [f"fold0{i}" for i in range(4)]


@pytest.fixture
def runs():
    """A is right in three folds, B in the first two and the last, C nowhere."""
    return {
        "A": run_of(dict(zip(FOLDS, (1, 1, 1, 0), strict=True)), "A"),
        "B": run_of(dict(zip(FOLDS, (0, 0, 1, 1), strict=True)), "B"),
        "C": run_of(dict.fromkeys(FOLDS, 0), "C"),
    }


def test_by_test_one_value_is_chosen_for_all_folds(runs):
    assert by_test(runs) == dict.fromkeys(FOLDS, "A")


def test_by_other_folds_a_fold_s_own_answers_are_never_looked_at(runs):
    before = by_other_folds(runs)
    assert before["fold00"] == "A"  # without fold00 both have two folds right, and the first wins
    for value in runs:
        mine = runs[value]["fold"] == "fold03"
        runs[value].loc[mine, "prediction"] = 0
    assert by_other_folds(runs)["fold03"] == before["fold03"] == "A"


def test_inner_scores_choose_each_fold_s_value_and_the_smallest_of_equals():
    inner = pd.DataFrame({0.0: [0.5, 0.7], 0.25: [0.6, 0.7]}, index=["fold00", "fold01"])
    assert by_inner_folds(inner) == {"fold00": "0.25", "fold01": "0"}


def test_answers_are_taken_from_the_value_chosen_for_their_fold(runs):
    chosen = {"fold00": "A", "fold01": "A", "fold02": "B", "fold03": "B"}
    joined = answers_of(runs, chosen, "both")
    assert len(joined) == 36
    assert uf1(joined) == 1.0


def test_the_table_says_what_each_way_earns_and_the_optimism_is_their_difference(runs):
    inner = pd.DataFrame(0.0, index=FOLDS, columns=[0.0, 1.0])
    named = dict(zip(("0", "1", "2"), runs.values(), strict=True))
    inner.loc["fold03", 1.0] = 0.9
    values, low, high = choosing_table(named, "2", inner)
    assert list(values.index)[:3] == [BY_TEST, BY_OTHERS, INSIDE]
    assert values.loc[INSIDE, "UF1"] == 1.0
    assert values.loc[BY_TEST, "UF1"] == pytest.approx(0.75)
    assert values.loc[INSIDE, "optimism"] == pytest.approx(-0.25)
    assert values.loc["as printed", "UF1"] == 0.0
    assert values.loc[INSIDE, "chosen"] == "0 in 3, 1 in 1"
    assert (low["UF1"] <= values["UF1"]).all()
    assert "-0.250" in choosing_finding(values, low, high)


def test_where_both_ways_choose_alike_no_interval_of_zero_width_is_told(runs):
    alone = {"A": runs["A"], "C": runs["C"]}
    told = choosing_finding(*choosing_table(alone, "A"))
    assert "the same in every fold" in told
    assert "[" not in told


def test_halves_show_no_optimism_where_one_value_is_always_right_and_some_where_all_are_chance():
    samples = make_samples(n=60)
    right, wrong = make_predictions(samples, 0, "right"), make_predictions(samples, 60, "wrong")
    assert optimism_between_halves({"right": right, "wrong": wrong}, splits=20) == 0
    guesses = {}
    for seed in range(6):
        frame = make_predictions(samples, 0, f"guess {seed}")
        guesses[str(seed)] = frame.assign(prediction=np.random.default_rng(seed).integers(0, 3, 60))
    assert optimism_between_halves(guesses, splits=200) > 0.05


def test_no_test_person_takes_part_in_the_inner_folds(tmp_path, monkeypatch):
    samples, seen = make_samples(n=60), []

    def record(experiment, inside, **_):
        seen.append((experiment, inside))
        return make_predictions(inside, int(10 * experiment.recipe.loss_options["tau"]))

    monkeypatch.setattr(inner_tau, "open_maps", lambda _: samples)
    monkeypatch.setattr(inner_tau, "run", record)
    table = inner_tau.train_inner(Sources(MotionCache(tmp_path), {}), root=tmp_path)
    folds = make_folds(inner_tau.OUTER_FOLDS, samples)
    assert len(seen) == len(table) == len(folds) * len(TAUS)
    for (experiment, inside), fold in zip(seen, [fold for fold in folds for _ in TAUS], strict=True):
        assert set(inside.groups).isdisjoint(samples.groups[fold.test])
        assert experiment.protocol == inner_tau.INNER_FOLDS
    inner = inner_tau.inner_scores(tmp_path)
    assert inner.shape == (len(folds), len(TAUS))
    assert (inner[0.0] == 1.0).all()
    assert inner_tau.inner_scores(tmp_path / "nowhere") is None


def scored(name: str = "cross entropy") -> pd.DataFrame:
    frame = make_predictions(make_samples(n=36), 0, name)
    frame["fold"] = [f"fold0{i // 9}" for i in range(36)]
    frame[["score_negative", "score_positive", "score_surprise"]] = [0.5, 0.3, 0.2]
    return frame.assign(prediction=0)


def test_tau_zero_after_training_leaves_every_answer_and_score():
    plain = scored()
    adjusted = adjusted_after_training(plain, 0.0)
    pd.testing.assert_frame_equal(adjusted, plain, check_like=True)


def test_after_training_a_class_s_score_is_divided_by_its_share_of_the_other_folds():
    plain = scored()
    plain["label"] = np.where(plain["fold"] == "fold00", 0, np.tile([0, 1, 2, 0, 0, 0], 6))
    tested = adjusted_after_training(plain, 1.0).iloc[0]
    share = np.bincount(plain.loc[plain["fold"] != "fold00", "label"]) / 27
    wanted = np.array([0.5, 0.3, 0.2]) / share
    columns = ["score_negative", "score_positive", "score_surprise"]
    assert tested[columns].to_numpy(float) == pytest.approx(wanted / wanted.sum())
    assert tested["prediction"] == wanted.argmax() != 0
