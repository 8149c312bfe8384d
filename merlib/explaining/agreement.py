"""How well maps find a region that is known, and how much two maps agree; one number a clip.

`pointing_game` follows Zhang et al. 2018: is the highest place of the map inside the region? `region_auc` looks at the
whole map: the probability that a place inside the region is higher than one outside it. A map without knowledge gets
the region's share of the area in the first and a half in the second; so does a constant map, since ties are shared.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from merlib.errors import MerlibError


def _inside(maps: np.ndarray, within: np.ndarray | None, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the places that count of each array, (N, places)."""
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
        The higher, the more important.
    regions : bool array (N, H, W)
        What is to be found.
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
    """Return the area under the curve of each map on its region, float (N,): P(inside > outside), ties a half.

    Parameters and errors as `pointing_game`.
    """
    values, hit = _inside(maps, within, np.asarray(regions, bool))
    inside = _checked(hit).sum(1)
    ranks = (rankdata(values, axis=1) * hit).sum(1)
    return (ranks - inside * (inside + 1) / 2) / (inside * (hit.shape[1] - inside))


def rank_correlation(first: np.ndarray, second: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
    """Return Spearman's correlation of each pair of maps, float (N,); 0 where a map is constant and shows no order.

    Parameters
    ----------
    first, second : arrays (N, H, W)
        Such as a clip's map before and after the weights were randomised.
    within : bool array (H, W), optional
        Places that count.
    """
    pair = [rankdata(values, axis=1) for values in _inside(first, within, np.asarray(second, np.float64))]
    centred = [ranks - ranks.mean(1, keepdims=True) for ranks in pair]
    scale = np.sqrt((centred[0] ** 2).sum(1) * (centred[1] ** 2).sum(1))
    return (centred[0] * centred[1]).sum(1) / np.where(scale > 0, scale, 1.0)
