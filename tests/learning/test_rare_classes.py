"""Small sets have classes that one person shows and people of one clip: every loss still gives finite predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlib import learning, scoring
from merlib.clips.samples import Samples
from merlib.learning.losses import LOSSES


@pytest.fixture(scope="module")
def rare():
    """Three people; only the first shows surprise, once, and the last has one clip."""
    labels = np.array([2, 0, 1, 0, 1, 0, 1, 1, 0])
    people = np.array([*["p0"] * 4, *["p1"] * 4, "solo"])
    flow = np.random.default_rng(0).normal(size=(9, 3, 28, 28)).astype(np.float32)
    names = {"subjects": people, "datasets": ["mine"] * 9, "clips": [f"c{i}" for i in range(9)]}
    classes = ("negative", "positive", "surprise")
    return Samples({"flow": flow}, labels, classes, **names, name="mine", synthetic=True, unit="px")


def predicted(rare, model, store, **changes):
    recipe = replace(learning.get_recipe(model), **changes)
    experiment = learning.Experiment(model, recipe, "loso")
    return learning.run(experiment, rare, workers=1, references=False, store=store)


def check(predictions):
    assert len(predictions) == 9
    assert np.isfinite(predictions.filter(like="score_").to_numpy()).all()
    interval = scoring.bootstrap_interval(predictions, scoring.uf1)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert scoring.f1_by_class(predictions)["surprise"] == 0  # nobody else shows it, so it cannot be learned


@pytest.mark.long
@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_a_fold_without_a_class_is_trained_under_every_loss(loss, rare, tmp_path):
    check(predicted(rare, "ststnet", tmp_path, epochs=1, loss=loss, loss_options={}))


def test_a_fold_without_a_class_is_fitted_by_the_linear_row(rare, tmp_path):
    check(predicted(rare, "linear", tmp_path))
