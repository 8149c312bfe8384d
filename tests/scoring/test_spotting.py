"""Intervals are matched by MEGC's rule; the numbers are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.scoring.spotting import match_intervals, overlap, spotting_intervals, spotting_scores


def test_overlap_counts_frames_with_both_ends():
    assert overlap((10, 19), (10, 19)) == 1.0
    assert overlap((10, 19), (15, 24)) == pytest.approx(5 / 15)
    assert overlap((10, 19), (20, 29)) == 0.0
    assert overlap((10, 19), (19, 28)) == pytest.approx(1 / 19)


def test_half_of_the_union_is_enough_and_less_is_not():
    assert match_intervals([(0, 9)], [(0, 19)]) == [(0, 0)]  # 10 of 20 frames
    assert match_intervals([(0, 9)], [(0, 20)]) == []  # 10 of 21


def test_a_true_interval_is_matched_once_and_by_its_best():
    assert match_intervals([(10, 19)], [(8, 19), (10, 19), (9, 20)]) == [(0, 1)]
    assert match_intervals([(0, 9), (10, 19)], [(10, 18), (0, 8)]) == [(0, 1), (1, 0)]


def test_scores_by_hand():
    scores = spotting_scores(hits=6, true=8, found=10, minutes=2)
    assert scores == {"recall": 0.75, "precision": 0.6, "F1": pytest.approx(12 / 18), "false alarms a minute": 2.0}
    assert np.isnan(spotting_scores(0, 0, 0, 1)["recall"])


def test_intervals_hold_the_pooled_score_and_vanish_where_people_are_alike():
    alike = spotting_intervals([[3, 4, 5, 1.0]] * 6)
    assert alike["recall"] == (0.75, 0.75, 0.75)
    value, low, high = spotting_intervals([[4, 4, 4, 1.0], [0, 4, 1, 1.0], [2, 4, 3, 1.0]])["recall"]
    assert low < value == 0.5 < high
