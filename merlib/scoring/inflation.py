"""By how much a result with a liberty exceeds an honest one, whether the training was changed or only the average.

A *statistic* maps the weights of resamples (replicates, subjects) and the counts of each subject (subjects, seeds, C,
C) to values (replicates, seeds); see `pooled` and `subject_mean`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from merlib.scoring.as_published import precision_called_uar
from merlib.scoring.intervals import Interval, bootstrap_draws, ends, resampled_counts
from merlib.scoring.metrics import Formula, uar_of_counts, uf1_of_counts
from merlib.scoring.pairing import paired_counts

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]


def pooled(of_counts: Formula) -> Statistic:
    """Return the statistic that pools all clips of a resample and applies a metric to the counts."""
    return lambda weights, counts: of_counts(resampled_counts(weights, counts))


def subject_mean(of_counts: Formula) -> Statistic:
    """Return the statistic that applies a metric to each subject and averages over subjects (ASTNET-B9)."""
    return lambda weights, counts: weights @ of_counts(counts) / weights.sum(1, keepdims=True)


UF1 = pooled(uf1_of_counts)
UAR = pooled(uar_of_counts)
SUBJECT_MEAN_F1 = subject_mean(uf1_of_counts)
PRECISION_AS_UAR = pooled(precision_called_uar.of_counts)  # CROSS-X1


def value_of(predictions: pd.DataFrame, statistic: Statistic = UF1, replicates: int = 2000, seed: int = 0) -> Interval:
    """Return a statistic with its 95 % interval over people and seeds."""
    counted, _ = paired_counts(predictions, predictions)
    values = statistic(np.ones((1, len(counted.counts))), counted.counts)
    seeds = counted.counts.shape[1]
    draws = bootstrap_draws(lambda w: statistic(w, counted.counts), counted.datasets, seeds, replicates, seed)
    return Interval(float(values.mean()), *ends(draws, 0.95))


def inflation(
    leaky: pd.DataFrame,
    honest: pd.DataFrame,
    measured: Statistic = UF1,
    honestly: Statistic = UF1,
    *,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
) -> Interval:
    """Return by how much one statistic of `leaky` exceeds another of `honest`, with a paired bootstrap interval.

    People are resampled within their data set and seeds in pairs, the same for both sides.

    Parameters
    ----------
    leaky, honest : DataFrame
        Predictions of the same clips; the same table twice where only the average differs.
    measured, honestly : statistic
        The statistic of `leaky`, and that of `honest`.
    level, replicates, seed
        As for `bootstrap_interval`.

    Raises
    ------
    MerlibError
        When clips, labels, classes or numbers of seeds differ.
    """
    first, second = paired_counts(leaky, honest)
    everybody = np.ones((1, len(first.counts)))
    value = measured(everybody, first.counts) - honestly(everybody, second.counts)

    def gaps_of(weights: np.ndarray) -> np.ndarray:
        return measured(weights, first.counts) - honestly(weights, second.counts)

    draws = bootstrap_draws(gaps_of, first.datasets, first.counts.shape[1], replicates, seed)
    return Interval(float(value.mean()), *ends(draws, level))
