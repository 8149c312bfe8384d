"""Flow drawn as a picture: direction as hue around Middlebury's colour wheel, speed as strength of colour.

ASTNet feeds ResNet drawn flow, three channels, so that ImageNet's weights fit (Sec. 4.1 (3)). Hues follow the wheel
of Baker et al. (Int. J. Comput. Vis. 2011, 92, 1-31), whose 55 steps give more room to the hues that eyes tell apart
better: red to yellow 15, yellow to green 6, green to cyan 4, cyan to blue 11, blue to magenta 13, magenta to red 6.
"""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError

_STEPS = (15, 6, 4, 11, 13, 6)
_CORNERS = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]], float)


def draw_flow(flow: np.ndarray, largest: float | None = None) -> np.ndarray:
    """Draw flow fields as RGB pictures.

    Parameters
    ----------
    flow : ndarray (..., 2 or more, H, W)
        u (right) and v (down) first; further channels are not drawn.
    largest : float, optional
        Speed that gets the full colour; faster ones get no more. By default the largest there is, so that a sequence
        keeps its course.

    Returns
    -------
    float32 ndarray (..., 3, H, W)
        0..1: white where nothing moves, red to the right, yellow-green downwards, cyan to the left, blue upwards.

    Raises
    ------
    MerlibError
        For fewer than two channels, or a largest speed below zero.
    """
    flow = np.asarray(flow)
    if flow.ndim < 3 or flow.shape[-3] < 2:
        raise MerlibError(f"flow {flow.shape}.", "(..., 2 or more, H, W).", "hand over u and v as channels.")
    u, v = flow[..., 0, :, :], flow[..., 1, :, :]
    speed = np.hypot(u, v)
    largest = float(speed.max()) if largest is None else largest
    if largest < 0:
        raise MerlibError(f"a largest speed of {largest}.", "0 or more.", "leave it out.")
    share = np.clip(speed / largest, 0, 1) if largest else np.zeros_like(speed)
    at = np.mod(np.arctan2(v, u) / (2 * np.pi), 1) * sum(_STEPS)
    corners = np.concatenate([[0], np.cumsum(_STEPS)])
    hue = np.stack([np.interp(at, corners, _CORNERS[:, k]) for k in range(3)], axis=-3)
    return (1 - share[..., None, :, :] * (1 - hue)).astype(np.float32)
