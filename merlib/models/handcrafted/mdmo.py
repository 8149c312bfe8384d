"""MDMO: the mean of the main direction of motion in each of 36 regions of the face.

Liu, Zhang, Yan, Wang, Zhao, Fu: A main directional mean optical flow feature for spontaneous micro-expression
recognition. IEEE Transactions on Affective Computing 7 (2016). In each region, the vectors of the flow from the onset
to a later frame are sorted into 8 directions; the mean of the vectors in the fullest bin is the region's motion. It is
averaged over the frames, and written as magnitude (divided by the largest of the 36) and angle: 72 values.

Regions are handed in, since this room sees no landmarks. The publication draws 36 polygons at the landmarks of each
clip. Where there are none, 6 x 6 equal cells of the cut face are used: they need no landmarks, but they mix what the
publication separates, such as brow and lid. The publication's removal of head motion is not repeated: faces come
aligned.

Our choices: bins begin at 0 degrees. Of equally full bins, the one whose vectors are longest in sum is taken, so that a
mirrored face has mirrored features. A vector of length zero has no direction and is not counted. The machine (Gaussian
kernel, C = 28) and the weights of magnitude and angle (.8 and .2) are those of a public re-implementation, because the
publication's could not be verified.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from merlib.errors import MerlibError
from merlib.models.handcrafted.clip_features import ClipFeatures, FeaturePipeline
from merlib.models.handcrafted.motion_fields import directions, motion_fields
from merlib.models.handcrafted.svm import rbf_svm

Region = tuple[float, float, float, float]
GRID: tuple[Region, ...] = tuple((i / 6, (i + 1) / 6, j / 6, (j + 1) / 6) for i in range(6) for j in range(6))


class MDMO(ClipFeatures):
    """Main directional mean optical flow: ``onset_flows`` (N, T, 3, H, W) to (N, 2 * regions); strain is not used.

    Parameters
    ----------
    regions : sequence of (top, bottom, left, right), optional
        Boxes as shares of the face's side, 0..1; 6 x 6 equal cells when not given.
    bins : int
        Bins of direction.
    magnitude_weight : float
        Weight of the magnitudes, in 0..1; the angles get one minus this.
    still : {'zero', 'median'}
        Which value of u and v means no motion; see `motion_fields`.
    input_name : str
        Name of the input that is read; one map (N, 3, H, W) counts as one field.
    """

    def __init__(
        self,
        regions: Sequence[Region] | None = None,
        bins: int = 8,
        magnitude_weight: float = 0.8,
        still: str = "zero",
        input_name: str = "onset_flows",
    ):
        self.regions = regions
        self.bins = bins
        self.magnitude_weight = magnitude_weight
        self.still = still
        self.input_name = input_name

    def check(self, X: np.ndarray) -> np.ndarray:
        """Return the fields, float (N, T, 3, H, W)."""
        X = motion_fields("mdmo", X, self.still, sequence=True)
        for region in self._regions():
            _pixels(region, *X.shape[-2:])
        return X

    def describe(self, row: np.ndarray) -> np.ndarray:
        """Return the features of one clip's fields (T, 3, H, W): all magnitudes, then all angles in radians."""
        means = np.zeros((len(self._regions()), 2))
        for number, region in enumerate(self._regions()):
            rows, columns = _pixels(region, *row.shape[-2:])
            fields = row[:, :2, rows, columns].reshape(len(row), 2, -1)
            means[number] = np.mean([main_direction(u, v, self.bins) for u, v in fields], axis=0)
        magnitude, angle = np.hypot(*means.T), np.arctan2(means[:, 1], means[:, 0])
        magnitude = magnitude / (magnitude.max() or 1)
        return np.concatenate([self.magnitude_weight * magnitude, (1 - self.magnitude_weight) * angle])

    def _regions(self) -> Sequence[Region]:
        return GRID if self.regions is None else self.regions


def main_direction(u: np.ndarray, v: np.ndarray, bins: int = 8) -> np.ndarray:
    """Return the mean (u, v) of the vectors in the fullest bin of direction; zero when nothing moves.

    Parameters
    ----------
    u, v : array (n,)
        The vectors of one region.
    bins : int
        Bins of direction, the first from 0 degrees on.
    """
    moves = (u != 0) | (v != 0)
    if not moves.any():
        return np.zeros(2)
    u, v = u[moves], v[moves]
    found = directions(u, v, bins, start=0.0)
    count, moved = np.bincount(found, minlength=bins), np.bincount(found, np.hypot(u, v), bins)
    main = found == np.lexsort((moved, count))[-1]
    return np.array([u[main].mean(), v[main].mean()])


def _pixels(region: Region, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of a region of a face of that size."""
    top, bottom, left, right = region
    rows = slice(round(top * height), round(bottom * height))
    columns = slice(round(left * width), round(right * width))
    inside = 0 <= top < bottom <= 1 and 0 <= left < right <= 1
    if not inside or rows.start == rows.stop or columns.start == columns.stop:
        raise MerlibError(
            f"mdmo: region {tuple(region)} of a face of {height} x {width} pixels.",
            "(top, bottom, left, right) in shares 0..1 of the face, one pixel or more.",
            "divide boxes in pixels by the side of the picture they were drawn on.",
        )
    return rows, columns


def mdmo(
    classes: int = 3,
    regions: Sequence[Region] | None = None,
    bins: int = 8,
    magnitude_weight: float = 0.8,
    still: str = "zero",
    input_name: str = "onset_flows",
    C: float = 28.0,
) -> FeaturePipeline:
    """Build MDMO with a support vector machine, for flow in pixels from the onset to each of 9 later frames.

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the estimator learns its classes from the labels.
    regions, bins, magnitude_weight, still, input_name
        As `MDMO`.
    C : float
        Penalty of the machine.
    """
    features = MDMO(regions, bins, magnitude_weight, still, input_name)
    return FeaturePipeline([("features", features), ("svm", rbf_svm(C))])


def mdmo_maps(
    classes: int = 3,
    regions: Sequence[Region] | None = None,
    bins: int = 8,
    magnitude_weight: float = 0.8,
    still: str = "median",
    input_name: str = "flow",
    C: float = 28.0,
) -> FeaturePipeline:
    """Build MDMO for the public maps, stretched to 0..255; `motion_fields` says what is lost.

    A map is one field, from onset to apex, so there is no mean over frames. A cell of the 6 x 6 grid holds 16 to 25
    vectors, and there are no landmarks to draw the publication's regions at. Parameters as `mdmo`.
    """
    return mdmo(classes, regions, bins, magnitude_weight, still, input_name, C)
