"""The portrait from which every rendered face is made, brought to rest: eyes level, mouth closed, background removed.

The picture is NASA's public-domain portrait of the astronaut Eileen Collins as scikit-image ships it
(``skimage.data.astronaut``). NASA endorses nothing here, no face of the twin is hers, and everything made from it
is SYNTHETIC. ``portrait.csv`` holds positions in it, px: the 468 mesh points with their depth (found once by the mesh
backend), the 68 landmarks (29 of them marked by hand), and the outlines of the head and of bare skin.

Head coordinates: the distance of the eye centres is 1, origin midway between them, x to the right of the picture,
y downwards, as on the canonical face of `merlib.clips.landmarks68`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

CANVAS = (-2.1, -2.25, 2.1, 2.75)  # left, top, right, bottom of the head's picture, head coordinates
DENSITY = 160  # px of that picture per inter-ocular distance: finer than any frame of the reduced data sets
_GRID = 0.05  # step of the grid on which smooth maps are evaluated, inter-ocular distances
_LIPS_GAP = 0.006  # half the width of the closed mouth's line
UPPER_LIP, LOWER_LIP = (*range(49, 54), *range(61, 64)), (*range(55, 60), *range(65, 68))
# At rest the smile is gone: corners lower and closer, lips thicker, teeth covered. Left half; landmark -> (x, y).
_REST_MOUTH = {
    **{54: (0.400, 0.985), 53: (0.215, 0.915), 52: (0.085, 0.880), 51: (0.0, 0.892)},
    **{55: (0.235, 1.060), 56: (0.115, 1.098), 57: (0.0, 1.108)},
    **{64: (0.355, 0.982), 63: (0.120, 0.975), 62: (0.0, 0.980), 65: (0.120, 0.975), 66: (0.0, 0.980)},
}
_MOUTH_MIRROR = {54: 48, 53: 49, 52: 50, 55: 59, 56: 58, 64: 60, 63: 61, 65: 67}
_REST_BROW = -0.035  # added to y of the brows, which are lower in the portrait's smile than at rest


@dataclass(frozen=True, eq=False)
class Portrait:
    """The portrait at rest, on the canvas.

    Parameters
    ----------
    colour : float32 array (H, W, 3)
        Lab, with L from 0 to 100.
    head, skin : float32 array (H, W)
        Share of a pixel that belongs to the head, and to bare skin (face, ears, neck); 0 to 1.
    depth : float32 array (H, W)
        Depth of the face towards the viewer, inter-ocular distances; smooth.
    landmarks : float array (68, 2)
        The 68 landmarks, head coordinates.
    """

    colour: np.ndarray
    head: np.ndarray
    skin: np.ndarray
    depth: np.ndarray
    landmarks: np.ndarray


def canvas_shape() -> tuple[int, int]:
    """Return the number of rows and columns of the canvas."""
    left, top, right, bottom = CANVAS
    return round((bottom - top) * DENSITY), round((right - left) * DENSITY)


def to_canvas(points: np.ndarray) -> np.ndarray:
    """Map head coordinates (..., 2) to px of the canvas."""
    return (np.asarray(points, dtype=float) - CANVAS[:2]) * DENSITY - 0.5


@lru_cache(maxsize=1)
def canvas_points() -> np.ndarray:
    """Return the head coordinates of every pixel of the canvas, float32 (H, W, 2), read-only."""
    rows, columns = canvas_shape()
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    points = (np.stack([x, y], axis=-1) + np.float32(0.5)) / np.float32(DENSITY) + np.array(CANVAS[:2], np.float32)
    points.setflags(write=False)
    return points


@lru_cache(maxsize=1)
def _measured() -> dict[str, np.ndarray]:
    """Read ``portrait.csv``: part -> points (N, 2), or (N, 3) with depth, px."""
    parts: dict[str, list[list[float]]] = {}
    with (Path(__file__).parent / "portrait.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            parts.setdefault(row["part"], []).append([float(row[axis]) for axis in "xyz" if row[axis]])
    return {part: np.array(points) for part, points in parts.items()}


def portrait_points() -> dict[str, np.ndarray]:
    """Return the positions of ``portrait.csv`` in head coordinates, by part: (N, 2), or (N, 3) with depth."""
    matrix, origin = _camera()
    scale = np.linalg.norm(matrix[0])
    return {
        part: np.column_stack([(points[:, :2] - origin) @ matrix.T / scale**2, -points[:, 2:] / scale])
        for part, points in _measured().items()
    }


def _camera() -> tuple[np.ndarray, np.ndarray]:
    """Return axes (rows: an inter-ocular distance along x and y) and origin of head coordinates, px of the portrait."""
    landmarks = _measured()["landmark"]
    left, right = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    x = right - left
    return np.array([x, [-x[1], x[0]]]), (left + right) / 2


def rest_landmarks() -> np.ndarray:
    """Return the landmarks of the portrait at rest, (68, 2): without its smile, and otherwise where they are."""
    points = portrait_points()["landmark"].copy()
    middle = points[[48, 54, 51, 57], 0].mean()
    for landmark, (x, y) in _REST_MOUTH.items():
        points[landmark] = middle + x, y + (landmark in (62, 63, 64)) * -_LIPS_GAP + (landmark in (65, 66)) * _LIPS_GAP
        if landmark in _MOUTH_MIRROR:
            points[_MOUTH_MIRROR[landmark]] = middle - x, points[landmark, 1]
    points[17:27, 1] += _REST_BROW
    return points


def smooth_map(points: np.ndarray, values: np.ndarray, smoothing: float = 0.0) -> np.ndarray:
    """Evaluate the thin-plate spline through `points` -> `values` on the whole canvas.

    Parameters
    ----------
    points : array (N, 2)
        Where the values are given, head coordinates.
    values : array (N, K)
        K numbers at each point.
    smoothing : float
        With 0 the spline goes exactly through the values.

    Returns
    -------
    float32 array (H, W, K)
        The spline at every pixel of the canvas.
    """
    import cv2
    from scipy.interpolate import RBFInterpolator

    left, top, right, bottom = CANVAS
    columns, rows = round((right - left) / _GRID), round((bottom - top) / _GRID)
    x, y = np.meshgrid((np.arange(columns) + 0.5) * _GRID + left, (np.arange(rows) + 0.5) * _GRID + top)
    spline = RBFInterpolator(points, values, smoothing=smoothing, kernel="thin_plate_spline")
    coarse = spline(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(rows, columns, -1)
    shape = canvas_shape()[::-1]
    planes = [cv2.resize(coarse[..., k], shape, interpolation=cv2.INTER_CUBIC) for k in range(coarse.shape[-1])]
    return np.stack(planes, axis=-1).astype(np.float32)


def ring(radius: tuple[float, float] = (2.0, 2.3), centre: tuple[float, float] = (0.0, 0.1), n: int = 20) -> np.ndarray:
    """Return points on an ellipse, (n, 2), which hold a map in place around the head, where there are no landmarks."""
    angle = np.arange(n) * 2 * np.pi / n
    return np.array(centre) + np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius


def mouth_weight(landmarks: np.ndarray) -> np.ndarray:
    """Return 0 above the line of the closed mouth and 1 below it, (H, W); the step widens away from the mouth."""
    at = canvas_points()
    inner = landmarks[[48, 60, 61, 62, 63, 64, 54]], landmarks[[48, 60, 67, 66, 65, 64, 54]]
    line = (inner[0] + inner[1]) / 2
    y = np.interp(at[..., 0], line[:, 0], line[:, 1])
    beyond = np.maximum(np.abs(at[..., 0] - line[3, 0]) - (line[-1, 0] - line[3, 0]) * 0.93, 0.0)
    width = 2.5 / DENSITY + 0.6 * beyond
    return np.clip(0.5 + (at[..., 1] - y) / (2 * width), 0, 1).astype(np.float32)


@lru_cache(maxsize=1)
def portrait_at_rest() -> Portrait:
    """Return the portrait at rest; it is made once per process and is always the same.

    The upper and the lower half of the mouth are warped separately and then joined at the line of the closed mouth, so
    that the teeth disappear.
    """
    import cv2
    import skimage.data

    picture = skimage.data.astronaut()
    known, rest = portrait_points(), rest_landmarks()
    smiling = known["landmark"]
    anchors = np.concatenate([ring(), ring((1.55, 1.75), (0, -0.2), 16)[9:16], [[0.3, 2.0], [-0.3, 2.0], [0, 2.1]]])
    halves = []
    for hidden in (LOWER_LIP, UPPER_LIP):
        seen = np.setdiff1d(np.arange(68), hidden)
        points = np.concatenate([rest[seen], anchors])
        halves.append(smooth_map(points, np.concatenate([smiling[seen], anchors])))
    weight = mouth_weight(rest)
    pixels = [to_portrait(half) for half in halves]
    source = picture.astype(np.float32) / 255
    above, below = (cv2.remap(source, p, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101) for p in pixels)
    rgb = np.clip(above + weight[..., None] * (below - above), 0, 1)
    masks = [_mask(_measured()[part], picture.shape[:2], pixels[0]) for part in ("head", "skin")]
    mesh = known["mesh"]
    depth = smooth_map(
        np.concatenate([mesh[:, :2], ring()]), np.r_[mesh[:, 2], np.full(20, mesh[:, 2].min() - 0.2)][:, None], 0.01
    )
    return Portrait(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), masks[0], masks[1], depth[..., 0], rest)


def to_portrait(points: np.ndarray) -> np.ndarray:
    """Map head coordinates (H, W, 2) to px of the portrait, float32."""
    matrix, origin = _camera()
    return (points @ matrix + origin).astype(np.float32)


def _mask(outline: np.ndarray, shape: tuple[int, int], pixels: np.ndarray) -> np.ndarray:
    import cv2

    finer = 4
    mask = np.zeros((shape[0] * finer, shape[1] * finer), np.float32)
    cv2.fillPoly(mask, [np.rint((outline + 0.5) * finer - 0.5).astype(np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.9 * finer)
    return cv2.remap(mask, (pixels + 0.5) * finer - 0.5, None, cv2.INTER_LINEAR)
