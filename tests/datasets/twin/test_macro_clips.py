"""Macro-expressions to pretrain on: other people than are tested, by name and by face, and stronger motion."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.clips import frames
from merlib.datasets import macro_clips
from merlib.datasets.twin.population import SEED
from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.errors import MerlibError


def people(table) -> set[str]:
    return set(table["dataset"] + "/" + table["subject"])


def test_no_person_of_the_tested_twin_or_of_another_seed_bears_the_same_name():
    tested, first, second = twin_clips("smic"), macro_clips("smic"), macro_clips("smic", seed=2)
    assert not people(tested) & people(first)
    assert not people(first) & people(second)
    assert len(people(first)) == len(people(tested))
    assert first.attrs["synthetic"]
    assert first.attrs["name"] == "smic-macro"
    assert "seed 1, intensity 4" in first.attrs["notes"][0]


@pytest.mark.long
def test_they_can_be_read_and_their_plan_is_four_times_as_strong():
    strong, weak = next(macro_clips("smic").itertuples()), next(twin_clips("smic", seed=1).itertuples())
    assert strong.source.plan.action_units == {
        unit: pytest.approx(4 * level) if unit[1:] != "45" else level
        for unit, level in weak.source.plan.action_units.items()
    }
    picture = frames(strong, [0])
    assert picture.shape == (1, 160, 130, 3)
    assert np.array_equal(picture, frames(weak, [0]))  # before the onset both are at rest


def test_the_seed_of_the_tested_twin_is_refused():
    with pytest.raises(MerlibError, match=f"seed {SEED}"):
        macro_clips("smic", seed=SEED)
