"""Cells of action units are read as coders write them, and counted a clip at a time."""

from __future__ import annotations

import pandas as pd
import pytest

from merlib.clips.action_units import (
    ActionUnit,
    action_unit_counts,
    parse_action_units,
    read_action_units,
    write_action_units,
)
from merlib.errors import MerlibError


@pytest.mark.parametrize(
    ("cell", "tidy"),
    [
        ("4+L10", "4+L10"),
        ("R12+15", "R12+15"),
        ("R12+15 or 4+L10", "R12+15 or 4+L10"),
        (12, "12"),
        (12.0, "12"),
        ("AU4B + 7?", "4B+7?"),
        ("AU 12,AU25", "12+25"),
        ("L 14", "L14"),
        ("l14a", "L14A"),
        ("B1+B2", "1+2"),
        ("?5", "5?"),
        ("12 ?", "12?"),
        ("ref(7B)+43", "7B+43"),
        ("5B+ref(17)", "5B+17"),
        ("10A/B", "10A-B"),
        ("A/L12", "L12"),
        ("B/R14", "R14"),
        ("(R6 or R12)+R15", "R6+R15 or R12+R15"),
        ("4+(25)", "4+25"),
        ("", ""),
        ("/", ""),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_a_cell_has_one_tidy_spelling(cell, tidy):
    assert write_action_units(parse_action_units(cell)) == tidy
    assert write_action_units(parse_action_units(tidy)) == tidy


@pytest.mark.parametrize(
    ("cell", "tidy", "unread"),
    [
        ("5B + soft focus", "5B", 2),
        ("R9+17+out of focus", "R9+17", 3),
        ("?", "", 1),
        ("smile", "", 1),
        ("4+7", "4+7", 0),
    ],
)
def test_what_is_readable_beside_a_remark_is_kept_and_the_rest_counted(cell, tidy, unread):
    units, left = read_action_units(cell)
    assert (write_action_units(units), left) == (tidy, unread)


@pytest.mark.long
def test_brackets_cannot_multiply_without_end():
    units, _ = read_action_units("+".join(["(1 or 2)"] * 20))
    assert len({unit.reading for unit in units}) <= 8


def test_sides_levels_doubts_and_readings_are_told_apart():
    assert parse_action_units("L10C? or 4") == (ActionUnit(10, "L", "C", True, 0), ActionUnit(4, reading=1))


@pytest.mark.parametrize("cell", ["smile", "4+x", "0", "71", "12F", "4++q"])
def test_what_is_no_action_unit_is_refused_without_repeating_the_cell(cell):
    with pytest.raises(MerlibError) as caught:
        parse_action_units(cell)
    assert "part" in caught.value.found
    assert "smile" not in str(caught.value)


def test_counts_by_hand():
    table = pd.DataFrame(
        {
            "dataset": ["casme2", "casme2", "samm", "smic"],
            "label": ["negative", "positive", "negative", "surprise"],
            "action_units": ["4+L10+R10", "12 or 4", "4+7?", ""],
        }
    )
    counts = action_unit_counts(table)
    assert counts.index.tolist() == ["AU4", "AU7", "AU10", "AU12"]
    assert counts.to_numpy().tolist() == [[2, 0, 0, 2], [1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1]]
    assert counts.columns.tolist() == ["negative", "positive", "surprise", "total"]
    assert counts.attrs == {"coded": 3, "uncoded": 1}
    assert "AU7" not in action_unit_counts(table, doubtful=False).index
    assert action_unit_counts(table, by="dataset").loc["AU4"].tolist() == [1, 1, 0, 2]


def test_counts_of_no_coded_clip_are_empty():
    table = pd.DataFrame({"label": ["negative"], "action_units": [""]})
    assert len(action_unit_counts(table)) == 0
