"""Paired tests between two models on the same people, and Holm's correction over a family of them.

Folds of one leave-one-subject-out run share their training data, so a t test over folds is not valid; here the
unit is the subject, and the null hypothesis is that the two models' answers could be exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from merlib.errors import MerlibError
from merlib.scoring.counts import SubjectCounts, class_names, subject_counts
from merlib.scoring.intervals import subject_weights

CHUNK = 1000
POWER_FACTOR = 2.8  # z(.975) + z(.8): the difference a two-sided 5 % test finds with 80 % power, in deviations


@dataclass(frozen=True)
class PairedTest:
    """Difference A - B, its 95 % bootstrap interval, two-sided p value, and deviation of the difference."""

    difference: float
    p_value: float
    low: float
    high: float
    deviation: float

    @property
    def detectable(self) -> float:
        """The difference that these subjects would show with 80 % power at the 5 % level."""
        return POWER_FACTOR * self.deviation


def _same_clips(a: pd.DataFrame, b: pd.DataFrame) -> None:
    keys = [set(zip(x["dataset"], x["subject"], x["clip"], x["label"], strict=True)) for x in (a, b)]
    apart = keys[0] ^ keys[1]
    if apart:
        raise MerlibError(
            f"{len(apart)} clips that only one of the two models scored, such as {'/'.join(map(str, min(apart)[:3]))}.",
            "the same clips with the same labels on both sides.",
            "compare models that ran on the same samples.",
        )


def _both_counts(a: pd.DataFrame, b: pd.DataFrame) -> tuple[SubjectCounts, SubjectCounts]:
    _same_clips(a, b)
    if class_names(a) != class_names(b):
        raise MerlibError(
            f"classes {class_names(a)} and {class_names(b)}.", "the same classes.", "compare models on one task."
        )
    counts = subject_counts(a), subject_counts(b)
    seeds = [c.counts.shape[1] for c in counts]
    if seeds[0] != seeds[1]:
        raise MerlibError(f"{seeds[0]} and {seeds[1]} seeds.", "as many.", "run both models with the same seeds.")
    return counts


def paired_permutation_test(
    a: pd.DataFrame, b: pd.DataFrame, metric: Callable, permutations: int = 10_000, seed: int = 0
) -> PairedTest:
    """Test whether two models differ, swapping their answers subject by subject.

    Parameters
    ----------
    a, b : DataFrame
        Predictions of the same clips with the same number of seeds.
    metric : callable
        `uf1`, `uar` or `accuracy`.
    permutations, seed : int
        Number of swaps and of bootstrap resamples, and the seed of the draws.

    Raises
    ------
    MerlibError
        When clips, labels, classes or the number of seeds differ.
    """
    first, second = _both_counts(a, b)
    of_counts = metric.of_counts

    def difference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (of_counts(x) - of_counts(y)).mean(-1)

    observed = float(difference(first.counts.sum(0), second.counts.sum(0)))
    random = np.random.default_rng(seed)
    total, gap = (first.counts + second.counts).sum(0), first.counts - second.counts
    extreme = 0
    for start in range(0, permutations, CHUNK):
        signs = random.choice([-1, 1], (min(CHUNK, permutations - start), len(first.subjects)))
        swapped = np.tensordot(signs, gap, 1)
        draws = difference((total + swapped) / 2, (total - swapped) / 2)
        extreme += int((np.abs(draws) >= abs(observed) - 1e-12).sum())
    weights = subject_weights(first.datasets, 2000, seed)
    resampled = difference(np.tensordot(weights, first.counts, 1), np.tensordot(weights, second.counts, 1))
    low, high = np.quantile(resampled, [0.025, 0.975])
    p_value = (extreme + 1) / (permutations + 1)
    return PairedTest(observed, p_value, float(low), float(high), float(resampled.std(ddof=1)))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected for a family of tests by Holm's step-down method, in the order given."""
    ordered = sorted(p_values, key=p_values.__getitem__)
    corrected, running = {}, 0.0
    for rank, name in enumerate(ordered):
        running = max(running, min(1.0, (len(ordered) - rank) * p_values[name]))
        corrected[name] = running
    return {name: corrected[name] for name in p_values}
