"""Tiny videos, good and bad, for the tests of what watches them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from merlib.datasets.recordings import LongRecording, plan_recording


def write_video(path: Path, frames: Iterable[np.ndarray], fps: float = 25.0, codec: str = "MJPG") -> Path:
    """Write RGB frames, all of one size."""
    import cv2

    frames = list(frames)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, frames[0].shape[1::-1])
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


@lru_cache(maxsize=4)
def faces(
    seconds: float = 1.0, people: int = 1, size: tuple[int, int] = (240, 192), fps: float = 25.0
) -> list[np.ndarray]:
    """Return frames of people of the twin who blink and hardly move. SYNTHETIC."""
    return list(LongRecording(plan_recording(2, seconds, fps, size, people, ("blink",))))


def noise(frames: int = 20, size: tuple[int, int] = (160, 128)) -> list[np.ndarray]:
    """Return frames without a face."""
    rng = np.random.default_rng(0)
    smooth = np.kron(rng.integers(60, 190, (size[1] // 16, size[0] // 16, 3)), np.ones((16, 16, 1)))
    return [np.clip(smooth + rng.normal(0, 2, smooth.shape), 0, 255).astype(np.uint8) for _ in range(frames)]


def rotated_tag(path: Path) -> Path:
    """Write a rotation of a quarter turn into the track header of an mp4 file, as a phone held upright does."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd")
    version = content[at + 4]
    matrix = at + 4 + (52 if version else 40)
    turned = [0, 0x00010000, 0, -0x00010000, 0, 0, 0, 0, 0x40000000]
    content[matrix : matrix + 36] = b"".join(int(value).to_bytes(4, "big", signed=True) for value in turned)
    path.write_bytes(bytes(content))
    return path


def variable_rate(path: Path, slow: int = 10) -> Path:
    """Make the first samples of an mp4 file last `slow` times as long, by splitting its table of sample times."""
    content = bytearray(path.read_bytes())
    at = content.index(b"stts")
    count, _, delta = (int.from_bytes(content[at + 8 + 4 * i : at + 12 + 4 * i], "big") for i in range(3))
    assert count == 1
    content[at + 16 : at + 20] = int(delta * slow).to_bytes(4, "big")
    path.write_bytes(bytes(content))
    return path
