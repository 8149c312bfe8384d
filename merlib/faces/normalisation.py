"""Warp a face to the reference face with a local weighted mean of polynomials: ASTNet Sec. 4.1 (1).

ASTNet takes the 68 points of the first frame, builds a "Local Weighted Average" map from them (Goshtasby 1988, Image
Vis. Comput. 6, 255-261), applies it to every frame, and cuts by the left eye and the distance of the eyes. In
Goshtasby's map a polynomial of second order is fitted around each control point to its nearest control points. Between
them the polynomials are averaged with weights that fall smoothly to 0 at the farthest of these neighbours.

The paper names no reference face. Ours is the canonical face of the synthetic twin, at the place and scale of the flow
maps' crop, so that the eyes are already where ASTNet's cut would put them. The warped picture is drawn at least as fine
as the frame and then averaged down; if it were sampled at the coarse grid's points directly, fine skin texture would
turn into false motion. Where no polynomial reaches (corners above the brows), the map passes smoothly into the best
affine map.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from merlib.clips.landmarks68 import canonical_face, face_to_map
from merlib.errors import MerlibError
from merlib.faces.face import Face, check_landmarks
from merlib.faces.landmarks import one_face
from merlib.faces.shrinking import shrink

NEIGHBOURS = 16  # with fewer the map folds above the brows (on the portrait in 1.8 % of the crop at 12, none at 16)
_REACH = 0.05  # total weight below which the affine map is mixed in
# Singular values below this share of the largest are ignored in the fit, so that neighbours on one curve (as along the
# jaw) do not give polynomials with huge coefficients across it.
_CONDITION = 0.02


@dataclass(frozen=True, eq=False)
class NormalisedClip:
    """Frames warped to the reference face.

    Parameters
    ----------
    frames : ndarray (T, rows, columns[, 3])
        The warped frames, in the input's dtype.
    landmarks : ndarray (68, 2), float32
        Landmarks of the reference face on these frames, px; the clip's own lie there but for `residual`.
    residual : float
        Mean distance on the onset between its landmarks and the points that the map takes for them, in eye distances.
    """

    frames: np.ndarray
    landmarks: np.ndarray
    residual: float


class LocalWeightedMean:
    """A smooth map of the plane through pairs of control points (Goshtasby 1988).

    Parameters
    ----------
    points : ndarray (N, 2)
        Control points.
    values : ndarray (N, 2)
        Where the map takes them, about.
    neighbours : int
        To how many control points each polynomial is fitted, its own included. With 6 the map goes through the values,
        with more it is smoother.

    Raises
    ------
    MerlibError
        For fewer points than `neighbours`, fewer than 6 neighbours, or points that coincide.
    """

    def __init__(self, points: np.ndarray, values: np.ndarray, neighbours: int = NEIGHBOURS):
        from scipy.spatial import cKDTree

        points, values = np.asarray(points, dtype=float), np.asarray(values, dtype=float)
        if points.shape != values.shape or points.ndim != 2 or not 6 <= neighbours <= len(points):
            raise MerlibError(
                f"{points.shape} points, {values.shape} values and {neighbours} neighbours.",
                "as many values as points, (N, 2), and 6 to N neighbours.",
                "hand over pairs of control points.",
            )
        distance, nearest = cKDTree(points).query(points, k=neighbours)
        if (distance[:, 1] == 0).any():
            raise MerlibError("control points that coincide.", "distinct points.", "drop one of each pair.")
        self.centres, self.radii = points, distance[:, -1]
        local = (points[nearest] - points[:, None]) / self.radii[:, None, None]  # (N, neighbours, 2)
        self.coefficients = np.stack(
            [
                np.linalg.lstsq(_terms(near), values[index], rcond=_CONDITION)[0]
                for near, index in zip(local, nearest, strict=True)
            ]
        )  # (N, 6, 2)
        self.affine = np.linalg.lstsq(np.column_stack([np.ones(len(points)), points]), values, rcond=None)[0]

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Map points (M, 2) to values (M, 2)."""
        points = np.asarray(points, dtype=float)
        total = np.zeros((len(points), 1))
        value = np.zeros((len(points), 2))
        for centre, radius, coefficients in zip(self.centres, self.radii, self.coefficients, strict=True):
            local = (points - centre) / radius
            far = np.hypot(*local.T)
            near = np.flatnonzero(far < 1)
            weight = (1 - 3 * far[near] ** 2 + 2 * far[near] ** 3)[:, None]
            value[near] += weight * (_terms(local[near]) @ coefficients)
            total[near] += weight
        rest = np.maximum(_REACH - total, 0)
        value += rest * (np.column_stack([np.ones(len(points)), points]) @ self.affine)
        return value / (total + rest)


def reference_face(size: tuple[int, int]) -> np.ndarray:
    """Return the reference face's 68 landmarks, float32 (68, 2), px of a picture of `size` (rows, columns)."""
    return face_to_map(canonical_face(), size).astype(np.float32)


def normalise_clip(
    frames: Iterable[np.ndarray],
    where: str = "clip",
    size: tuple[int, int] = (224, 224),
    onset: np.ndarray | None = None,
    backend: str = "mesh",
    landmarks: np.ndarray | None = None,
    reference: np.ndarray | None = None,
    neighbours: int = NEIGHBOURS,
) -> NormalisedClip:
    """Warp every frame of a clip to the reference face by the map of the onset's landmarks.

    Parameters
    ----------
    frames, where, onset, backend, landmarks
        As for `merlib.faces.align_clip`.
    size : (rows, columns)
        Size of the result; ASTNet's network reads (224, 224).
    reference : ndarray (68, 2), optional
        Landmarks of another reference face, px of the result.
    neighbours : int
        As for `LocalWeightedMean`.

    Returns
    -------
    NormalisedClip
        The warped frames, and how well the landmarks fit.

    Raises
    ------
    MerlibError
        As `one_face` for the onset, and when there are no frames.
    """
    import cv2

    frames = list(frames)
    if not frames:
        raise MerlibError(f"{where}: no frames.", "at least one.", "check the clip's onset and offset.")
    face = one_face(frames[0] if onset is None else onset, f"{where}, onset", backend, landmarks)
    target = reference_face(size) if reference is None else check_landmarks(reference)
    back = LocalWeightedMean(target, face.landmarks, neighbours)  # from the result to the frame
    finer = max(1, int(np.ceil(face.eye_distance / Face((0, 0, 0, 0), target).eye_distance)))
    rows, columns = ((np.arange(n * finer) + 0.5) / finer - 0.5 for n in size)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    places = back(grid.reshape(-1, 2)).reshape(grid.shape).astype(np.float32)
    fine = (cv2.remap(frame, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for frame in frames)
    warped = [shrink(frame, tuple(size)) for frame in fine]
    residual = float(np.hypot(*(back(target) - face.landmarks).T).mean()) / face.eye_distance
    return NormalisedClip(np.stack(warped), target, residual)


def _terms(local: np.ndarray) -> np.ndarray:
    """Return the six terms of a polynomial of second order in x and y, (..., 6)."""
    x, y = local[..., 0], local[..., 1]
    return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
