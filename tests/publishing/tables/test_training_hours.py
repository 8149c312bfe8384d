"""The hours that are told follow from the steps that were timed."""

from __future__ import annotations

import pytest

from merlib.learning.recipes import Recipe
from merlib.publishing.tables.training_hours import fold_hours, step_seconds


def test_hours_are_steps_times_rows_times_seconds():
    recipe = Recipe(name="x", epochs=10, batch_size=8, copies=2)  # 40 rows an epoch: 5 steps of 8
    assert fold_hours(0.9, recipe, 20) == pytest.approx(10 * 5 * 8 * 0.9 / 3600)
    assert fold_hours(0.9, Recipe(name="x", iterations=100, batch_size=8), 5000) == pytest.approx(100 * 8 * 0.9 / 3600)


def test_a_step_takes_time():
    assert 0 < step_seconds("ststnet", {"flow": (3, 28, 28)}, Recipe(name="x"), classes=3, rows=4, steps=2) < 10
