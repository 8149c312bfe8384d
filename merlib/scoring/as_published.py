"""The averages that papers printed under usual names, for the errata notebook and nothing else.

Never use them for a result: they are not UF1, UAR or accuracy as the challenge defines them. Each names the
errata id of the place where it is used.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from merlib.errors import unknown_name
from merlib.scoring.confusion_counts import Classes, confusions_by_subject
from merlib.scoring.metrics import (
    accuracy_of_counts,
    f1_of_counts,
    macro,
    metric,
    precision_of_counts,
    uf1_of_counts,
)

ABSENT = ("skip", "zero")


def subject_mean_accuracy(predictions: pd.DataFrame, classes: Classes = None) -> float:
    """Return the mean of the subjects' accuracies (ASTNet section 4.3, errata ASTNET-B9), averaged over seeds.

    A person with one clip weighs as much as a person with forty.
    """
    return float(accuracy_of_counts(confusions_by_subject(predictions, classes).counts).mean())


def subject_mean_f1(predictions: pd.DataFrame, classes: Classes = None, absent: str = "skip") -> float:
    """Return the mean of the subjects' macro F1 (ASTNet section 4.3, errata ASTNET-B9), averaged over seeds.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned.
    absent : {'skip', 'zero'}
        The paper does not say what happens to a class of which a person has no clip: ``skip`` averages over the
        classes the person has, ``zero`` counts the others as 0.

    Raises
    ------
    MerlibError
        For another value of `absent`.
    """
    if absent not in ABSENT:
        raise unknown_name("way to treat an absent class", absent, ABSENT)
    counts = confusions_by_subject(predictions, classes).counts
    if absent == "skip":
        return float(uf1_of_counts(counts).mean())
    return float(np.where(counts.sum(-1) > 0, f1_of_counts(counts), 0).mean())


def _without_factor_two(counts: np.ndarray) -> np.ndarray:
    right = np.einsum("...cc->...c", counts).astype(float)
    bottom = counts.sum(-1) + counts.sum(-2)  # 2 TP + FP + FN
    return macro(np.divide(right, bottom, out=np.zeros(right.shape), where=bottom > 0), counts)


def _precision(counts: np.ndarray) -> np.ndarray:
    return macro(precision_of_counts(counts), counts)


@metric(_without_factor_two)
def f1_without_factor_two(predictions: pd.DataFrame, classes: Classes = None) -> float:
    """Return UF1 by Eq. 7 as AM3F prints it, TP / (2 TP + FP + FN) (errata AM3F-A1): half of UF1, at most .5."""


@metric(_precision)
def precision_called_uar(predictions: pd.DataFrame, classes: Classes = None) -> float:
    """Return the mean *precision* of the classes, published as UAR by STSTNet (CROSS-X1), copied in AM3F-A11."""
