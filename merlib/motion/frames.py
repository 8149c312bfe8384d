"""Check frames before motion is estimated, and convert them to the forms that are used: grey or RGB, from 0 to 1."""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, as OpenCV's RGB to grey
SMALLEST = 16  # pixels per side; in smaller frames no method can build its pyramid of resolutions
_ACTION = "hand over frames as uint8 0..255 or float 0..1, (H, W) grey or (H, W, 3) RGB."


def unit_range(frame: np.ndarray) -> np.ndarray:
    """Return a frame, or a stack of frames, as float32 in 0..1.

    Parameters
    ----------
    frame : array (..., H, W) or (..., H, W, 3)
        uint8 0..255, or floating point already in 0..1.

    Raises
    ------
    MerlibError
        For another dtype, values outside 0..1 or values that are not finite.
    """
    frame = np.asarray(frame)
    if frame.dtype == np.uint8:
        return frame.astype(np.float32) / 255.0
    if not np.issubdtype(frame.dtype, np.floating):
        raise MerlibError(f"a frame of dtype {frame.dtype}.", "uint8 or floating point.", _ACTION)
    if not np.isfinite(frame).all():
        raise MerlibError("a frame with values that are not finite.", "finite values in 0..1.", _ACTION)
    if frame.size and (frame.min() < -1e-6 or frame.max() > 1 + 1e-6):
        found = f"a floating-point frame with values {frame.min():g} to {frame.max():g}."
        raise MerlibError(found, "values in 0..1.", _ACTION)
    return frame.astype(np.float32)


def grey(frame: np.ndarray) -> np.ndarray:
    """Return a frame as float32 (H, W) in 0..1; colour is weighted as by ITU-R BT.601.

    Raises
    ------
    MerlibError
        As `unit_range`, and for a shape other than (H, W) or (H, W, 3), or a side under 16 pixels.
    """
    frame = unit_range(check_shape(frame))
    return frame if frame.ndim == 2 else frame @ LUMA


def colour(frame: np.ndarray) -> np.ndarray:
    """Return a frame as float32 RGB (H, W, 3) in 0..1; grey is repeated. Errors as `grey`."""
    frame = unit_range(check_shape(frame))
    return np.repeat(frame[..., None], 3, axis=2) if frame.ndim == 2 else frame


def check_shape(frame: np.ndarray) -> np.ndarray:
    """Return the frame as an array, after checking that it is (H, W) or (H, W, 3) with at least 16 x 16 pixels.

    Raises
    ------
    MerlibError
        For another shape or a smaller frame.
    """
    frame = np.asarray(frame)
    good = frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] == 3)
    if not good or min(frame.shape[:2]) < SMALLEST:
        expected = f"(H, W) or (H, W, 3) with H and W at least {SMALLEST}."
        raise MerlibError(f"a frame of shape {frame.shape}.", expected, _ACTION)
    return frame


def check_pair(first: np.ndarray, second: np.ndarray) -> None:
    """Raise when two frames differ in height or width.

    Raises
    ------
    MerlibError
        When they differ, or as `check_shape` for either.
    """
    first, second = check_shape(first), check_shape(second)
    if first.shape[:2] != second.shape[:2]:
        raise MerlibError(
            f"frames of {first.shape[:2]} and {second.shape[:2]} pixels.",
            "two frames of the same height and width.",
            "crop both with the same box (the onset's landmarks hold for the whole clip).",
        )


def as_bytes(frames: np.ndarray) -> np.ndarray:
    """Return floating-point frames in 0..1 as uint8 0..255; values that magnification moved outside are clipped."""
    return np.rint(np.clip(frames, 0.0, 1.0) * 255.0).astype(np.uint8)
