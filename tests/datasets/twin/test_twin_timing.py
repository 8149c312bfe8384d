"""Expressions of the twin rise and last as long as the published sheets say."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.datasets.twin.population import plan_population
from merlib.datasets.twin.timing import SPEEDS, phases
from merlib.errors import MerlibError
from merlib.sources.expressions import time_quantiles


@pytest.mark.parametrize(("dataset", "rise", "whole"), [("casme2", 150, 300), ("samm", 160, 385), ("smic", 150, 300)])
def test_half_of_the_expressions_rise_and_last_no_longer_than_the_published_median(dataset, rise, whole):
    timed = np.array([phases(1, dataset, plan)[:3] for plan in plan_population(dataset, 1)])
    onset, apex, offset = 1000 * timed.T / SPEEDS[dataset]
    assert np.median(apex - onset) == pytest.approx(rise, abs=20)
    assert np.median(offset - onset) == pytest.approx(whole, abs=30)
    assert (onset < apex).all()
    assert (apex < offset).all()
    assert (offset - onset).max() <= 500 + 1000 / SPEEDS[dataset]


def test_quantiles_grow_and_hold_the_published_ones():
    levels, seconds = time_quantiles("CASME II", "onset to apex")
    assert list(np.interp([0.1, 0.25, 0.5, 0.75, 0.9], levels, seconds)) == [0.09, 0.115, 0.15, 0.208, 0.265]
    assert np.all(np.diff(seconds) > 0)
    assert seconds[0] == pytest.approx(0.09 - 0.025 * 10 / 15)


def test_a_data_set_without_published_times_is_named_with_those_that_have_them():
    with pytest.raises(MerlibError, match="CASME II"):
        time_quantiles("SMIC", "onset to apex")
