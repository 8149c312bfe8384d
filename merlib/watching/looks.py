"""How a head looks, remembered in a few colours: enough to tell the people of one video apart, and to know them again.

Hair and collar are taken in, for they differ more between people than faces do in so few pixels.
"""

from __future__ import annotations

import numpy as np

LOOK = (20, 16)  # rows and columns


def look_around(frame: np.ndarray, eyes: np.ndarray, unit: float) -> np.ndarray:
    """Return how a head looks: its colours on a coarse grid, without their mean, float32 (rows, columns, 3).

    Parameters
    ----------
    frame : ndarray (H, W, 3), uint8
    eyes : ndarray (2,)
        Middle between the eyes, px.
    unit : float
        Distance of the eyes, px.
    """
    import cv2

    rows, columns = LOOK
    x, y = eyes
    scale = 3.4 * unit / columns
    matrix = np.array([[scale, 0, x - scale * (columns - 1) / 2], [0, scale, y + 0.4 * unit - scale * (rows - 1) / 2]])
    fine = 4  # read finer, then average
    finer = matrix.copy()
    finer[:, :2] /= fine
    finer[:, 2] += (matrix[:, :2].sum(axis=1) - finer[:, :2].sum(axis=1)) * -0.5
    cut = cv2.warpAffine(
        frame,
        finer,
        (columns * fine, rows * fine),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    small = cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    return small - small.mean()


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Return how alike two looks are: their correlation, -1 to 1."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum() / size) if size else 0.0
