"""Attention is held against the twin's own motion: planted maps get what they deserve, and the sentence says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_predictions import make_predictions, make_samples

from merlib.datasets.twin import twin_samples
from merlib.datasets.twin.population import plan_population
from merlib.errors import MerlibError
from merlib.learning import Experiment, get_recipe
from merlib.learning.folds import Fold
from merlib.publishing.explained import attention_scores as scores
from merlib.publishing.explained import true_regions
from merlib.publishing.explained.networks import Explained
from merlib.publishing.explained.true_regions import face_places, in_puzzle, moving_regions, true_speed


@pytest.fixture(scope="module")
def some():
    """Forty clips of the twin of CASME II as if they had been explained."""
    samples = twin_samples("casme2").take(np.arange(0, 246, 6))
    everything = np.arange(len(samples))
    experiment = Experiment("am3f_flownet", get_recipe("am3f_flownet"), "groupkfold:2")
    predictions = make_predictions(samples)
    return Explained(experiment, samples, (Fold("fold00", everything, everything),), (), predictions)


def maps_of(explained, trained):
    noise = np.random.default_rng(0).random((scores.DRAWS, *trained.shape))
    maps = {scores.TRAINED: trained, **{f"{scores.RANDOM} {i}": one for i, one in enumerate(noise)}}
    maps[scores.STRAIN] = explained.samples.inputs["flow"][:, 2]
    maps[scores.USUAL] = np.zeros_like(trained)
    return maps


@pytest.mark.long
def test_a_map_that_knows_the_motion_beats_every_rival(some):
    speed = true_speed(some.samples)
    tables = scores.score_table(scores.clip_scores(some, maps_of(some, speed)))
    values, low, _ = tables
    assert values.loc[scores.TRAINED, "auc"] == 1.0
    assert values.loc[scores.TRAINED, "pointing"] == 1.0
    assert values.loc[scores.USUAL, "auc"] == 0.5
    assert low.loc[f"trained less {scores.RANDOM}", "auc"] > 0.3
    assert scores.attention_finding(*tables, "it").count("better than") == 3


@pytest.mark.long
def test_a_map_that_knows_nothing_is_not_said_to_find_anything(some):
    noise = np.random.default_rng(1).random((len(some.samples), 28, 28))
    tables = scores.score_table(scores.clip_scores(some, maps_of(some, noise)))
    values, low, high = tables
    assert low.loc[scores.TRAINED, "auc"] < 0.5 < high.loc[scores.TRAINED, "auc"]
    area = moving_regions(true_speed(some.samples))[:, face_places()].mean()
    assert values.loc[scores.NOTHING, "pointing"] == pytest.approx(area)
    said = scores.attention_finding(*tables, "it")
    assert "is not shown to find" in said
    assert "not shown to differ from random weights" in said
    assert "worse than the strain map" in said


@pytest.mark.long
def test_head_and_lids_do_not_count_as_motion(some, monkeypatch):
    before = true_speed(some.samples)
    plans = {f"{p.dataset}/{p.subject}/{p.clip}": p for p in plan_population("casme2")}
    turned = {
        key: replace(
            plan,
            head=replace(plan.head, dx=plan.head.dx + 0.3, angle=0.2),
            action_units={**plan.action_units, "L45": 1.0, "R45": 1.0},
        )
        for key, plan in plans.items()
    }
    monkeypatch.setattr(true_regions, "_plans", lambda population: turned)
    np.testing.assert_array_equal(true_speed(some.samples), before)


def test_the_corners_of_the_mouth_move_when_they_are_pulled(some, monkeypatch):
    plans = {f"{p.dataset}/{p.subject}/{p.clip}": p for p in plan_population("casme2")}
    smiles = {key: replace(plan, action_units={"L12": 0.3, "R12": 0.3}) for key, plan in plans.items()}
    monkeypatch.setattr(true_regions, "_plans", lambda population: smiles)
    region = moving_regions(true_speed(some.samples))
    assert region[:, :10].sum() == 0, "brows and eyes are still"
    assert region[:, 14:24].any((1, 2)).all()
    assert in_puzzle(region.astype(float))[:, 14:].sum() > 0, "the mouth is the puzzle's lower half"
    assert in_puzzle(region.astype(float))[:, :14].sum() == 0


def test_nobody_knows_how_real_people_move():
    with pytest.raises(MerlibError, match="SYNTHETIC"):
        true_speed(make_samples(synthetic=False))


def test_the_mean_of_the_others_leaves_a_person_out():
    maps = np.array([1.0, 3.0, 8.0]).reshape(3, 1, 1)
    assert scores._of_others(maps, np.array(["a", "a", "b"])).ravel().tolist() == [8.0, 8.0, 2.0]
