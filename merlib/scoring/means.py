"""The mean of one number per clip with an interval over people, since clips of one person are not independent."""

from __future__ import annotations

import numpy as np

from merlib.errors import MerlibError
from merlib.scoring.intervals import Interval, bootstrap_draws, ends


def mean_over_clips(
    values: np.ndarray,
    people: np.ndarray,
    datasets: np.ndarray,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
) -> Interval:
    """Return the mean of `values` and the ends of its percentile bootstrap interval.

    As in `bootstrap_interval`, people are drawn with replacement within each data set, and all clips of a person stay
    together; with one person of each data set the ends are NaN. If `values` are differences of two numbers of each
    clip, the interval is a paired one.

    Parameters
    ----------
    values : array (N,)
        One finite number per clip.
    people, datasets : str arrays (N,)
        Person and data set of each clip; names of people must be unique across data sets.
    level, replicates, seed
        Coverage, number of resamples, seed of the draws.

    Raises
    ------
    MerlibError
        When lengths differ or a value is not finite.
    """
    values = np.asarray(values, float)
    if not len(values) == len(people) == len(datasets) or not len(values):
        found = f"{len(values)} values, {len(people)} people, {len(datasets)} data sets."
        raise MerlibError(
            found, "one of each for every clip, and at least one clip.", "take them from the same samples."
        )
    if not np.isfinite(values).all():
        raise MerlibError("a value that is not finite.", "finite numbers.", "leave out the clips that have none.")
    _, first, index = np.unique(people, return_index=True, return_inverse=True)
    sums, counts = np.bincount(index, values), np.bincount(index)

    def means_of(weights: np.ndarray) -> np.ndarray:
        return ((weights @ sums) / (weights @ counts))[:, None]

    draws = bootstrap_draws(means_of, np.asarray(datasets)[first], 1, replicates, seed)
    return Interval(float(values.mean()), *ends(draws, level))
