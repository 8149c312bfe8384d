"""Bootstrap intervals that resample people, because clips of one person are not independent, and training seeds.

Where a model was trained from several seeds, the seeds are resampled like the people; an interval with fixed seeds
would hold for these trainings only. A single seed cannot be resampled, so the interval of a single training says
nothing about another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from merlib.errors import MerlibError
from merlib.scoring.confusion_counts import Classes, SubjectCounts, confusions_by_subject
from merlib.scoring.metrics import Formula, formula


class Interval(NamedTuple):
    """A value and the ends of its interval, which are NaN where neither people nor seeds can be resampled."""

    value: float
    low: float
    high: float


def subject_weights(datasets: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """Return how often each subject is drawn, float (replicates, subjects), with replacement within its data set.

    Parameters
    ----------
    datasets : str array (subjects,)
        Data set of each subject; each stratum keeps its number of subjects.
    replicates, seed : int
        Number of resamples and the seed of the draws.

    Raises
    ------
    MerlibError
        When `replicates` is below 1.
    """
    if replicates < 1:
        raise MerlibError(f"{replicates} replicates.", "at least 1; 2000 for a 95 % interval.", "raise the number.")
    random = np.random.default_rng(seed)
    weights = np.zeros((replicates, len(datasets)))
    for name in np.unique(datasets):
        members = np.flatnonzero(datasets == name)
        weights[:, members] = random.multinomial(len(members), np.full(len(members), 1 / len(members)), replicates)
    return weights


def can_be_resampled(datasets: np.ndarray, seeds: int) -> bool:
    """Return whether a resample can differ from the sample: it needs two people of one data set, or two seeds."""
    return seeds > 1 or len(np.unique(datasets)) < len(datasets)


def seed_weights(seeds: int, replicates: int, seed: int) -> np.ndarray:
    """Return the share of each training seed in each resample, float (replicates, seeds); rows sum to one.

    As many seeds are drawn, with replacement, as there are. The draws have a random stream of their own, so that the
    people in a resample do not depend on the number of seeds. Few seeds understate their spread: a bootstrap of n
    values has (n - 1) / n of their variance, so three seeds lose a third of it.

    Parameters
    ----------
    seeds, replicates, seed : int
        Number of training seeds, number of resamples, and the seed of the draws.
    """
    random = np.random.default_rng((seed, 1))
    return random.multinomial(seeds, np.full(seeds, 1 / seeds), replicates) / seeds


def resampled_counts(weights: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the pooled counts of each resample, (replicates, seeds, C, C).

    Parameters
    ----------
    weights : float array (replicates, subjects)
        How often each subject is drawn.
    counts : float array (subjects, seeds, C, C)
        Confusion counts of each subject.
    """
    return (weights @ counts.reshape(len(counts), -1)).reshape(len(weights), *counts.shape[1:])


def bootstrap_draws(
    values_of: Callable[[np.ndarray], np.ndarray], datasets: np.ndarray, seeds: int, replicates: int, seed: int
) -> np.ndarray:
    """Return a statistic of each resample of people and of training seeds, float (replicates,).

    Where no resample can differ from the sample (`can_be_resampled`), all draws are NaN, so that no interval of zero
    width results.

    Parameters
    ----------
    values_of : callable
        Maps how often each subject is drawn (replicates, subjects) to the statistic (replicates, seeds).
    datasets : str array (subjects,)
        Data set of each subject.
    seeds, replicates, seed : int
        Number of training seeds, number of resamples, and the seed of the draws.
    """
    if not can_be_resampled(datasets, seeds):
        return np.full(replicates, np.nan)
    values = values_of(subject_weights(datasets, replicates, seed))
    return (values * seed_weights(seeds, replicates, seed)).sum(-1)


def ends(draws: np.ndarray, level: float) -> tuple[float, float]:
    """Return the ends of the central percentile interval of `draws` (replicates,) with coverage `level`, in 0..1.

    Raises
    ------
    MerlibError
        When `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise MerlibError(f"an interval of level {level}.", "a coverage between 0 and 1.", "use .95.")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_of_counts(counted: SubjectCounts, of_counts: Formula, replicates: int, seed: int) -> np.ndarray:
    """Return a metric of the pooled counts of each resample, float (replicates,); see `bootstrap_draws`."""

    def metric_of(weights: np.ndarray) -> np.ndarray:
        return of_counts(resampled_counts(weights, counted.counts))

    return bootstrap_draws(metric_of, counted.datasets, counted.counts.shape[1], replicates, seed)


def bootstrap_interval(
    predictions: pd.DataFrame,
    metric: Callable | str,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
    classes: Classes = None,
) -> Interval:
    """Return a metric with its percentile bootstrap interval.

    Subjects are resampled with replacement within each data set, and all clips of a subject stay together. So the
    interval says what the value might be with other people, not with other clips of the same ones. Several training
    seeds are resampled too (`seed_weights`), so that it covers other trainings as well; with one seed it cannot. It
    does not cover other training sets, since the models are not trained again. A resample that lost all clips of a
    class averages over the classes that it kept. With one person of each data set and one seed nothing can be
    resampled, and the ends are NaN.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned. Several seeds: the metric is computed for each and averaged.
    metric : metric or str
        `uf1`, `uar`, `accuracy` or their names; see `metrics.formula`.
    level : float
        Coverage of the interval.
    replicates, seed : int
        Number of resamples and the seed of the draws.
    classes : int or sequence of str, optional
        Number or names of the classes.

    Raises
    ------
    MerlibError
        When the metric is unknown or `level` is not between 0 and 1, and as `confusions_by_subject`.
    """
    of_counts = formula(metric)
    counted = confusions_by_subject(predictions, classes)
    draws = bootstrap_of_counts(counted, of_counts, replicates, seed)
    return Interval(float(of_counts(counted.pooled).mean()), *ends(draws, level))


def interval_over_deals(
    deals: Sequence[pd.DataFrame], metric: Callable | str, level: float = 0.95, replicates: int = 2000, seed: int = 0
) -> Interval:
    """Return the mean of a metric over runs with differently shuffled labels, with people and deals resampled.

    A control with shuffled labels says what guessing gives only up to the accident of its deal, which an interval over
    people does not cover: it holds the labels fixed. With one deal this is `bootstrap_interval`.

    Parameters
    ----------
    deals : sequence of predictions
        One for each deal, over the same people.
    metric, level, replicates, seed
        As for `bootstrap_interval`.

    Raises
    ------
    MerlibError
        When the deals are not over the same people, and as `bootstrap_interval`.
    """
    of_counts = formula(metric)
    counted = [confusions_by_subject(predictions) for predictions in deals]
    first = counted[0]
    for number, other in enumerate(counted[1:], 2):
        if not np.array_equal(first.subjects, other.subjects):
            raise MerlibError(
                f"deal {number} with other people than the first.",
                "the same people in each deal.",
                "shuffle the labels of the same clips.",
            )

    def metric_of(weights: np.ndarray) -> np.ndarray:
        return np.stack([of_counts(resampled_counts(weights, deal.counts)).mean(-1) for deal in counted], axis=-1)

    draws = bootstrap_draws(metric_of, first.datasets, len(counted), replicates, seed)
    return Interval(float(np.mean([of_counts(deal.pooled).mean() for deal in counted])), *ends(draws, level))
