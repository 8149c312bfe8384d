"""Paired tests between two models on the same people, and Holm's correction over a family of them.

Folds of one leave-one-subject-out run share their training data, so a t test over folds is not valid; here the
unit is the subject, and the null hypothesis is that the two models' answers could be exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from merlib.errors import MerlibError
from merlib.scoring.confusion_counts import Classes
from merlib.scoring.intervals import ends
from merlib.scoring.metrics import Formula, formula
from merlib.scoring.pairing import bootstrap_differences, difference_of_counts, paired_counts

CHUNK = 1000
TIE = 1e-12  # two sums of the same counts may differ in the last bit


class PairedTest(NamedTuple):
    """Metric of A minus that of B, two-sided p value, and the ends of the difference's bootstrap interval."""

    difference: float
    p_value: float
    low: float
    high: float


def paired_permutation_test(
    a: pd.DataFrame,
    b: pd.DataFrame,
    metric: Callable | str,
    permutations: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
    replicates: int = 2000,
    classes: Classes = None,
) -> PairedTest:
    """Test whether two models differ, swapping their answers subject by subject.

    All clips and all seeds of a subject are swapped together. Subjects on whom both models agree do not matter. When
    the others allow no more than `permutations` swaps, all are tried and the p value is exact. Otherwise it is
    (1 + draws at least as far from 0 as the observed difference) / (1 + draws), which is never 0. The p value holds for
    the trainings at hand, since their seeds are swapped together and not resampled. The interval comes from a bootstrap
    of people and seeds (as `bootstrap_interval`), not from the swaps, so the two may disagree. With several seeds, a
    difference is shown beyond these trainings only where the interval excludes zero.

    Parameters
    ----------
    a, b : DataFrame
        Predictions of the same clips; both have the same number of seeds, or one has a single seed; see
        `pairing.paired_counts`.
    metric : metric or str
        `uf1`, `uar`, `accuracy` or their names; with several seeds, averaged over them.
    permutations, seed : int
        Number of swaps, and the seed of all draws.
    level, replicates : float, int
        Coverage of the interval, and its number of resamples.
    classes : int or sequence of str, optional
        Number or names of the classes.

    Raises
    ------
    MerlibError
        When clips, labels, classes or numbers of seeds differ.
    """
    if permutations < 1:
        raise MerlibError(f"{permutations} permutations.", "at least 1; 10000 for a report.", "raise the number.")
    of_counts = formula(metric)
    first, second = paired_counts(a, b, classes)
    observed = float(difference_of_counts(first.pooled, second.pooled, of_counts))
    p_value = _p_value(first.counts, second.counts, observed, of_counts, permutations, seed)
    draws = bootstrap_differences(first, second, of_counts, replicates, seed)
    return PairedTest(observed, p_value, *ends(draws, level))


def _p_value(
    first: np.ndarray, second: np.ndarray, observed: float, of_counts: Formula, permutations: int, seed: int
) -> float:
    gap = first - second
    gap = gap[gap.any(axis=(1, 2, 3))]  # subjects on whom the models differ
    people = len(gap)
    if not people:
        return 1.0
    total = (first + second).sum(0)

    def extreme(signs: np.ndarray) -> int:
        swapped = (signs @ gap.reshape(people, -1)).reshape(len(signs), *total.shape)
        draws = difference_of_counts((total + swapped) / 2, (total - swapped) / 2, of_counts)
        return int((np.abs(draws) >= abs(observed) - TIE).sum())

    if people < 63 and 2**people <= permutations:
        signs = np.array(list(product((-1.0, 1.0), repeat=people))).reshape(2**people, people)
        return extreme(signs) / len(signs)
    random = np.random.default_rng(seed)
    sizes = [min(CHUNK, permutations - start) for start in range(0, permutations, CHUNK)]
    found = sum(extreme(random.choice([-1.0, 1.0], (size, people))) for size in sizes)
    return (found + 1) / (permutations + 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected for a family of tests by Holm's step-down method, in the order given.

    The i-th smallest of m p values is multiplied by m - i + 1, never below the one before it and never above 1.

    Parameters
    ----------
    p_values : mapping of str to float
        One p value per comparison, of the whole family and not of its small ones only.

    Raises
    ------
    MerlibError
        When a value is not in 0..1.
    """
    for name, p_value in p_values.items():
        if not 0 <= p_value <= 1:
            raise MerlibError(f"p value {p_value} of {name!r}.", "a number from 0 to 1.", "leave out tests not run.")
    ordered = sorted(p_values, key=p_values.__getitem__)
    corrected, running = {}, 0.0
    for rank, name in enumerate(ordered):
        running = max(running, min(1.0, (len(ordered) - rank) * p_values[name]))
        corrected[name] = running
    return {name: corrected[name] for name in p_values}
