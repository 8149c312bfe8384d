"""Chance: by hand for both guessers, and the simulation against what is known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.scoring import accuracy, chance_level, uar, uf1
from merlib.scoring.metrics import accuracy_of_counts, metric

LABELS = np.repeat([0, 1, 2], [5, 3, 2])


def test_the_majority_guesser_by_hand():
    assert chance_level(LABELS, accuracy).majority == pytest.approx(0.5)
    assert chance_level(LABELS, uar).majority == pytest.approx(1 / 3)
    assert chance_level(LABELS, uf1).majority == pytest.approx((2 * 5 / 15) / 3)


def test_the_random_guesser_by_hand():
    assert chance_level(LABELS, accuracy).stratified == pytest.approx(0.25 + 0.09 + 0.04)
    assert chance_level(LABELS, "uar").stratified == pytest.approx(1 / 3)


def test_simulated_guessers_agree_with_the_exact_value():
    @metric(lambda counts: accuracy_of_counts(counts))  # the same metric, not known to be linear: simulated
    def simulated(predictions):
        """Accuracy."""

    assert chance_level(LABELS, simulated).stratified == pytest.approx(0.38, abs=0.01)


def test_guessed_uf1_of_balanced_classes_approaches_one_third_and_luck_reaches_higher():
    found = chance_level(np.arange(3000) % 3, uf1, draws=2000)
    assert found.stratified == pytest.approx(1 / 3, abs=0.002)
    assert 0.34 < found.stratified_high < 0.36  # sd sqrt(2/9/3000) = .0086, twice that above


def test_a_class_without_clips_does_not_matter():
    assert chance_level([0, 0, 2, 2], uar).stratified == pytest.approx(1 / 2)


@pytest.mark.parametrize("labels", [[], [0.5, 1], [-1, 0], [[0, 1]], ["negative"]])
def test_what_is_no_label_is_refused(labels):
    with pytest.raises(MerlibError, match="one class index"):
        chance_level(labels, uf1)
