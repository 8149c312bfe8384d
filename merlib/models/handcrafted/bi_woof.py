"""Bi-WOOF: directions of the flow from onset to apex, weighted twice, by magnitude within blocks and by strain between.

Liong, See, Wong, Phan: Less is more: micro-expression recognition from video using apex frame. Signal Processing: Image
Communication 62 (2018). The face is cut into 5 x 5 blocks. In each, the directions of the flow vectors fill 8 bins over
-180..180 degrees, each vector counted by its magnitude, and the histogram is made to sum to 1. It is then multiplied by
the block's mean optical strain, and the 200 values of the face are scaled to length 1.

Our choices: the publication's classifier could not be verified. We take a linear machine, as a public re-implementation
does. Its penalty of 1 was confirmed on the synthetic twin: on the 442 SYNTHETIC maps in five folds of people, UF1 is
.552 for C = 1, .512 for 10, .464 for 100, 1,000 and 10,000. The weight between blocks is the mean of the strain and not
its sum, because 28 pixels do not divide by five and a sum would favour the larger blocks. On clips, ask for flow at the
face's own size: ``preprocessing("flow", size=140, unit="px")``.
"""

from __future__ import annotations

import numpy as np

from merlib.models.handcrafted.clip_features import ClipFeatures, FeaturePipeline, block_numbers, shares
from merlib.models.handcrafted.motion_fields import directions, motion_fields
from merlib.models.handcrafted.svm import linear_svm


class BiWOOF(ClipFeatures):
    """Bi-weighted oriented optical flow of one field: ``flow`` (N, 3, H, W) to (N, blocks * blocks * bins).

    Parameters
    ----------
    blocks : int
        Blocks on each side of the face.
    bins : int
        Bins of direction, over -180..180 degrees.
    still : {'zero', 'median'}
        Which value of u and v means no motion; see `motion_fields`.
    """

    def __init__(self, blocks: int = 5, bins: int = 8, still: str = "zero"):
        self.blocks = blocks
        self.bins = bins
        self.still = still

    def check(self, X: np.ndarray) -> np.ndarray:
        """Return the maps, float (N, 3, H, W)."""
        return motion_fields("bi_woof", X, self.still, sequence=False)

    def describe(self, row: np.ndarray) -> np.ndarray:
        """Return the features of one field (3, H, W): block after block, bin after bin."""
        u, v, strain = row
        block = block_numbers(*u.shape, self.blocks).ravel()
        cell = block * self.bins + directions(u, v, self.bins).ravel()
        n = self.blocks**2
        local = np.bincount(cell, np.hypot(u, v).ravel(), n * self.bins).reshape(n, self.bins)
        between = np.bincount(block, strain.ravel(), n) / np.bincount(block, minlength=n)
        weighted = (shares(local) * between[:, None]).ravel()
        length = np.linalg.norm(weighted)
        return weighted / length if length > 0 else weighted


def bi_woof(classes: int = 3, blocks: int = 5, bins: int = 8, still: str = "zero", C: float = 1.0) -> FeaturePipeline:
    """Build Bi-WOOF with a linear support vector machine, for flow in pixels from onset to apex.

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the estimator learns its classes from the labels.
    blocks, bins, still
        As `BiWOOF`.
    C : float
        Penalty of the machine.
    """
    return FeaturePipeline([("features", BiWOOF(blocks, bins, still)), ("svm", linear_svm(C))])


def bi_woof_maps(
    classes: int = 3, blocks: int = 5, bins: int = 8, still: str = "median", C: float = 1.0
) -> FeaturePipeline:
    """Build Bi-WOOF for the public maps, stretched to 0..255; `motion_fields` says what is lost.

    On 28 x 28 pixels a block holds 25 to 36 vectors, each already a mean of many, and strain is known up to a factor of
    each clip, which the last scaling of Bi-WOOF takes away anyway. Parameters as `bi_woof`.
    """
    return bi_woof(classes, blocks, bins, still, C)
