"""Compute from frames the arrays that the networks read.

Flow and strain are measured at the frames' resolution; only then is everything averaged down. u and v stay in pixels
of the original frames; strain has no unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from merlib.errors import MerlibError
from merlib.faces.shrinking import shrink
from merlib.motion.flow import check_flow, dense_flow
from merlib.motion.frames import check_pair, colour
from merlib.motion.magnification.magnify import check_factor, choose_method, magnify
from merlib.motion.strain import strain_magnitude

SEQUENCE = 11  # frames that make ten flows (ASTNet Sec. 4.1)


def flow_channels(flow: np.ndarray, size: int = 28) -> np.ndarray:
    """Return u, v and optical strain of a flow, averaged down to a square.

    Parameters
    ----------
    flow : array (H, W, 2)
        u and v in pixels.
    size : int
        Side of the maps.

    Returns
    -------
    float32 array (3, size, size)
        u and v in pixels of the flow's own grid, strain dimensionless.

    Raises
    ------
    MerlibError
        As `check_flow`, and when `size` is not positive.
    """
    from skimage.transform import resize_local_mean

    if size < 1:
        raise MerlibError(f"a size of {size}.", "1 or more pixels.", "the networks take 28 or 224.")
    flow = check_flow(flow)
    channels = np.stack([flow[..., 0], flow[..., 1], strain_magnitude(flow)])
    return resize_local_mean(channels, (3, size, size)).astype(np.float32)


def flow_maps(
    onset: np.ndarray, apex: np.ndarray, size: int = 28, method: str = "tvl1", **options: object
) -> np.ndarray:
    """Return the flow maps between onset and apex (AM3F Sec. 3.1.2).

    Parameters
    ----------
    onset, apex : array (H, W) or (H, W, 3)
        Aligned and cropped by the same box, uint8 or float 0..1.
    size : int
        Side of the maps.
    method, **options
        As `dense_flow`.

    Returns
    -------
    float32 array (3, size, size)
        u (right) and v (down) in pixels of the frames, strain dimensionless, taken before resizing.

    Raises
    ------
    MerlibError
        As `dense_flow`.
    """
    return flow_channels(dense_flow(onset, apex, method, **options), size)


def minmax255(maps: np.ndarray) -> np.ndarray:
    """Stretch each channel of each map to 0..255 by its own minimum and maximum, rounded, as the public maps are.

    Zero motion then has no fixed grey value. A constant channel becomes 0.

    Parameters
    ----------
    maps : array (..., H, W)
        Maps such as u, v and strain.

    Returns
    -------
    float32 array (..., H, W)
        Whole numbers 0..255.
    """
    maps = np.asarray(maps, dtype=np.float64)
    low = maps.min(axis=(-2, -1), keepdims=True)
    span = maps.max(axis=(-2, -1), keepdims=True) - low
    return np.rint(255.0 * (maps - low) / np.where(span > 0, span, 1.0)).astype(np.float32)


def flow_sequence(frames: np.ndarray, size: int = 224, method: str = "tvl1", **options: object) -> np.ndarray:
    """Return the ten flows between eleven successive frames (ASTNet Sec. 4.1).

    The paper runs LiteFlowNet on magnified frames: magnify first, then pass ``method="liteflownet"``. The caller
    chooses the eleven frames (`inputs.windows`, ASTNET-B4).

    Parameters
    ----------
    frames : array (11, H, W) or (11, H, W, 3)
        Aligned frames in order, uint8 or float 0..1.
    size : int
        Side of the maps.
    method, **options
        As `dense_flow`.

    Returns
    -------
    float32 array (10, 3, size, size)
        u, v in pixels of the frames, and strain, from each frame to the next.

    Raises
    ------
    MerlibError
        For another number of frames, and as `dense_flow`.
    """
    if len(frames) != SEQUENCE:
        raise MerlibError(f"{len(frames)} frames.", f"{SEQUENCE} frames, which make ten flows.", "pick others.")
    return np.stack([flow_maps(first, second, size, method, **options) for first, second in pairwise(frames)])


def magnified_stack(
    onset: np.ndarray,
    apex: np.ndarray,
    factors: Sequence[float],
    size: int = 224,
    method: str = "auto",
    **options: object,
) -> tuple[np.ndarray, str]:
    """Return the apex at each amplification factor (UAMRN Sec. 3.1), and how it was magnified.

    Parameters
    ----------
    onset, apex : array (H, W) or (H, W, 3)
        Aligned and cropped by the same box, uint8 or float 0..1.
    factors : sequence of float
        L total ratios, such as `factor_sequence` gives.
    size : int
        Side of the pictures.
    method, **options
        As `magnify`.

    Returns
    -------
    pictures : float32 array (L, 3, size, size)
        RGB in 0..1.
    method : str
        The magnifier that was used, never ``auto``.

    Raises
    ------
    MerlibError
        As `magnify`, and for no factor.
    """
    check_pair(onset, apex)
    factors = [check_factor(factor) for factor in factors]
    if not factors:
        raise MerlibError("no factors.", "one or more.", "use `factor_sequence()`.")
    method = choose_method(method)
    if method == "magnet":  # encodes both frames once
        from merlib.motion.magnification.magnet import magnify_learned

        pictures = magnify_learned(onset, apex, factors, **options)
    else:
        pair = tuple(colour(frame) for frame in (onset, apex))
        pictures = [magnify(pair, factor, method, **options).frames[1] for factor in factors]
    return np.stack([_square(picture, size) for picture in pictures]), method


def _square(picture: np.ndarray, size: int) -> np.ndarray:
    drawn = shrink(np.asarray(picture, np.float32), (size, size))
    return np.clip(drawn, 0.0, 1.0).astype(np.float32).transpose(2, 0, 1)
