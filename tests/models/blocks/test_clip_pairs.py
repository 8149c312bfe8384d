"""Distances between clips: right, and the same bits whatever they are computed together with."""

from __future__ import annotations

import numpy as np

from merlib.models.blocks import clip_pairs
from merlib.models.blocks.clip_pairs import ClipPairs, squared_distances


def views(clip):
    return (clip, clip[:1]), (clip[..., ::-1], clip[:1, ..., ::-1])


def clips(n: int) -> np.ndarray:
    maps = np.random.default_rng(n).normal(size=(n, 3, 28, 28))
    return maps / np.sqrt((maps**2).mean((2, 3), keepdims=True))


def test_squared_distances_of_known_points():
    np.testing.assert_array_equal(squared_distances(np.array([[0.0, 0], [3, 4]]), np.array([[3.0, 4]])), [[25], [0]])


def test_a_distance_has_the_same_bits_in_any_company_and_order():
    maps = clips(23)
    whole = ClipPairs(views)
    rows = whole.rows(maps)
    grown = ClipPairs(views)
    for part in (maps[15:19], maps[:2], maps[::-1], maps[:1]):
        grown.rows(part)
    other = grown.rows(maps)
    for name in ("straight", "across"):
        one, two = getattr(whole, name), getattr(grown, name)
        np.testing.assert_array_equal(one[:, rows[:, None], rows], two[:, other[:, None], other])
    np.testing.assert_allclose(
        whole.across[0][rows[3], rows[5]], ((maps[3] - maps[5][..., ::-1]) ** 2).sum(), rtol=1e-5
    )


def test_a_clip_is_computed_once_and_forgotten_only_when_there_are_too_many(monkeypatch):
    seen = []
    pairs = ClipPairs(lambda clip: seen.append(1) or views(clip))
    maps = clips(6)
    pairs.rows(maps)
    pairs.rows(maps[:3])
    assert len(seen) == 6
    monkeypatch.setattr(clip_pairs, "MOST_CLIPS", 8)
    pairs.rows(clips(4))
    assert (len(seen), len(pairs.index)) == (10, 4)
