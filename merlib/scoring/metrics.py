"""UF1, UAR and accuracy on pooled predictions, as the MEGC challenge defines them.

All clips of all folds are pooled into one confusion matrix; with several seeds the metric is computed for each
seed and averaged. A class without clips in the part that is scored is left out of the macro averages;
a class that has clips and is never predicted has an F1 of zero.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np
import pandas as pd

from merlib.scoring.counts import class_names, subject_counts

NAMES = {"casme2": "CASME II", "samm": "SAMM", "smic": "SMIC"}


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0)


def _f1(counts: np.ndarray) -> np.ndarray:
    right = np.einsum("...cc->...c", counts).astype(float)
    return _ratio(2 * right, counts.sum(-1) + counts.sum(-2))


def _recall(counts: np.ndarray) -> np.ndarray:
    return _ratio(np.einsum("...cc->...c", counts).astype(float), counts.sum(-1))


def _precision(counts: np.ndarray) -> np.ndarray:
    return _ratio(np.einsum("...cc->...c", counts).astype(float), counts.sum(-2))


def _macro(by_class: np.ndarray, counts: np.ndarray) -> np.ndarray:
    present = counts.sum(-1) > 0
    return _ratio((by_class * present).sum(-1), present.sum(-1))


def uf1_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return UF1 (...) of confusion counts (..., C, C): the mean of 2 TP / (2 TP + FP + FN)."""
    return _macro(_f1(counts), counts)


def uar_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return UAR (...) of confusion counts (..., C, C): the mean recall."""
    return _macro(_recall(counts), counts)


def accuracy_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return accuracy (...) of confusion counts (..., C, C)."""
    return _ratio(np.einsum("...cc->...", counts).astype(float), counts.sum((-1, -2)))


def _metric(of_counts: Callable[[np.ndarray], np.ndarray]):
    def decorate(function: Callable[[pd.DataFrame], float]):
        @wraps(function)
        def metric(predictions: pd.DataFrame) -> float:
            return float(of_counts(subject_counts(predictions).counts.sum(0)).mean())

        metric.of_counts = of_counts
        return metric

    return decorate


@_metric(uf1_of_counts)
def uf1(predictions: pd.DataFrame) -> float:
    """Return the unweighted F1: the mean of the classes' F1, pooled, averaged over seeds."""


@_metric(uar_of_counts)
def uar(predictions: pd.DataFrame) -> float:
    """Return the unweighted average recall, pooled, averaged over seeds."""


@_metric(accuracy_of_counts)
def accuracy(predictions: pd.DataFrame) -> float:
    """Return the share of clips classified correctly, averaged over seeds."""


def _by_class(predictions: pd.DataFrame, of_counts: Callable[[np.ndarray], np.ndarray]) -> pd.Series:
    values = of_counts(subject_counts(predictions).counts.sum(0)).mean(0)
    return pd.Series(values, index=class_names(predictions))


def f1_by_class(predictions: pd.DataFrame) -> pd.Series:
    """Return each class's F1, pooled, averaged over seeds."""
    return _by_class(predictions, _f1)


def recall_by_class(predictions: pd.DataFrame) -> pd.Series:
    """Return each class's recall, pooled, averaged over seeds."""
    return _by_class(predictions, _recall)


def precision_by_class(predictions: pd.DataFrame) -> pd.Series:
    """Return each class's precision, pooled, averaged over seeds."""
    return _by_class(predictions, _precision)


def summary(predictions: pd.DataFrame, by_dataset: bool = True) -> pd.DataFrame:
    """Return UF1, UAR, Acc and the number of clips for Full and, with `by_dataset`, for each data set."""
    parts = {"Full": predictions}
    if by_dataset:
        parts |= {NAMES.get(name, name): part for name, part in predictions.groupby("dataset")}
    clips = {label: part[["dataset", "subject", "clip"]].drop_duplicates().shape[0] for label, part in parts.items()}
    return pd.DataFrame(
        {label: [uf1(part), uar(part), accuracy(part), clips[label]] for label, part in parts.items()},
        index=["UF1", "UAR", "Acc", "n"],
    ).T
