"""Robust removal of a smooth surface from a flow map, which takes out the head's motion and leaves the face's.

When a head shifts, turns or comes nearer, the motion of its pixels is a surface of low degree in x and y. A
micro-expression moves a few pixels differently. A surface fitted by least squares would follow both. With Tukey's
biweight the pixels that move differently lose their weight, so that the surface follows the head alone, and the
residuals are the motion of the face.
"""

from __future__ import annotations

import numpy as np

REWEIGHTINGS = 8
CUT = 4.0  # residuals larger than this many scales get no weight
SCALE = 1.48  # times the median absolute residual, this is the standard deviation of normally distributed errors
SMALLEST = 1e-3  # added to the scale, which would be zero where a surface fits most of a map exactly; maps lie in 0..1


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
        Residuals of the last of nine fits: the first weights all pixels alike, eight reweighted ones follow.
    """
    terms = surface_terms(degree, *field.shape)
    values, weights = field.ravel().astype(float), np.ones(field.size)
    for _ in range(REWEIGHTINGS + 1):
        weighted = terms * weights[:, None]
        residuals = values - terms @ np.linalg.solve(weighted.T @ terms, weighted.T @ values)
        cut = CUT * (SCALE * np.median(np.abs(residuals)) + SMALLEST)
        weights = np.clip(1 - (residuals / cut) ** 2, 0, None) ** 2
    return residuals.reshape(field.shape)
