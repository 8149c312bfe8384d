"""Draw flow as a picture: direction is the hue on Middlebury's colour wheel, speed the strength of the colour.

ASTNet feeds its ResNet with drawn flow (Sec. 4.1 (3)), whose three channels fit weights trained on ImageNet. Hues
follow the wheel of Baker et al. (Int. J. Comput. Vis. 2011, 92, 1-31). Its 55 steps give more room to hues that eyes
distinguish better: red to yellow 15, yellow to green 6, green to cyan 4, cyan to blue 11, blue to magenta 13, magenta
to red 6.
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
        Speed that is drawn in full colour, as are all higher speeds. By default it is the largest speed of all fields
        together, so that the frames of a sequence can be compared.

    Returns
    -------
    float32 ndarray (..., 3, H, W)
        RGB 0..1: white where nothing moves; red for motion to the right, yellow downwards, a greenish blue to the
        left, violet upwards.

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
