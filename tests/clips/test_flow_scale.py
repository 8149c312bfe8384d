"""A flow whose values cannot be in the unit named is refused: a mirrored map would be nonsense."""

from __future__ import annotations

import numpy as np
import pytest
from toy_samples import make_samples

from merlib.clips.flow_scale import constant_maps
from merlib.errors import MerlibError


def maps(low, high):
    return {"flow": np.random.default_rng(0).uniform(low, high, (12, 3, 6, 6)).astype(np.float32)}


@pytest.mark.parametrize(
    ("low", "high", "told"), [(0, 1, "multiply maps in 0..1 by 255"), (-1, 1, "px"), (-3, 4, "px"), (0, 300, "px")]
)
def test_values_that_no_stretched_map_has_need_the_unit_named(low, high, told):
    with pytest.raises(MerlibError) as refused:
        make_samples(inputs=maps(low, high))
    assert told in refused.value.action
    assert make_samples(inputs=maps(low, high), unit="px").unit == "px"


@pytest.mark.parametrize("high", [254, 255])
def test_stretched_maps_pass_cut_or_rounded(high):
    assert len(make_samples(inputs=maps(0, high))) == 12


def test_only_flows_have_a_unit():
    make_samples(inputs={"frames": np.full((12, 3, 6, 6), 0.5), **maps(0, 255)})


def test_constant_maps_are_told_row_by_row():
    flow = maps(0, 255)["flow"]
    flow[3], flow[5, 0] = 0, 7
    assert np.flatnonzero(constant_maps(flow)).tolist() == [3]
