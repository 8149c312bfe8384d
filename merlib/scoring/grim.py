"""GRIM (Brown and Heathers 2017): test whether a printed accuracy can be a share of a given number of clips at all."""

from __future__ import annotations

import math
from collections.abc import Iterable


def shares(printed: float, clips: int, decimals: int = 2, whole: float = 100.0) -> list[int]:
    """Return every k for which `whole` k / `clips` is `printed` after rounding to `decimals`.

    Parameters
    ----------
    printed : float
        The value as a paper prints it.
    clips : int
        The number of clips of which it is a share.
    decimals : int
        Number of decimals printed. A half may have been rounded up or down.
    whole : float
        100 for a percentage, 1 for a fraction.
    """
    half, slack = 0.5 * 10.0**-decimals, 1e-9 * whole
    low = math.ceil((printed - half - slack) / whole * clips)
    high = math.floor((printed + half + slack) / whole * clips)
    return list(range(max(low, 0), min(high, clips) + 1))


def explaining_sizes(printed: Iterable[float], sizes: Iterable[int], decimals: int = 2) -> list[int]:
    """Return those of `sizes`, numbers of clips, of which every printed percentage can be a share."""
    printed = list(printed)
    return [size for size in sizes if all(shares(value, size, decimals) for value in printed)]
