"""Robust removal of a smooth surface from a flow map: what the head does, less what the face does.

A head that shifts, turns or comes nearer moves all pixels by a surface of low degree in x and y. A micro-expression
moves a few of them differently. A surface fitted by least squares would follow both; with Tukey's biweight the pixels
that move differently lose their say, so that the surface follows the head and what is left is the face.
"""

from __future__ import annotations

import numpy as np

REWEIGHTINGS = 8
CUT = 4.0  # residuals beyond so many scales have no weight
SCALE = 1.48  # times the median of absolute residuals: the deviation of normal errors
SMALLEST = 1e-3  # added to the scale, for maps most of which a surface fits exactly; maps lie in 0..1


def surface_terms(degree: int, height: int, width: int) -> np.ndarray:
    """Return the terms x^i y^j with i + j up to `degree`, (height * width, terms), with x and y from -1 to 1."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([(x**i * y**j).ravel() for i in range(degree + 1) for j in range(degree + 1 - i)], axis=-1)


def without_surface(field: np.ndarray, degree: int) -> np.ndarray:
    """Return what a robust surface of `degree` leaves of one field.

    Parameters
    ----------
    field : float array (H, W)
        One channel of one map, in 0..1.
    degree : int
        0 removes a robust mean, 1 a plane, 2 a paraboloid.

    Returns
    -------
    float array (H, W)
        Residuals after the last of the eight fits; the first fit weights all pixels alike.
    """
    terms = surface_terms(degree, *field.shape)
    values, weights = field.ravel().astype(float), np.ones(field.size)
    for _ in range(REWEIGHTINGS + 1):
        weighted = terms * weights[:, None]
        residuals = values - terms @ np.linalg.solve(weighted.T @ terms, weighted.T @ values)
        cut = CUT * (SCALE * np.median(np.abs(residuals)) + SMALLEST)
        weights = np.clip(1 - (residuals / cut) ** 2, 0, None) ** 2
    return residuals.reshape(field.shape)
