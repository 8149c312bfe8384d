"""The linear baseline: learns what is separable, and gives every class the same say."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.models import build_model


def toy(counts, seed=0, gap=1.0):
    """Maps whose class shifts one channel, `counts` rows a class, units of the public maps."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), counts)
    maps = random.normal(128, 20, (len(labels), 3, 6, 6)).astype(np.float32)
    maps[np.arange(len(labels)), labels] += 20 * gap
    return maps, labels


def test_it_learns_a_separable_toy_far_above_chance():
    model = build_model("linear").fit(*toy([40, 40, 40]))
    maps, labels = toy([30, 30, 30], seed=1)
    assert model.score(maps, labels) > 0.95
    shuffled = np.random.default_rng(2).permutation(labels)
    assert build_model("linear").fit(maps, shuffled).score(*toy([30, 30, 30], seed=3)) < 0.6


def test_it_is_balanced_the_rare_class_is_not_given_up():
    maps, labels = toy([150, 10, 10], gap=0.4)
    recall = [np.mean(build_model("linear").fit(maps, labels).predict(maps)[labels == c] == c) for c in range(3)]
    assert min(recall) > 0.7


def test_pixels_are_standardised_so_that_units_do_not_matter():
    maps, labels = toy([20, 20, 20])
    scores = [build_model("linear").fit(x, labels).predict_proba(x) for x in (maps, maps / 255, maps * 7 + 3)]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-3)
    np.testing.assert_allclose(scores[0], scores[2], atol=1e-3)


def test_its_numbers_are_those_of_the_facts():
    classifier = build_model("linear")[-1]
    assert (classifier.C, classifier.class_weight) == (0.001, "balanced")
    assert build_model("linear", C=1.0)[-1].C == 1.0


def test_unknown_options_list_the_valid_ones():
    with pytest.raises(MerlibError, match=r"unknown option of linear 'c'(.|\n)*C, max_iter"):
        build_model("linear", c=1.0)
