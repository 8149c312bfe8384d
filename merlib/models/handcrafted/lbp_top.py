"""LBP-TOP: local binary patterns on three orthogonal planes through every voxel of a clip.

Zhao, Pietikäinen: Dynamic texture recognition using local binary patterns with an application to facial expressions.
IEEE TPAMI 29 (2007). In the planes xy, xt and yt each voxel gets the code of its neighbours; uniform codes are counted
in each block of the face, and each histogram is made to sum to 1. Only voxels whose neighbours all lie inside the clip
are centres, the same ones in all three planes.

Our choices: 5 x 5 blocks and radii 1, 1, 4, with which the CASME II data set was published; 8 neighbours and uniform
codes, which gives 3 x 59 values for each of 25 blocks, 4,425 in all. Ten frames of each clip are read, spread evenly
from onset to offset. Publications interpolate them (temporal interpolation model); here the nearest recorded frames are
taken. The linear machine's penalty varies between public re-implementations from 1 to 10,000. It was chosen once, on 61
SYNTHETIC clips of 12 people, each person left out in turn: UF1 was .434 for C = 1, .460 for 10, 100, 1,000 and 10,000,
so 10 is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from merlib.models.handcrafted.clip_features import ClipFeatures, FeaturePipeline, shares
from merlib.models.handcrafted.local_patterns import (
    PLANES,
    block_histograms,
    check_size,
    grey_clips,
    plane_codes,
    uniform_labels,
)
from merlib.models.handcrafted.svm import linear_svm


class LBPTOP(ClipFeatures):
    """LBP-TOP: ``frames`` (N, T, 3, H, W), RGB 0..1, to (N, blocks * blocks * 3 * labels).

    Parameters
    ----------
    blocks : int
        Blocks on each side of the face.
    radii : (int, int, int)
        Radii along x and y in pixels and along t in frames; a clip needs at least 2 t + 1 frames.
    neighbours : int
        Points on each circle or ellipse.
    """

    input_name = "frames"

    def __init__(self, blocks: int = 5, radii: Sequence[int] = (1, 1, 4), neighbours: int = 8):
        self.blocks = blocks
        self.radii = radii
        self.neighbours = neighbours

    def check(self, X: np.ndarray) -> np.ndarray:
        """Return grey clips, int (N, T, H, W)."""
        clips = grey_clips("lbp_top", X)
        check_size("lbp_top", clips, self.radii, self.blocks)
        return clips

    def counts(self, clip: np.ndarray) -> np.ndarray:
        """Return the histograms of one grey clip (T, H, W) before scaling, int (blocks * blocks, 3, labels)."""
        labels = uniform_labels(self.neighbours)
        codes = [plane_codes(clip, plane, tuple(self.radii), self.neighbours) for plane in PLANES]
        return np.stack([block_histograms(labels[code], labels.max() + 1, self.blocks) for code in codes], axis=1)

    def describe(self, row: np.ndarray) -> np.ndarray:
        """Return the features of one grey clip: block after block, in each the planes xy, xt and yt."""
        return shares(self.counts(row)).ravel()


def lbp_top(
    classes: int = 3, blocks: int = 5, radii: Sequence[int] = (1, 1, 4), neighbours: int = 8, C: float = 10.0
) -> FeaturePipeline:
    """Build LBP-TOP with a linear support vector machine, for ten frames of each clip.

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the estimator learns its classes from the labels.
    blocks, radii, neighbours
        As `LBPTOP`.
    C : float
        Penalty of the machine.
    """
    return FeaturePipeline([("features", LBPTOP(blocks, radii, neighbours)), ("svm", linear_svm(C))])
