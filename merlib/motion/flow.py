"""Estimate dense optical flow between two frames, with any of four methods.

``flow[y, x] = (u, v)`` in pixels: what is at (x, y) in the first frame is at (x + u, y + v) in the second; u grows
rightwards, v downwards.

=============== =====================================================================================
``tvl1``        total variation with an L1 data term (Zach et al. 2007) from scikit-image; AM3F Sec. 3.1.2.
``dis``         dense inverse search (Kroeger et al. 2016) from OpenCV; hundreds of times faster.
``farneback``   polynomial expansion (Farneback 2003) from OpenCV.
``liteflownet`` the network of ASTNet Sec. 3.1 (2), `merlib.motion.liteflownet`; needs its weights.
=============== =====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

import numpy as np

from merlib.errors import MerlibError, unknown_name
from merlib.motion.frames import as_bytes, check_pair, colour, grey

UNKNOWN = 1e9  # px; a larger component means, in the Middlebury format, that the motion of the pixel is unknown
DIS_PRESETS = ("ultrafast", "fast", "medium")


def _tvl1(
    first: np.ndarray,
    second: np.ndarray,
    attachment: float = 38.25,
    tightness: float = 0.3,
    num_warp: int = 5,
    num_iter: int = 5,
    tol: float = 1e-4,
    prefilter: bool = False,
) -> np.ndarray:
    from skimage.registration import optical_flow_tvl1

    # scikit-image answers (rows, columns), such that first(p) = second(p + flow)
    v, u = optical_flow_tvl1(
        grey(first),
        grey(second),
        attachment=attachment,
        tightness=tightness,
        num_warp=num_warp,
        num_iter=num_iter,
        tol=tol,
        prefilter=prefilter,
    )
    return np.stack([u, v], axis=-1)


def _dis(first: np.ndarray, second: np.ndarray, preset: str = "medium") -> np.ndarray:
    import cv2

    if preset not in DIS_PRESETS:
        raise unknown_name("preset of dis", preset, DIS_PRESETS)
    search = cv2.DISOpticalFlow_create(getattr(cv2, f"DISOPTICAL_FLOW_PRESET_{preset.upper()}"))
    return search.calc(as_bytes(grey(first)), as_bytes(grey(second)), None)


def _farneback(
    first: np.ndarray,
    second: np.ndarray,
    pyr_scale: float = 0.5,
    levels: int = 3,
    winsize: int = 15,
    iterations: int = 3,
    poly_n: int = 5,
    poly_sigma: float = 1.2,
) -> np.ndarray:
    import cv2

    images = as_bytes(grey(first)), as_bytes(grey(second))
    return cv2.calcOpticalFlowFarneback(*images, None, pyr_scale, levels, winsize, iterations, poly_n, poly_sigma, 0)


def _liteflownet(first: np.ndarray, second: np.ndarray, device: str = "cpu") -> np.ndarray:
    from merlib.motion.liteflownet import load_liteflownet

    return load_liteflownet(device).flow(colour(first), colour(second))


_METHODS: dict[str, Callable[..., np.ndarray]] = {
    "tvl1": _tvl1,
    "dis": _dis,
    "farneback": _farneback,
    "liteflownet": _liteflownet,
}
METHODS: tuple[str, ...] = tuple(_METHODS)


def dense_flow(first: np.ndarray, second: np.ndarray, method: str = "tvl1", **options: object) -> np.ndarray:
    """Estimate the motion of every pixel from the first frame to the second.

    Parameters
    ----------
    first, second : array (H, W) or (H, W, 3)
        Frames, uint8 0..255 or float 0..1, RGB; usually onset and apex.
    method : {'tvl1', 'dis', 'farneback', 'liteflownet'}
        See the module's docstring.
    **options
        Options of the method. ``tvl1``: scikit-image's ``attachment``, ``tightness``, ``num_warp``, ``num_iter``,
        ``tol``, ``prefilter``; see the notes. ``dis``: ``preset`` ``'ultrafast'``, ``'fast'`` or ``'medium'``.
        ``farneback``: OpenCV's ``pyr_scale``, ``levels``, ``winsize``, ``iterations``, ``poly_n``, ``poly_sigma``.
        ``liteflownet``: ``device``.

    Returns
    -------
    float32 array (H, W, 2)
        u and v in pixels.

    Raises
    ------
    MerlibError
        For frames of different size or unreadable values, an unknown method or option, and missing weights.

    Notes
    -----
    The defaults of ``tvl1`` were chosen by their error on known motions of a face (SYNTHETIC: four expressions; 1.2,
    2.5 and 5 px; with and without noise of one grey level; 180 x 140 px). Errors are shares of the motion. With
    attachment 38.25, which is OpenCV's lambda .15 on 0..255, the error is .127 and .91 of the motion is found; with
    scikit-image's own default of 15 the error is .215 and .78 is found; with OpenCV's TV-L1 the error is .164 and .84
    is found. Flows are therefore 1.0 to 1.2 times as long as OpenCV's. Five warps are better up to 2.5 px (error .125,
    with fifteen .132), fifteen from 5 px on (.115, with five .131). For magnified motion, macro-expressions and whole
    frames pass ``num_warp=15``, which takes three times as long.

    References
    ----------
    AM3F-FlowNet Sec. 3.1.2 (TV-L1 between onset and apex); ASTNet Sec. 3.1 (2) (LiteFlowNet).
    """
    if method not in _METHODS:
        raise unknown_name("flow method", method, METHODS)
    check_pair(first, second)
    estimate = _METHODS[method]
    known = tuple(signature(estimate).parameters)[2:]
    for option in options:
        if option not in known:
            raise unknown_name(f"option of {method}", option, known)
    return np.ascontiguousarray(estimate(first, second, **options), dtype=np.float32)


def check_flow(flow: np.ndarray, unknown: bool = False) -> np.ndarray:
    """Return the flow as a floating-point array, after checking that it is (..., H, W, 2), finite and known everywhere.

    Parameters
    ----------
    flow : array (..., H, W, 2)
        u and v in pixels.
    unknown : bool
        Whether pixels of unknown motion (a component above 1e9, as in ``.flo`` files) are accepted.

    Raises
    ------
    MerlibError
        For another shape, fewer than 2 x 2 pixels, values that are not finite, and unknown motion if not accepted.
    """
    flow = np.asarray(flow)
    if flow.ndim < 3 or flow.shape[-1] != 2 or min(flow.shape[-3:-1]) < 2:
        raise MerlibError(
            f"a flow of shape {flow.shape}.",
            "(..., H, W, 2), u and v last, at least 2 x 2 pixels.",
            "hand over what `dense_flow` returns.",
        )
    if not np.isfinite(flow).all():
        raise MerlibError("a flow with values that are not finite.", "finite pixels.", "check the frames behind it.")
    if not unknown and (pixels := int(unknown_pixels(flow).sum())):
        raise MerlibError(
            f"a flow with {pixels} pixels of unknown motion (a component above {UNKNOWN:g}).",
            "a motion for every pixel.",
            "fill or cut these pixels (merlib.motion.flow.unknown_pixels tells which) before computing with the flow.",
        )
    return flow if np.issubdtype(flow.dtype, np.floating) else flow.astype(np.float32)


def unknown_pixels(flow: np.ndarray) -> np.ndarray:
    """Return which pixels of a flow (..., H, W, 2) are marked as unknown, as in ``.flo`` files; bool (..., H, W)."""
    return (np.abs(flow) > UNKNOWN).any(axis=-1)


def end_point_error(flow: np.ndarray, truth: np.ndarray, above: float = 0.0) -> tuple[float, float]:
    """Return the mean end-point error of a flow and, for comparison, that of a field of zeros, both in pixels.

    Parameters
    ----------
    flow, truth : array (H, W, 2)
        Estimated and true motion, pixels.
    above : float
        Only pixels whose true motion is larger than this count, px. Pixels whose motion is unknown in either flow never
        count.

    Raises
    ------
    MerlibError
        When shapes differ or no pixel moves that far.
    """
    flow, truth = check_flow(flow, unknown=True), check_flow(truth, unknown=True)
    if flow.shape != truth.shape:
        expected = "two flows of the same shape."
        raise MerlibError(f"flows of shape {flow.shape} and {truth.shape}.", expected, "resize neither: recompute.")
    known = ~(unknown_pixels(flow) | unknown_pixels(truth))
    size = np.where(known, np.linalg.norm(truth, axis=-1), 0.0)
    moving = known & (size > above)
    if not moving.any():
        found = f"no pixel that moves further than {above:g} px (largest {size.max():g})."
        raise MerlibError(found, "some true motion.", "lower `above`.")
    error = np.linalg.norm(flow - truth, axis=-1)
    return float(error[moving].mean()), float(size[moving].mean())
