"""Frames as rows: clip after clip, each with its own name and its person."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.clips import Samples, as_frames
from merlib.clips.frame_rows import clip_of
from merlib.errors import MerlibError


def clips() -> Samples:
    frames = np.arange(3 * 4 * 3 * 2 * 2, dtype=np.float32).reshape(3, 4, 3, 2, 2)
    return Samples(
        {"frames": frames, "front": np.zeros((3, 5), np.float32)},
        [0, 1, 0],
        ("a", "b"),
        ["s1", "s1", "s2"],
        ["toy"] * 3,
        ["x", "y", "x"],
        "toy",
        True,
    )


def test_rows_are_frames_in_the_order_of_the_clips():
    frames = as_frames(clips())
    assert len(frames) == 12
    assert list(frames.inputs) == ["frames"]
    assert np.array_equal(frames.inputs["frames"][5], clips().inputs["frames"][1, 1])
    assert frames.clips[:5].tolist() == ["x#00", "x#01", "x#02", "x#03", "y#00"]
    assert frames.labels.tolist() == [0] * 4 + [1] * 4 + [0] * 4
    assert frames.groups[[0, 11]].tolist() == ["toy/s1", "toy/s2"]
    assert clip_of(frames.clips)[::4].tolist() == ["x", "y", "x"]
    assert "each of 4 frames of a clip is a row" in frames.notes


def test_frames_are_not_copied():
    samples = clips()
    assert np.shares_memory(as_frames(samples).inputs["frames"], samples.inputs["frames"])


def test_samples_without_frames_are_refused():
    with pytest.raises(MerlibError, match="toy: no such input"):
        as_frames(clips(), "pictures")
    with pytest.raises(MerlibError, match=r"input 'front' \(3, 5\)"):
        as_frames(clips(), "front")
