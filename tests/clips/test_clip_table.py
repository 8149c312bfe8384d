"""The clip table refuses what no caller could use, and frames come lazily in the order asked for."""

import numpy as np
import pandas as pd
import pytest

from merlib.clips.clip_table import clip_table, frames, table_digest
from merlib.errors import MerlibError


class Counted:
    """Frames that hold their own index, and a list of what was read."""

    def __init__(self, n):
        self.numbers, self.asked = np.arange(n) + 100, []

    def read(self, index):
        self.asked.append(index)
        return np.full((4, 5 + (index == 9), 3), index, np.uint8)


def row(**changes):
    values = {"dataset": "casme2", "subject": "sub01", "clip": "a", "label": "happiness", "onset": 1, "apex": 3}
    values |= {"offset": 6, "fps": 200, "action_units": "12", "n_frames": 10, "source": Counted(10)}
    return values | changes


def table(*rows):
    return clip_table(rows, "casme2", "test", True)


def test_frames_are_read_only_when_asked_for_and_in_that_order():
    clips = table(row())
    pictures = frames(clips.iloc[0], [7, 2])
    assert pictures.shape == (2, 4, 5, 3)
    assert pictures[:, 0, 0, 0].tolist() == [7, 2]
    assert clips.iloc[0].source.asked == [7, 2]


def test_a_missing_apex_stays_missing():
    assert table(row(apex=None)).iloc[0].apex is pd.NA


@pytest.mark.parametrize("changes", [{"apex": 0}, {"apex": 7}, {"onset": 7}, {"offset": 10}, {"onset": -1}])
def test_frames_out_of_order_are_refused(changes):
    with pytest.raises(MerlibError, match="onset"):
        table(row(**changes))


def test_a_clip_given_twice_is_refused():
    with pytest.raises(MerlibError, match="sub01/a occurs twice"):
        table(row(), row())


@pytest.mark.parametrize("index", [-1, 10])
def test_a_frame_outside_the_clip_is_an_error(index):
    with pytest.raises(MerlibError, match="from 0 to 9"):
        frames(table(row()).iloc[0], [index])


def test_a_frame_of_another_size_is_an_error():
    with pytest.raises(MerlibError, match="frame 9 is"):
        frames(table(row()).iloc[0], [0, 9])


@pytest.mark.parametrize("changes", [{"action_units": "4"}, {"fps": 100}, {"label": "fear"}, {"apex": None}])
def test_the_digest_follows_everything_a_result_can_depend_on(changes):
    assert table_digest(table(row())) == table_digest(table(row()))
    assert table_digest(table(row(**changes))) != table_digest(table(row()))
