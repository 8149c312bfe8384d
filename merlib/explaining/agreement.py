"""Measure how well heat maps find a known region, and how much two maps agree; the result is one number per clip.

`pointing_game` follows Zhang et al. 2018: is the highest place of the map inside the region? `region_auc` uses the
whole map: it is the probability that a place inside the region is higher than one outside it. A random map scores the
region's share of the area in the first, and one half in the second. So does a constant map, since ties are shared.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from merlib.errors import MerlibError


def _inside(maps: np.ndarray, within: np.ndarray | None, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return of each array only the places that count, (N, places)."""
    maps = np.asarray(maps, np.float64)
    shapes = {np.shape(other) for other in others}
    if maps.ndim != 3 or shapes != {maps.shape}:
        found = f"maps {maps.shape} and {', '.join(map(str, shapes))}."
        raise MerlibError(found, "maps (N, H, W), all of one shape.", "draw them to one size.")
    counts = np.ones(maps.shape[1:], bool) if within is None else np.asarray(within, bool)
    return tuple(np.asarray(one)[:, counts] for one in (maps, *others))


def _checked(regions: np.ndarray) -> np.ndarray:
    size = regions.sum(1)
    if ((size == 0) | (size == regions.shape[1])).any():
        row = int(np.flatnonzero((size == 0) | (size == regions.shape[1]))[0])
        found = f"the region of row {row} holds {size[row]} of {regions.shape[1]} places."
        raise MerlibError(found, "some places inside and some outside.", "leave that row out.")
    return regions


def pointing_game(maps: np.ndarray, regions: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
    """Return whether each map is highest inside its region, float (N,); several highest places share the answer.

    Parameters
    ----------
    maps : array (N, H, W)
        Heat maps; higher means more important.
    regions : bool array (N, H, W)
        The regions to be found.
    within : bool array (H, W), optional
        Places that count, such as the face; all of them by default.

    Raises
    ------
    MerlibError
        When shapes differ, or a region is empty or everything.
    """
    values, hit = _inside(maps, within, np.asarray(regions, bool))
    highest = values == values.max(1, keepdims=True)
    return (highest & _checked(hit)).sum(1) / highest.sum(1)


def region_auc(maps: np.ndarray, regions: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
    """Return the area under the curve of each map for its region, float (N,): P(inside > outside), ties count a half.

    Parameters and errors are those of `pointing_game`.
    """
    values, hit = _inside(maps, within, np.asarray(regions, bool))
    inside = _checked(hit).sum(1)
    ranks = (rankdata(values, axis=1) * hit).sum(1)
    return (ranks - inside * (inside + 1) / 2) / (inside * (hit.shape[1] - inside))


def rank_correlation(first: np.ndarray, second: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
    """Return Spearman's rank correlation of each pair of maps, float (N,); it is 0 where a map is constant.

    Parameters
    ----------
    first, second : arrays (N, H, W)
        The maps to compare, such as a clip's map before and after the weights were randomised.
    within : bool array (H, W), optional
        Places that count, such as the face; all of them by default.

    Raises
    ------
    MerlibError
        When shapes differ.
    """
    pair = [rankdata(values, axis=1) for values in _inside(first, within, np.asarray(second, np.float64))]
    centred = [ranks - ranks.mean(1, keepdims=True) for ranks in pair]
    scale = np.sqrt((centred[0] ** 2).sum(1) * (centred[1] ** 2).sum(1))
    return (centred[0] * centred[1]).sum(1) / np.where(scale > 0, scale, 1.0)
