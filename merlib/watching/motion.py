"""How the regions of one face move: displacement of each since a reference frame, the head's own motion taken out.

A few points of every region, and a grid of points over the face, are followed from a reference cut to the present one
by the method of Lucas and Kanade. It keeps small motion whole, where a dense flow of the same cost smooths it away (a
tenth of a millisecond counts here: it is done for every face in every frame), and it does not drift, because it
always starts from the same reference. What of the motion is affine - the head's shift, turn and change of size, and
what the alignment left - is fitted robustly and taken out, as `motion.steadying` does for clips. Of every region the
median of its points is kept, in distances of the eyes. Where the reference has aged, or the present cut no longer
looks like it, the present cut becomes the reference, and what was measured up to then is added to all that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from merlib.faces.alignment import FaceCrop

SPREAD = 0.05  # of a region's five points around its centre, distances of the outer eye corners
GRID = (9, 8)  # rows and columns of the grid of points over the face
WINDOW, LEVELS = 13, 2  # side of the window that Lucas and Kanade compare, px; halvings of the picture before it
REWEIGHTINGS = 5
AGED = 6.0  # seconds after which the reference is renewed
UNLIKE = 14.0  # grey levels, median difference of two cuts, from which it is renewed at once


@dataclass(frozen=True)
class Regions:
    """Which parts of a face are watched.

    Parameters
    ----------
    at : mapping of str to tuple
        Name: the landmarks whose mean is the region's centre, and a shift (x, y) from there in distances of the outer
        eye corners.
    groups : mapping of str to tuple of str
        ``upper`` and ``lower`` parts of the face, whose regions move together, and the ``lids``.
    """

    at: Mapping[str, tuple[tuple[int, ...], tuple[float, float]]]
    groups: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """The regions, in the order of every array."""
        return tuple(self.at)

    def members(self, group: str) -> list[int]:
        """Return the places of a group's regions in that order."""
        return [self.names.index(name) for name in self.groups[group]]


def face_regions() -> Regions:
    """Return the regions watched by default: brows, lids, cheeks, nose and mouth; left of the picture first."""
    at = {
        "inner brow, left": ((20, 21), (0.0, -0.02)),
        "inner brow, right": ((22, 23), (0.0, -0.02)),
        "outer brow, left": ((17, 18, 19), (0.0, -0.02)),
        "outer brow, right": ((24, 25, 26), (0.0, -0.02)),
        "lid, left": ((37, 38), (0.0, 0.0)),
        "lid, right": ((43, 44), (0.0, 0.0)),
        "cheek, left": ((40, 41), (0.0, 0.22)),
        "cheek, right": ((46, 47), (0.0, 0.22)),
        "nose wing, left": ((31,), (-0.04, -0.02)),
        "nose wing, right": ((35,), (0.04, -0.02)),
        "mouth corner, left": ((48,), (-0.02, 0.0)),
        "mouth corner, right": ((54,), (0.02, 0.0)),
        "upper lip": ((50, 51, 52), (0.0, -0.02)),
        "lower lip": ((56, 57, 58), (0.0, 0.02)),
        "chin": ((7, 8, 9), (0.0, -0.14)),
    }
    names = tuple(at)
    return Regions(at, {"upper": names[0:4], "lids": names[4:6], "lower": names[6:15]})


@dataclass(eq=False)
class FaceMotion:
    """Follows the motion of one face's regions.

    Parameters
    ----------
    regions : Regions
    """

    regions: Regions = field(default_factory=face_regions)
    renewals: int = 0

    def __post_init__(self) -> None:
        self._reference: np.ndarray | None = None
        self._offset = np.zeros((len(self.regions.names), 2), np.float32)
        self._since = 0.0

    def measure(self, picture: np.ndarray, crop: FaceCrop, landmarks: np.ndarray, seconds: float) -> np.ndarray:
        """Return how far each region has moved since the first frame, (regions, 2), distances of the outer eye corners.

        Parameters
        ----------
        picture : ndarray (H, W, 3), uint8 BGR
            The aligned cut.
        crop : FaceCrop
            Where it was cut.
        landmarks : ndarray (68, 2)
            px of the frame.
        seconds : float
        """
        import cv2

        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        if self._reference is None:
            self._renew(grey, crop, landmarks, seconds)
            return self._offset.copy()
        found, good, _ = cv2.calcOpticalFlowPyrLK(
            self._reference,
            grey,
            self._points,
            self._guess.copy(),
            winSize=(WINDOW, WINDOW),
            maxLevel=LEVELS,
            criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.01),
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        flow, good = (found - self._points)[:, 0].astype(np.float64), good[:, 0] > 0
        rest, affine = less_affine(flow, self._points[:, 0], good)
        self._guess = self._points + affine[:, None].astype(np.float32)
        each = np.where(good[:, None], rest, 0.0)[: 5 * len(self._offset)].reshape(-1, 5, 2)
        moved = (np.median(each, axis=1) / self._unit).astype(np.float32) + self._offset
        difference = float(np.median(cv2.absdiff(self._reference, grey)[::3, ::3]))
        if seconds - self._since > AGED or difference > UNLIKE:
            self._offset = moved
            self._renew(grey, crop, landmarks, seconds)
            self.renewals += 1
        return moved

    def _renew(self, grey: np.ndarray, crop: FaceCrop, landmarks: np.ndarray, seconds: float) -> None:
        self._reference, self._since = grey, seconds
        points = crop.points(landmarks, grey.shape)
        self._unit = max(float(np.hypot(*(points[45] - points[36]))), 4.0)
        self._points = followed_points(self.regions, points, grey.shape)[:, None]
        self._guess = self._points


def less_affine(flow: np.ndarray, points: np.ndarray, good: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split the motion of points, (N, 2) each, into what is affine and the rest; Cauchy weights, `good` ones counted.

    Returns
    -------
    rest, affine : ndarray (N, 2)
    """
    terms = np.column_stack([np.ones(len(points)), points / 100])
    weight = good.astype(np.float64)[:, None]
    affine = np.zeros_like(flow)
    if good.sum() < 12:
        return flow, affine
    for _ in range(REWEIGHTINGS):
        weighted = terms * weight
        affine = terms @ _solved(weighted.T @ terms, weighted.T @ flow)
        rest = np.hypot(*(flow - affine).T)
        scale = max(1.4826 * float(np.median(rest[good])), 0.02)
        weight = (good / (1 + (rest / scale) ** 2))[:, None]
    return flow - affine, affine


def _solved(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(left, right)  # a fifth of the time of `lstsq`, many times a frame
    except np.linalg.LinAlgError:  # points on one line
        return np.linalg.lstsq(left, right, rcond=None)[0]


def followed_points(regions: Regions, points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the points that are followed on a cut, (N, 2) float32: five of each region, in order, then the grid.

    Parameters
    ----------
    regions : Regions
    points : ndarray (68, 2)
        Landmarks on the cut, px.
    shape : (rows, columns)
        Of the cut.
    """
    unit = float(np.hypot(*(points[45] - points[36])))
    around = SPREAD * unit * np.array([(0, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)])
    centres = [points[list(members)].mean(axis=0) + np.array(shift) * unit for members, shift in regions.at.values()]
    of_regions = (np.array(centres)[:, None] + around).reshape(-1, 2)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    y, x = np.meshgrid(np.linspace(top, bottom, GRID[0] + 2)[1:-1], np.linspace(left, right, GRID[1] + 2)[1:-1])
    every = np.concatenate([of_regions, np.column_stack([x.ravel(), y.ravel()])])
    return np.clip(every, 2, (shape[1] - 3, shape[0] - 3)).astype(np.float32)


def head_pose(landmarks: np.ndarray) -> np.ndarray:
    """Return two numbers that grow as a head turns aside and nods, (2,): where the nose is between the eyes and below.

    In distances of the eyes, along and across the line between them; their *changes* tell a turn.
    """
    left, right = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    along = (right - left).astype(np.float64)
    unit = max(float(np.hypot(*along)), 1e-3)
    along /= unit
    nose = (landmarks[30] - (left + right) / 2) / unit
    return np.array([nose @ along, nose @ np.array([-along[1], along[0]])])
