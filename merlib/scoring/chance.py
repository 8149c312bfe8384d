"""The values that guessing reaches, which every result has to exceed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from merlib.errors import MerlibError
from merlib.scoring.metrics import accuracy_of_counts, formula, uar_of_counts, uf1

LINEAR = (accuracy_of_counts, uar_of_counts)  # linear in the counts once the truth is given: exact expectation


class ChanceLevel(NamedTuple):
    """What two guessers reach.

    `majority` always answers with the most frequent class. `stratified` is the expected value of a guesser who draws
    each answer at random with the classes' frequencies; in 2.5 % of the tries such a guesser exceeds `stratified_high`.
    """

    majority: float
    stratified: float
    stratified_high: float


def chance_level(
    labels: npt.ArrayLike, metric: Callable | str = uf1, draws: int = 10_000, seed: int = 0
) -> ChanceLevel:
    """Return what guessing without looking reaches on these labels.

    The majority's value is exact. The random guesser's is exact for `accuracy` (the sum of the squared
    frequencies) and `uar` (1 / classes), and the mean of `draws` simulated guessers for other metrics, UF1 among
    them. Both know the frequencies of the very labels they are scored on, so they are a little better than
    guessers that learned them from a training fold.

    Parameters
    ----------
    labels : int array (N,)
        Class index of each clip, each clip once (take one seed of a table of predictions).
    metric : metric or str
        `uf1`, `uar`, `accuracy` or their names.
    draws, seed : int
        Number of simulated guessers and the seed of the draws.

    Raises
    ------
    MerlibError
        When there are no labels or they are no class indices.
    """
    values = np.asarray(labels)
    if values.ndim != 1 or not values.size or not np.issubdtype(values.dtype, np.integer) or values.min() < 0:
        raise MerlibError(
            f"labels of shape {values.shape} and type {values.dtype}.",
            "one class index (0, 1, ...) a clip.",
            "hand over Samples.labels or one seed's column `label`.",
        )
    if draws < 1:
        raise MerlibError(f"{draws} draws.", "at least 1.", "raise the number.")
    of_counts = formula(metric)
    sizes = np.bincount(values)
    majority = np.zeros((len(sizes), len(sizes)))
    majority[:, sizes.argmax()] = sizes
    frequencies = sizes / sizes.sum()
    random = np.random.default_rng(seed)
    guesses = np.stack([random.multinomial(n, frequencies, draws) for n in sizes], axis=1)  # (draws, C, C)
    reached = of_counts(guesses)
    expected = of_counts(np.outer(sizes, frequencies)) if of_counts in LINEAR else reached.mean()
    return ChanceLevel(float(of_counts(majority)), float(expected), float(np.quantile(reached, 0.975)))
