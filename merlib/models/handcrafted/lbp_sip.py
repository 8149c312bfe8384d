"""LBP-SIP: local binary patterns at the six points where the three planes of LBP-TOP intersect around a voxel.

Wang, See, Phan, Oh: LBP with six intersection points: reducing redundant information in LBP-TOP for micro-expression
recognition. ACCV 2014. The six points lie one radius before and one behind the voxel on each of the axes x, y and t.
The four in the voxel's own frame make one code (16 values), the two in time another (4). This gives 20 values for each
block, where LBP-TOP with four neighbours has 48 and counts every one of the six points twice.

Our choices: 5 x 5 blocks and radii 1, 1, 4, as for LBP-TOP, which gives 500 values; each of the two histograms of a
block sums to 1. Blocks and classifier of the publication could not be verified. The linear machine's penalty was chosen
once, on 61 SYNTHETIC clips of 12 people, each person left out in turn: UF1 was .280 for C = 1, .332 for 10, .359 for
100, 1,000 and 10,000, so 100 is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from merlib.models.handcrafted.clip_features import ClipFeatures, FeaturePipeline, shares
from merlib.models.handcrafted.local_patterns import block_histograms, check_size, grey_clips, inner
from merlib.models.handcrafted.svm import linear_svm

SPACE, TIME = 16, 4  # codes of four and of two points


class LBPSIP(ClipFeatures):
    """LBP-SIP: ``frames`` (N, T, 3, H, W), RGB 0..1, to (N, blocks * blocks * 20).

    Parameters
    ----------
    blocks : int
        Blocks on each side of the face.
    radii : (int, int, int)
        Radii along x and y in pixels and along t in frames; a clip needs at least 2 t + 1 frames.
    """

    input_name = "frames"

    def __init__(self, blocks: int = 5, radii: Sequence[int] = (1, 1, 4)):
        self.blocks = blocks
        self.radii = radii

    def check(self, X: np.ndarray) -> np.ndarray:
        """Return grey clips, int (N, T, H, W)."""
        clips = grey_clips("lbp_sip", X)
        check_size("lbp_sip", clips, self.radii, self.blocks)
        return clips

    def describe(self, row: np.ndarray) -> np.ndarray:
        """Return the features of one grey clip: block after block, in each the 16 of space, then the 4 of time."""
        space, time = six_point_codes(row, tuple(self.radii))
        counted = [block_histograms(codes, n, self.blocks) for codes, n in ((space, SPACE), (time, TIME))]
        return np.concatenate([shares(each) for each in counted], axis=1).ravel()


def six_point_codes(volume: np.ndarray, radii: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the two codes of each inner voxel of a grey clip (T, H, W), int (T - 2 rt, H - 2 ry, W - 2 rx) each.

    The bits of the first stand for the points right, above, left and below the voxel, those of the second for the
    later and the earlier one; a bit is set where the point is not darker than the voxel.
    """
    x, y, t = radii
    space = ((0, 0, x), (0, -y, 0), (0, 0, -x), (0, y, 0))
    centre = inner(volume, radii)

    def code(points: tuple[tuple[int, int, int], ...]) -> np.ndarray:
        return sum((inner(volume, radii, at) >= centre).astype(int) << bit for bit, at in enumerate(points))

    return code(space), code(((t, 0, 0), (-t, 0, 0)))


def lbp_sip(classes: int = 3, blocks: int = 5, radii: Sequence[int] = (1, 1, 4), C: float = 100.0) -> FeaturePipeline:
    """Build LBP-SIP with a linear support vector machine, for ten frames of each clip.

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the estimator learns its classes from the labels.
    blocks, radii
        As `LBPSIP`.
    C : float
        Penalty of the machine.
    """
    return FeaturePipeline([("features", LBPSIP(blocks, radii)), ("svm", linear_svm(C))])
