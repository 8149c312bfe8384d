"""Check that the values of a flow are possible in the unit it claims.

Mirroring a map turns the sign of u, and how that is done depends on the unit: u becomes -u in pixels, but 255 - u where
it was stretched to 0..255. With a wrong unit every mirrored map would become nonsense without any error.
"""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError

FLOWS = ("flow", "puzzle", "flow_sequence")


def check_scale(name: str, low: float, high: float, source: str) -> None:
    """Raise when the range of a flow contradicts the unit ``minmax255``, each channel stretched to 0..255.

    Parameters
    ----------
    name : str
        Name of the input, such as ``flow``.
    low, high : float
        Its smallest and largest value.
    source : str
        Name of the samples, for the message.

    Raises
    ------
    MerlibError
        For values below 0 or above 255, and for values that vary but never exceed 1.
    """
    found = f"{source}: {name} of unit 'minmax255' spans {low:g} to {high:g}."
    expected = "0 to 255, each channel stretched by its own minimum and maximum."
    if low < 0 or high > 255:
        raise MerlibError(found, expected, "say unit='px' for a flow in pixels, or stretch it to 0..255.")
    if low < high <= 1:
        raise MerlibError(found, expected, "multiply maps in 0..1 by 255, or say unit='px' for a flow in pixels.")


def constant_maps(values: np.ndarray) -> np.ndarray:
    """Return bool (N,): which rows of `values` (N, ..., H, W) hold no motion, every channel of every map constant."""
    flat = np.asarray(values).reshape(len(values), -1, values.shape[-2] * values.shape[-1])
    return (flat.max(axis=2) == flat.min(axis=2)).all(axis=1)
