"""A short run takes the people who show the most classes, a few clips of each, in the table's order."""

import pandas as pd
import pytest

from merlib.clips.selection import few_clips
from merlib.errors import MerlibError


def table():
    rows = [("c", "x", 1), ("a", "x", 2), ("a", "x", 3), ("a", "y", 4), ("b", "x", 5), ("b", "y", 6), ("c", "x", 7)]
    frame = pd.DataFrame([{"dataset": "d", "subject": s, "label": label, "clip": c} for s, label, c in rows])
    frame.attrs = {"name": "d", "notes": ("before",)}
    return frame


def test_people_with_most_classes_come_first_and_ties_by_name():
    assert few_clips(table(), 1, 9)["clip"].tolist() == [2, 3, 4]
    assert few_clips(table(), 2, 1)["clip"].tolist() == [2, 4, 5, 6]


def test_the_shortening_is_noted():
    notes = few_clips(table(), 1, 9).attrs["notes"]
    assert notes == ("before", "3 of 7 clips, 1 people: a short run")


@pytest.mark.parametrize("arguments", [(0, 1), (1, 0)])
def test_nothing_is_no_selection(arguments):
    with pytest.raises(MerlibError, match="1 or more"):
        few_clips(table(), *arguments)
