"""Hold a head still by removing the affine part of the face's motion from the frames.

UAMRN (Sec. 4.3) wants no displacements by irrelevant factors between onset and apex, where most of the motion's energy
is the head's. An affine map is fitted to the flow from the first frame to each later one. The fit covers only the face
and is robust, so that moving brows and mouth hardly influence it. The frame is then drawn through the inverse map; the
motion that is left is the muscles'. A frontal head that turns a little moves affinely to first order. The affine part
of an expression's motion is lost as well.
"""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError
from merlib.motion.flow import check_flow, dense_flow

REWEIGHTINGS = 8  # how often the weighted fit is repeated
SMALLEST_SCALE = 0.01  # px; smaller residuals are rounding errors
FEWEST, ENOUGH = 12, 4000  # an affine map is fitted to at least this many pixels, and to about this many at most


def affine_motion(flow: np.ndarray, face: np.ndarray | None = None) -> np.ndarray:
    """Return the affine map that most of the flow follows, float64 (2, 3): u = m00 + m01 x + m02 y, v likewise.

    It is fitted `REWEIGHTINGS` times with Cauchy weights, whose scale is 1.48 times the median residual.

    Parameters
    ----------
    flow : ndarray (H, W, 2)
        u and v, px.
    face : bool ndarray (H, W), optional
        Which pixels belong to the head; by default all.

    Raises
    ------
    MerlibError
        As `check_flow`, and when the face covers too few pixels.
    """
    flow = check_flow(flow)
    rows, columns = np.nonzero(np.ones(flow.shape[:2], bool) if face is None else face)
    if len(rows) < FEWEST:
        raise MerlibError(f"a face of {len(rows)} px.", f"{FEWEST} or more.", "hand over the face's own mask.")
    thin = max(1, len(rows) // ENOUGH)
    rows, columns = rows[::thin], columns[::thin]
    terms = np.column_stack([np.ones(len(rows)), columns, rows]).astype(np.float64)
    values, weight = flow[rows, columns].astype(np.float64), np.ones((len(rows), 1))
    for _ in range(REWEIGHTINGS):
        map_ = np.linalg.solve(terms.T @ (weight * terms), terms.T @ (weight * values))
        rest = np.linalg.norm(values - terms @ map_, axis=1, keepdims=True)
        scale = max(1.4826 * float(np.median(rest)), SMALLEST_SCALE)
        weight = 1 / (1 + (rest / scale) ** 2)
    return map_.T


def affine_field(map_: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the flow of an affine map (2, 3) on a picture of `shape`, float32 (H, W, 2)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (np.stack([np.ones(shape), columns, rows], axis=-1) @ map_.T).astype(np.float32)


def face_mask(landmarks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return which pixels of a picture of `shape` lie in the convex hull of the landmarks (68, 2), px; bool (H, W)."""
    import cv2

    mask = np.zeros(shape[:2], np.uint8)
    hull = cv2.convexHull(np.asarray(landmarks, np.float32).reshape(-1, 1, 2))
    cv2.fillConvexPoly(mask, np.rint(hull).astype(np.int32), 1)
    return mask.astype(bool)


def steadied(frames: np.ndarray, landmarks: np.ndarray | None = None, method: str = "dis") -> np.ndarray:
    """Return frames in which the head stays where it is in the first one.

    Parameters
    ----------
    frames : ndarray (T, H, W) or (T, H, W, 3)
        Frames of a cut face, uint8 or float 0..1.
    landmarks : ndarray (68, 2), optional
        Landmarks of the first frame, px; the fit is confined to their convex hull.
    method : str
        Method of `dense_flow`.

    Returns
    -------
    ndarray of the frames' shape and dtype
        The first frame is unchanged. Beyond a frame's border its edge is repeated.
    """
    import cv2

    first, shape = frames[0], frames[0].shape[:2]
    face = None if landmarks is None else face_mask(landmarks, shape)
    still = [first]
    for frame in frames[1:]:
        if np.array_equal(frame, first):
            still.append(frame)
            continue
        (u, ux, uy), (v, vx, vy) = affine_motion(dense_flow(first, frame, method), face)
        there = np.array([[1 + ux, uy, u], [vx, 1 + vy, v]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        drawn = cv2.warpAffine(frame, there, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
        still.append(drawn if frame.dtype == np.uint8 else drawn.clip(0, 1))
    return np.stack(still)
