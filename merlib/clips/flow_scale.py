"""Whether the values of a flow can be what its unit says: a wrong unit turns a mirrored map into nonsense, silently."""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError

FLOWS = ("flow", "puzzle", "flow_sequence")


def check_scale(name: str, low: float, high: float, source: str) -> None:
    """Check a flow that is said to be stretched to 0..255 (unit ``minmax255``).

    Parameters
    ----------
    name : str
        Of the input.
    low, high : float
        Its least and largest value.
    source : str
        Name of the samples, for the message.

    Raises
    ------
    MerlibError
        For values below 0 or above 255, and for values that never exceed 1.
    """
    found = f"{source}: {name} of unit 'minmax255' spans {low:g} to {high:g}."
    expected = "0 to 255, each channel stretched by its own minimum and maximum."
    if low < 0 or high > 255:
        raise MerlibError(found, expected, "say unit='px' for a flow in pixels, or stretch it to 0..255.")
    if low < high <= 1:
        raise MerlibError(found, expected, "multiply maps in 0..1 by 255, or say unit='px' for a flow in pixels.")


def constant_maps(values: np.ndarray) -> np.ndarray:
    """Return which rows of (N, ..., H, W) hold no motion at all: every channel of every map is constant, bool (N,)."""
    flat = np.asarray(values).reshape(len(values), -1, values.shape[-2] * values.shape[-1])
    return (flat.max(axis=2) == flat.min(axis=2)).all(axis=1)
