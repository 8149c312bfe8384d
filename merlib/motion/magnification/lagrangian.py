"""Lagrangian magnification, for teaching: measure the flow, scale it, and warp the frame by it.

It multiplies exactly the flow that is measured again afterwards. It can therefore neither show what magnification does
for recognition (ASTNet Table 6) nor produce the artefacts that UAMRN's sparse attention is meant to reject.
"""

from __future__ import annotations

import numpy as np

from merlib.motion.flow import check_flow, dense_flow
from merlib.motion.frames import check_pair, unit_range

STEPS = 40  # of the fixed-point iteration; it stops earlier once no pixel moves by more than TOLERANCE
TOLERANCE = 0.01  # pixels


def warp_by_flow(frame: np.ndarray, flow: np.ndarray, factor: float) -> np.ndarray:
    """Redraw the second frame of a pair as if the motion between the pair were `factor` times as large.

    What is at x in the first frame and at x + flow(x) in the second is drawn at x + factor * flow(x). Where this folds
    the picture (see `fold_fraction`), several points would be drawn at one place; the result there is one of them, or
    blurred.

    Parameters
    ----------
    frame : array (H, W) or (H, W, 3)
        The second frame, uint8 or float 0..1.
    flow : array (H, W, 2)
        From the first to the second frame, pixels.
    factor : float
        Total ratio: 1 gives the frame itself, 0 approximately the first frame.

    Returns
    -------
    float32 array as `frame`
        Redrawn frame in 0..1.

    Raises
    ------
    MerlibError
        For an unreadable frame or flow.
    """
    import cv2

    flow = check_flow(flow).astype(np.float32)
    image = unit_range(frame)
    if factor == 1:
        return image
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    here = np.stack([columns, rows], axis=-1)
    origin = here.copy()  # where in the first frame each pixel of the answer comes from
    for step in range(STEPS):
        moved = here - factor * _sample(flow, origin)
        # whole steps first; then half steps, which also converge where the scaled flow is too steep for whole ones
        moved = moved if step < STEPS // 2 else (origin + moved) / 2
        change = np.abs(moved - origin).max()
        origin = moved
        if change < TOLERANCE:
            break
    source = origin + _sample(flow, origin)  # ... and in the second
    return np.clip(cv2.remap(image, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), 0.0, 1.0)


def _sample(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.remap(field, np.ascontiguousarray(points), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def fold_fraction(flow: np.ndarray, factor: float) -> float:
    """Return the share of pixels at which the picture folds when it is warped by `factor` times the flow.

    It folds where the determinant of the warp's derivative, (1 + k ux)(1 + k vy) - k^2 uy vx, is not positive; k is the
    factor.
    """
    flow = check_flow(flow) * factor
    uy, ux = np.gradient(flow[..., 0], axis=(-2, -1))
    vy, vx = np.gradient(flow[..., 1], axis=(-2, -1))
    return float(((1 + ux) * (1 + vy) - uy * vx <= 0).mean())


def magnify_lagrangian(
    first: np.ndarray, second: np.ndarray, factor: float, flow_method: str = "tvl1", **options: object
) -> np.ndarray:
    """Return the second frame with its motion since the first `factor` times as large.

    Parameters
    ----------
    first, second : array (H, W) or (H, W, 3)
        Onset and a later frame, uint8 or float 0..1.
    factor : float
        Total ratio: 3 is a motion three times as large (errata ASTNET-B2, ASTNET-B15, UAMRN-F12).
    flow_method, **options
        Method and options for `dense_flow`.

    Returns
    -------
    float32 array as `second`
        Magnified frame in 0..1.

    Raises
    ------
    MerlibError
        As `dense_flow`.
    """
    check_pair(first, second)
    return warp_by_flow(second, dense_flow(first, second, flow_method, **options), factor)
