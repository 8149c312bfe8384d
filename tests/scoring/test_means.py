"""Means over clips with intervals over people: clips of one person do not count as many people."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.scoring.means import mean_over_clips


def test_the_mean_is_over_clips_and_the_interval_over_people():
    people = np.repeat(["a", "b"], [3, 1])
    one = mean_over_clips(np.array([1.0, 1.0, 1.0, 0.0]), people, np.full(4, "set"))
    assert one.value == 0.75
    assert (one.low, one.high) == (0.0, 1.0)  # either person alone is drawn one time in two


def test_more_clips_of_the_same_people_do_not_narrow_the_interval():
    random = np.random.default_rng(0)
    level = random.standard_normal(20)
    few = mean_over_clips(level, np.arange(20).astype(str), np.full(20, "set"))
    many = mean_over_clips(np.repeat(level, 5), np.repeat(np.arange(20).astype(str), 5), np.full(100, "set"))
    assert many.high - many.low == pytest.approx(few.high - few.low)


def test_each_data_set_keeps_its_people():
    values, people, datasets = np.array([0.0, 0.0, 1.0, 1.0]), np.array(list("abcd")), np.array(["x", "x", "y", "y"])
    one = mean_over_clips(values, people, datasets)
    assert (one.low, one.high) == (0.5, 0.5)


def test_values_that_are_not_finite_and_other_lengths_are_refused():
    with pytest.raises(MerlibError, match="finite"):
        mean_over_clips(np.array([np.nan]), np.array(["a"]), np.array(["x"]))
    with pytest.raises(MerlibError, match="one of each"):
        mean_over_clips(np.ones(2), np.array(["a"]), np.array(["x"]))
