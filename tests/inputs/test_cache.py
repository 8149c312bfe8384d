"""Results on disk: hits, what voids them, damage, and several processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.inputs.cache import MotionCache, content_digest

FRAMES = tuple(np.random.default_rng(0).random((2, 24, 24), dtype=np.float32))


class Counted:
    """Adds two frames and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        self.calls += 1
        return first + second


def test_a_result_is_computed_once_and_read_back_exactly(tmp_path):
    cache, add = MotionCache(tmp_path), Counted()
    first = cache.get("sum", {"k": 1}, FRAMES, add)
    again = cache.get("sum", {"k": 1}, FRAMES, add)
    assert add.calls == 1
    np.testing.assert_array_equal(first, again)
    assert first.dtype == again.dtype == np.float32
    assert not list(tmp_path.rglob("*.tmp"))


def test_everything_that_changes_a_result_changes_its_name():
    other = FRAMES[0].copy()
    other[3, 3] += 1e-6
    names = [
        content_digest("flow", {"method": "dis"}, FRAMES),
        content_digest("strain", {"method": "dis"}, FRAMES),
        content_digest("flow", {"method": "tvl1"}, FRAMES),
        content_digest("flow", {"method": "dis"}, FRAMES[::-1]),
        content_digest("flow", {"method": "dis"}, (other, FRAMES[1])),
        content_digest("flow", {"method": "dis"}, [f.astype(np.float64) for f in FRAMES]),
        content_digest("flow", {"method": "dis"}, [f.reshape(12, 48) for f in FRAMES]),
    ]
    assert len(set(names)) == len(names)
    assert names[0] == content_digest("flow", {"method": "dis"}, [np.asfortranarray(f) for f in FRAMES])


def test_a_package_of_another_version_voids_the_entry(monkeypatch):
    from merlib.inputs import cache

    before = content_digest("flow", {}, FRAMES)
    monkeypatch.setattr(cache, "_versions", lambda: {"scikit-image": "0"})
    assert content_digest("flow", {}, FRAMES) != before


def bit_flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        bit_flip,
        lambda path: path.write_bytes(path.read_bytes()[:-30]),
        lambda path: path.write_bytes(b""),
        lambda path: np.savez(path, other=np.zeros(3)),
        lambda path: np.savez(path, result=np.array([{}], dtype=object)),
    ],
    ids=["bit flip", "cut", "empty", "other content", "pickle"],
)
def test_a_damaged_entry_is_computed_again(tmp_path, damage):
    cache, add = MotionCache(tmp_path), Counted()
    result = cache.get("sum", {}, FRAMES, add)
    damage(cache.path(content_digest("sum", {}, FRAMES)))
    np.testing.assert_array_equal(cache.get("sum", {}, FRAMES, add), result)
    assert add.calls == 2
    cache.get("sum", {}, FRAMES, add)
    assert add.calls == 2  # and is whole again


def test_a_failure_leaves_nothing_behind(tmp_path):
    def fail(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        raise RuntimeError("no flow")

    with pytest.raises(RuntimeError, match="no flow"):
        MotionCache(tmp_path).get("sum", {}, FRAMES, fail)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_parameters_that_json_cannot_hold_are_refused():
    with pytest.raises(MerlibError, match="JSON"):
        content_digest("flow", {"weights": object()}, FRAMES)
