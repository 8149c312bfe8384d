"""The canonical 68-point face of the synthetic twin, and the part of it that the flow maps show.

Unit: the distance between the two eye centres is 1. Origin: midway between them. x grows to the right of
the picture, so x > 0 is the *subject's left* side; y grows downwards. Points follow iBUG's order, 0-based:
jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, outer lip 48-59, inner lip 60-67 (Dual-ATME 3.2.1 writes
1..68 and uses 0-based indices, errata DUAL-ATME-C14). The numbers are our own: an average frontal face.
"""

from __future__ import annotations

import numpy as np

# The subject's left half (x > 0) and the midline: landmark -> (x, y). The other half is its mirror image.
_LEFT_HALF: dict[int, tuple[float, float]] = {
    **{8: (0.00, 1.90), 9: (0.26, 1.86), 10: (0.50, 1.72), 11: (0.72, 1.50), 12: (0.89, 1.23)},
    **{13: (0.99, 0.93), 14: (1.04, 0.62), 15: (1.07, 0.31), 16: (1.08, 0.00)},
    **{22: (0.20, -0.30), 23: (0.38, -0.40), 24: (0.58, -0.42), 25: (0.78, -0.36), 26: (0.93, -0.21)},
    **{27: (0.00, -0.02), 28: (0.00, 0.20), 29: (0.00, 0.42), 30: (0.00, 0.63)},
    **{33: (0.00, 0.76), 34: (0.12, 0.74), 35: (0.24, 0.70)},
    **{42: (0.28, 0.030), 43: (0.41, -0.075), 44: (0.57, -0.080)},
    **{45: (0.73, 0.000), 46: (0.58, 0.070), 47: (0.43, 0.055)},
    **{51: (0.00, 1.06), 52: (0.11, 1.035), 53: (0.26, 1.08), 54: (0.41, 1.15)},
    **{55: (0.27, 1.26), 56: (0.13, 1.32), 57: (0.00, 1.335)},
    **{62: (0.00, 1.13), 63: (0.11, 1.125), 64: (0.35, 1.15), 65: (0.12, 1.17), 66: (0.00, 1.18)},
}

# Each landmark's partner on the other side of the face; the midline's partners are themselves.
MIRROR: np.ndarray = np.array(
    [16 - i for i in range(17)]
    + [43 - i for i in range(17, 27)]
    + [27, 28, 29, 30, 35, 34, 33, 32, 31]
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55]
    + [64, 63, 62, 61, 60, 67, 66, 65]
)

# The crop of the flow maps on this face: left, top, width, height. Height / width = 1.25, close to the
# 170 x 140 crop of AM3F-FlowNet; squeezed to 28 x 28 it puts the brows in row 4 and the chin in the last.
CROP: tuple[float, float, float, float] = (-1.08, -0.74, 2.16, 2.70)


def canonical_face() -> np.ndarray:
    """Return the 68 landmarks, float64 (68, 2), columns x and y, in inter-ocular units."""
    points = np.full((68, 2), np.nan)
    for landmark, (x, y) in _LEFT_HALF.items():
        points[landmark] = x, y
        points[MIRROR[landmark]] = -x, y
    return points


def face_to_map(points: np.ndarray, shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """Map face coordinates to pixel coordinates (column, row) of a map that covers the crop.

    Parameters
    ----------
    points : array (N, 2)
        x and y in inter-ocular units.
    shape : (int, int)
        Rows and columns of the map.

    Returns
    -------
    float array (N, 2)
        Column and row; the centre of the first pixel is (0, 0).
    """
    left, top, width, height = CROP
    rows, columns = shape
    return (np.asarray(points, float) - (left, top)) / (width, height) * (columns, rows) - 0.5


def map_to_face(pixels: np.ndarray, shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """Map pixel coordinates (column, row), array (N, 2), to face coordinates; inverse of `face_to_map`."""
    left, top, width, height = CROP
    rows, columns = shape
    return (np.asarray(pixels, float) + 0.5) * (width, height) / (columns, rows) + (left, top)


def crop_grid(shape: tuple[int, int] = (28, 28)) -> np.ndarray:
    """Return the face coordinates of every pixel centre of the crop, (rows * columns, 2), row by row."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    return map_to_face(np.stack([column.ravel(), row.ravel()], axis=1), shape)


def inside_face(points: np.ndarray, softness: float = 0.10) -> np.ndarray:
    """Return to what degree each point belongs to the face: 1 on it, 0 on the background, smooth in between.

    The outline follows the jaw below the eyes and is open towards the forehead, which fills the crop.

    Parameters
    ----------
    points : array (N, 2)
        x and y in inter-ocular units.
    softness : float
        Width of the transition, in inter-ocular units.

    Returns
    -------
    float array (N,)
        From 0 to 1.
    """
    jaw = canonical_face()[8:17]  # chin to ear, x grows while y shrinks
    x, y = np.abs(points[:, 0]), points[:, 1]
    edge = np.interp(y, jaw[::-1, 1], jaw[::-1, 0], right=0.0)  # half width of the face at this height
    below_chin = np.maximum(y - jaw[0, 1], 0.0)
    return 1.0 / (1.0 + np.exp((x - edge + below_chin) / softness))
