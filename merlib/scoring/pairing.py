"""The confusion counts of two models on the same people, side by side, and their difference under resampling."""

from __future__ import annotations

import numpy as np
import pandas as pd

from merlib.errors import MerlibError
from merlib.scoring.confusion_counts import Classes, SubjectCounts, class_names, confusions_by_subject
from merlib.scoring.guards import clip_keys
from merlib.scoring.intervals import bootstrap_draws, resampled_counts
from merlib.scoring.metrics import Formula

SHOWN = 5


def paired_counts(a: pd.DataFrame, b: pd.DataFrame, classes: Classes = None) -> tuple[SubjectCounts, SubjectCounts]:
    """Count two models' predictions of the same clips: subjects and seeds in the same order in both.

    Seeds are paired in ascending order. Where one model has a single seed (a published log, a deterministic
    classifier) and the other several, the single one is paired with each of them.

    Parameters
    ----------
    a, b : DataFrame
        Predictions of the same clips, in any order of rows.

    Raises
    ------
    MerlibError
        When clips, labels, classes or numbers of seeds differ; clips are named.
    """
    _check_same_clips(a, b)
    classes = _common_classes(class_names(a), class_names(b)) if classes is None else classes
    first, second = confusions_by_subject(a, classes), confusions_by_subject(b, classes)
    seeds = first.counts.shape[1], second.counts.shape[1]
    if seeds[0] != seeds[1] and 1 not in seeds:
        raise MerlibError(
            f"{seeds[0]} and {seeds[1]} seeds.",
            "as many seeds on both sides, or one on a side.",
            "run both models with the same seeds.",
        )
    both = [
        SubjectCounts(np.repeat(one.counts, max(seeds) // one.counts.shape[1], axis=1), one.subjects, one.datasets)
        for one in (first, second)
    ]
    return both[0], both[1]


def _common_classes(first: list[str], second: list[str]) -> list[str]:
    """Return the class names of both sides; classes that are mere numbers (a published log) agree with any names."""
    unnamed = [all(name.isdigit() for name in names) for names in (first, second)]
    if first != second and not any(unnamed):
        raise MerlibError(
            f"classes {', '.join(first)} and {', '.join(second)}.",
            "the same classes on both sides.",
            "compare models of one task.",
        )
    return max(first, second, key=len)


def _check_same_clips(a: pd.DataFrame, b: pd.DataFrame) -> None:
    labels = [frame["label"].set_axis(clip_keys(frame)) for frame in (a, b)]
    labels = [one[~one.index.duplicated()] for one in labels]
    alone = labels[0].index.symmetric_difference(labels[1].index)
    if len(alone):
        raise MerlibError(
            f"{len(alone)} clips that only one of the two models scored, such as {', '.join(sorted(alone)[:SHOWN])}.",
            "the same clips on both sides.",
            "compare models that ran on the same samples, or keep the clips they share and say so.",
        )
    differ = labels[0].index[(labels[0] != labels[1].reindex(labels[0].index)).to_numpy()]
    if len(differ):
        raise MerlibError(
            f"{len(differ)} clips with another label on either side, such as {', '.join(sorted(differ)[:SHOWN])}.",
            "the same label for a clip on both sides.",
            "compare models that ran on the same samples.",
        )


def difference_of_counts(first: np.ndarray, second: np.ndarray, of_counts: Formula) -> np.ndarray:
    """Return the metric of `first` minus that of `second`, counts (..., seeds, C, C), averaged over seeds: (...)."""
    return (of_counts(first) - of_counts(second)).mean(-1)


def bootstrap_differences(
    first: SubjectCounts, second: SubjectCounts, of_counts: Formula, replicates: int, seed: int
) -> np.ndarray:
    """Return the difference in each resample (replicates,): the same people and the same seeds drawn for both models.

    A seed stands for a pair of trainings, one of each model. Where the two share nothing but the number of the seed,
    the spread of their differences over seeds is that of unrelated trainings, so pairing does no harm. Where neither
    people nor seeds can be resampled, all differences are NaN.
    """

    def gaps_of(weights: np.ndarray) -> np.ndarray:
        a, b = (of_counts(resampled_counts(weights, side.counts)) for side in (first, second))
        return a - b

    return bootstrap_draws(gaps_of, first.datasets, first.counts.shape[1], replicates, seed)
