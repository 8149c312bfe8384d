"""Answers of notebook 09: rows that cannot be compared, and why."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from merlib.publishing.exercises.answers import Names, Number, exercise
from merlib.publishing.figures.people import CLASSES, five_clips
from merlib.publishing.study import Study
from merlib.scoring import uar
from merlib.scoring.as_published import precision_called_uar
from merlib.sources.reported import reported_values

CLIPS, EPOCHS = 6, 20


def best_of(epochs: int = EPOCHS, clips: int = CLIPS, chance: float = 1 / 3) -> float:
    """Return the accuracy to expect of the best of some epochs that each guess at random."""
    below = binom.cdf(np.arange(clips), clips, chance) ** epochs  # the best is at most k
    return float((1 - below).sum() / clips)


@exercise("09.best_epoch")
def best_epoch(study: Study) -> Number:
    """Accuracy of guessing when the best of twenty epochs is kept for each person."""
    mistakes = {best_of(1): "that is the last epoch, or any one; the best of twenty is kept."}
    return Number(best_of(), within=0.05, share=True, mistakes=mistakes, because="nothing was learned, only chosen.")


@exercise("09.equal")
def equal(study: Study) -> Names:
    """Rows of Dual-ATME's Table 3 that are equal in every cell."""
    table = reported_values("dual_atme.table3").pivot(index="row", columns="column", values="value")
    same = table.index[table.duplicated(keep=False)]
    return Names(frozenset(same), frozenset(table.index), because="one of them cannot be right (DUAL-ATME-C1).")


@exercise("09.precision")
def precision(study: Study) -> Number:
    """Mean precision of notebook 00's five clips, which AM3F-FlowNet's Table 3 would call UAR."""
    clips = five_clips()
    mistakes = {uar(clips, CLASSES): "that is the true UAR, the mean of the recalls."}
    return Number(precision_called_uar(clips, CLASSES), share=True, mistakes=mistakes)
