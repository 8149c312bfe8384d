"""True motion ends at the true apex, also where the table names none, as in SMIC."""

from __future__ import annotations

import pytest

from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.inputs.preprocessing import locate, preprocessing


@pytest.mark.long
def test_true_motion_ends_at_the_true_apex_where_the_table_has_none():
    row = next(twin_clips("smic", seed=5).itertuples(index=False))
    found = locate(row, preprocessing("flow", flow="truth", backend="given"))
    assert (found.apex, found.apex_from) == (row.source.true_apex, "truth")
    assert locate(row, preprocessing("flow", flow="dis", apex="middle", backend="given")).apex_from == "middle"
