"""Bootstrap intervals that resample people, because clips of one person are not independent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from merlib.scoring.counts import subject_counts


@dataclass(frozen=True)
class Interval:
    """A value and the ends of its interval."""

    value: float
    low: float
    high: float


def subject_weights(datasets: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """Return how often each subject is drawn (replicates, subjects), with replacement within its data set."""
    random = np.random.default_rng(seed)
    weights = np.zeros((replicates, len(datasets)), np.int64)
    for name in np.unique(datasets):
        members = np.flatnonzero(datasets == name)
        weights[:, members] = random.multinomial(len(members), np.full(len(members), 1 / len(members)), replicates)
    return weights


def bootstrap_interval(
    predictions: pd.DataFrame,
    metric: Callable,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
) -> Interval:
    """Return a metric with its percentile bootstrap interval.

    Subjects are resampled with replacement within each data set; all clips and all seeds of a subject stay
    together, so the interval speaks of other people, not of other clips of the same ones.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned.
    metric : callable
        `uf1`, `uar` or `accuracy`.
    level : float
        Coverage of the interval.
    replicates, seed : int
        Number of resamples and the seed of the draws.
    """
    counted = subject_counts(predictions)
    weights = subject_weights(counted.datasets, replicates, seed)
    draws = metric.of_counts(np.tensordot(weights, counted.counts, 1)).mean(1)  # (replicates, seeds) -> mean
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(metric.of_counts(counted.counts.sum(0)).mean()), float(low), float(high))
