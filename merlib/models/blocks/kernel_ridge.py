"""Ridge regression on a kernel of distances, in which every class has the same total weight, however rare it is."""

from __future__ import annotations

import numpy as np

RIDGE = 0.3
CONSTANT = 10.0  # added to every kernel value; it acts as an intercept


def class_targets(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return one-hot targets of `labels` (N,) minus 1 / classes, (N, classes), so that each row sums to zero."""
    return np.eye(classes)[labels] - 1 / classes


def ridge_weights(kernel: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Solve for the coefficients (N, classes) of balanced kernel ridge regression.

    Row i of the penalty is `RIDGE` divided by the weight of its class, which is inversely proportional to the class's
    number of rows, with mean one.
    """
    counts = np.bincount(labels, minlength=classes)
    weight = len(labels) / ((counts > 0).sum() * counts[labels])
    return np.linalg.solve(kernel + np.diag(RIDGE / weight), class_targets(labels, classes))


def typical_distance(distances: np.ndarray) -> float:
    """Return the median of the squared distances (N, N) between different clips: the width of a kernel."""
    return float(np.median(distances[~np.eye(len(distances), dtype=bool)]))


def gaussian_kernel(distances: np.ndarray, width: float) -> np.ndarray:
    """Return exp(-distance / (2 width)) of squared distances, in the shape of `distances`."""
    return np.exp(-0.5 * distances / width)
