"""Squared distances between clips, computed once for each pair, because all folds of a run ask for the same ones.

A distance depends on two clips alone: no label and no third clip enters it, so a remembered distance carries no
information from one fold into another. Clips are told apart by the bytes of their maps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from merlib.models.blocks.flow_views import exact

MOST_CLIPS = 2000  # remembered at once: beyond that the memory starts anew

Views = Callable[[np.ndarray], tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]]
"""Takes one clip's array, returns its views and, for the mirrored face, the same views (or none)."""


class ClipPairs:
    """Distances between the views of all clips seen so far.

    Parameters
    ----------
    views : callable
        Computes the views of one clip.
    """

    def __init__(self, views: Views) -> None:
        self.views = views
        self._forget()

    def _forget(self) -> None:
        self.index: dict[bytes, int] = {}
        self.features: list[np.ndarray] = []  # one array per view: (clips, values)
        self.turned: list[np.ndarray] = []
        self.straight: np.ndarray | None = None  # (views, clips, clips)
        self.across: np.ndarray | None = None  # distance of clip i to the mirrored clip j

    def rows(self, clips: np.ndarray) -> np.ndarray:
        """Return the number of each clip of `clips` (N, ...), int (N,), after computing the distances not yet known.

        A number is the clip's row and column in `straight` and `across`.
        """
        names = [hashlib.sha256(np.ascontiguousarray(clip).tobytes()).digest() for clip in clips]
        if len(self.index.keys() | set(names)) > MOST_CLIPS:
            self._forget()
        new = {name: clip for name, clip in zip(names, clips, strict=True) if name not in self.index}
        if new:
            self._add([self.views(clip) for clip in new.values()])
            self.index.update({name: len(self.index) + i for i, name in enumerate(new)})
        return np.array([self.index[name] for name in names])

    def _add(self, found: list) -> None:
        features = [
            np.stack([exact(view) for view in each]) for each in zip(*(views for views, _ in found), strict=True)
        ]
        turned = [np.stack([exact(view) for view in each]) for each in zip(*(views for _, views in found), strict=True)]
        before, after = len(self.index), len(self.index) + len(found)
        straight, across = (np.zeros((len(features), after, after)) for _ in range(2))
        if before:
            straight[:, :before, :before], across[:, :before, :before] = self.straight, self.across
            features = [np.concatenate(pair) for pair in zip(self.features, features, strict=True)]
            turned = [np.concatenate(pair) for pair in zip(self.turned, turned, strict=True)]
        for view, own in enumerate(features):
            straight[view, before:] = squared_distances(own[before:], own)
            straight[view, :before, before:] = straight[view, before:, :before].T
            if turned:
                across[view, before:] = squared_distances(own[before:], turned[view])
                across[view, :before, before:] = squared_distances(own[:before], turned[view][before:])
        self.features, self.turned, self.straight, self.across = features, turned, straight, across


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return squared Euclidean distances of the rows of `a` (N, D) to those of `b` (M, D), (N, M)."""
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)
    return np.maximum(squares - 2 * a @ b.T, 0.0)
