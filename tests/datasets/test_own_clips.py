"""Folders of one's own recordings become a clip table: pictures or videos, labels from folders, odd rates told."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from whole_copies import write_video

from merlib.clips.clip_table import frames
from merlib.datasets import own_clips
from merlib.datasets.own_clips import read_own_clips
from merlib.errors import MerlibError


def test_videos_are_clips(tmp_path):
    write_video(tmp_path / "anna" / "joy" / "one.avi", 1, frames=6, rate=60)
    write_video(tmp_path / "bob" / "anger" / "one.AVI".lower(), 2, frames=4, rate=60)
    table = read_own_clips(tmp_path, "{subject}/{class}/{clip}.mp4", "mine")  # any video in place of any other
    assert table[["subject", "clip", "label", "onset", "offset"]].to_numpy().tolist() == [
        ["anna", "one", "joy", 0, 5],
        ["bob", "one", "anger", 0, 3],
    ]
    assert table["apex"].isna().all()
    assert table["fps"].to_numpy() == pytest.approx([60, 60], rel=0.02)
    assert frames(table.iloc[0]).shape == (6, 32, 48, 3)


def test_pictures_are_clips_when_the_rate_is_told(tmp_path):
    place = tmp_path / "p1" / "c1"
    place.mkdir(parents=True)
    for number in (1, 2, 4):
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(place / f"img_{number:03d}.png")
    pattern = "{subject}/{clip}/img_{frame}.jpg"
    with pytest.raises(MerlibError, match="fps"):
        read_own_clips(tmp_path, pattern, "mine")
    table = read_own_clips(tmp_path, pattern, "mine", fps=90)
    assert table.iloc[0][["label", "n_frames", "fps"]].tolist() == ["unknown", 3, 90]
    assert any(note.startswith("frame-gap") for note in table.attrs["notes"])


def test_a_rate_that_varies_is_told(tmp_path, monkeypatch):
    write_video(tmp_path / "anna" / "joy" / "one.avi", 1)
    monkeypatch.setattr(own_clips, "video_rate", lambda path: (30.0, True))
    table = read_own_clips(tmp_path, "{subject}/{class}/{clip}.avi", "mine")
    assert any("varies in 1 clips, first anna/one" in note for note in table.attrs["notes"])


def test_folders_that_do_not_fit_are_told_with_the_pattern(tmp_path):
    with pytest.raises(MerlibError, match="<clip>"):
        read_own_clips(tmp_path, "{subject}/{clip}.mp4", "mine")
