"""Common ground of the methods on optical flow: fields of motion with a known zero, and the direction of each vector.

Flow reaches these methods in one of two units. Flow measured on clips is in pixels. The public maps are stretched: each
channel of each clip is scaled to 0..255 by its own minimum and maximum. Three things are lost by this. No fixed grey
value means zero motion; the scale of u relative to v is unknown, so directions are skewed; and the motion of one clip
can no longer be compared with that of another. ``still="median"`` puts the zero of u and v at the median of their
channel, because most of a face does not move. That is our substitution: no publication computes these features from
such maps, and nothing restores the other two losses.
"""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError, unknown_name
from merlib.models.handcrafted.clip_features import check_axes

STILL = ("zero", "median")


def motion_fields(method: str, X: np.ndarray, still: str, sequence: bool) -> np.ndarray:
    """Return fields of motion whose zero means no motion.

    Parameters
    ----------
    method : str
        Name of the method, for messages.
    X : array (N, 3, H, W) or (N, T, 3, H, W)
        u (right), v (down) and optical strain.
    still : {'zero', 'median'}
        Which value of u and v means no motion: 0 (flow in pixels), or the median of each channel (maps stretched to
        0..255).
    sequence : bool
        Whether the method reads several fields of a clip; one map then counts as a sequence of one.

    Returns
    -------
    array (N, T, 3, H, W) when `sequence`, else (N, 3, H, W)

    Raises
    ------
    MerlibError
        For another shape, an unknown `still`, or stretched maps where pixels are due.
    """
    if still not in STILL:
        raise unknown_name("still", still, STILL)
    shapes = ("(N, 3, H, W)", "(N, T, 3, H, W)") if sequence else ("(N, 3, H, W)",)
    X = check_axes(method, X, shapes, "hand over flow: u, v and strain of each clip.").astype(np.float64)
    if sequence and X.ndim == 4:
        X = X[:, None]
    motion = X[..., :2, :, :]
    if still == "median":
        X[..., :2, :, :] = motion - np.median(motion, axis=(-2, -1), keepdims=True)
    elif motion.min() >= 0 and motion.max() > 25 and (motion == np.rint(motion)).all():
        raise MerlibError(
            f"{method}: whole numbers from {motion.min():g} to {motion.max():g}, as of maps stretched to 0..255.",
            "u and v in pixels, negative towards left and up.",
            f'take {method}_maps, which is {method} with still="median".',
        )
    return X


def directions(u: np.ndarray, v: np.ndarray, bins: int, start: float = -np.pi) -> np.ndarray:
    """Return the number of the bin that each vector's direction falls into, int, the shape of `u`.

    Bin k holds the angles of atan2(v, u) from ``start + 2 pi k / bins`` up to, and without, the next bin's.
    """
    angle = np.mod(np.arctan2(v, u) - start, 2 * np.pi)
    return np.floor(angle * bins / (2 * np.pi)).astype(int) % bins
