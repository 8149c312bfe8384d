"""An interval is printed only where it has a width that the digits show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from merlib.publishing.records.save_table import _shown
from merlib.scoring.interval_text import ends_text, value_text
from merlib.scoring.means import mean_over_clips

LIBRARY = Path(__file__).resolve().parents[2] / "merlib"


def test_a_value_stands_before_its_interval():
    assert value_text(0.5, 0.25, 0.75, "+.0f", 100, unit=" points") == "+50 points [+25, +75]"
    assert value_text(0.5, 0.25, 0.75, lambda value: f"{value:.2f}"[1:]) == ".50 [.25, .75]"


@pytest.mark.parametrize(("low", "high"), [(np.nan, np.nan), (None, None), (1.0, 1.0), (0.9996, 1.0004)])
def test_an_interval_without_a_width_to_show_is_not_printed(low, high):
    assert ends_text(low, high, ".3f") == ""
    assert value_text(1.0, low, high, ".3f") == "1.000"


def test_the_mean_over_the_clips_of_one_person_has_no_interval():
    one = mean_over_clips(np.array([1.0, 2.0]), np.array(["006", "006"]), np.array(["samm", "samm"]))
    assert value_text(*one) == "1.50"


def test_saved_tables_follow_the_rule():
    frame = pd.DataFrame({"full.uf1": [0.0, 0.5]}, index=["constant", "varied"])
    ends = {"constant": (0.0, 0.0), "varied": (0.4, 0.6)}
    cells = [{"row": row, "column": "full.uf1", "low": low, "high": high} for row, (low, high) in ends.items()]
    assert list(_shown("extra.any", frame, cells, 3, False).iloc[:, 0]) == ["0.000", "0.500 [0.400, 0.600]"]


def test_no_other_module_prints_the_ends_of_an_interval_by_itself():
    # "[{low:.2f}, {high:.2f}]" in any spelling; numbers of one kind in brackets that are no interval hold no low.
    by_hand = re.compile(r"\[\{[^}]*low[^}]*\}, *\{|\[\{ends\[0\]|\[\{100 \* ")
    found = [str(path.relative_to(LIBRARY)) for path in LIBRARY.rglob("*.py") if by_hand.search(path.read_text())]
    assert found == []
