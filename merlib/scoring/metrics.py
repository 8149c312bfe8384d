"""UF1, UAR and accuracy on pooled predictions, as the MEGC challenge defines them.

All clips of all folds are pooled into one confusion matrix per seed; with several seeds the metric is computed for each
seed and then averaged. Macro averages run over the classes that have clips in the part that is scored. A class that is
never predicted counts with an F1 and a precision of 0. A class without any clip (as surprise in a data set without
surprises) has no recall; it is left out of the mean and is NaN in the values by class. Clips wrongly given to such a
class still lower the others' recall and F1.

Every metric has an attribute `of_counts`, which computes the same metric from confusion counts (..., C, C); intervals
and tests use it without building tables. To make a metric of your own, call ``metric(of_counts)(function)``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np
import pandas as pd

from merlib.errors import MerlibError, unknown_name
from merlib.scoring.confusion_counts import Classes, class_names, seed_counts

Formula = Callable[[np.ndarray], np.ndarray]
NAMES = {"casme2": "CASME II", "samm": "SAMM", "smic": "SMIC"}


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.zeros(np.broadcast_shapes(top.shape, bottom.shape)), where=bottom > 0)


def _right(counts: np.ndarray) -> np.ndarray:
    return np.einsum("...cc->...c", counts).astype(float)


def f1_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return each class's F1 (..., C) of confusion counts (..., C, C): 2 TP / (2 TP + FP + FN), 0 for 0/0."""
    return _ratio(2 * _right(counts), counts.sum(-1) + counts.sum(-2))


def recall_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return each class's recall (..., C) of confusion counts (..., C, C): TP / (TP + FN), 0 for 0/0."""
    return _ratio(_right(counts), counts.sum(-1))


def precision_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return each class's precision (..., C) of confusion counts (..., C, C): TP / (TP + FP), 0 for 0/0."""
    return _ratio(_right(counts), counts.sum(-2))


def macro(by_class: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the mean (...) of values by class (..., C) over the classes with clips in `counts` (..., C, C)."""
    present = counts.sum(-1) > 0
    return _ratio((by_class * present).sum(-1), present.sum(-1))


def uf1_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return UF1 (...) of confusion counts (..., C, C)."""
    return macro(f1_of_counts(counts), counts)


def uar_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return UAR (...) of confusion counts (..., C, C)."""
    return macro(recall_of_counts(counts), counts)


def accuracy_of_counts(counts: np.ndarray) -> np.ndarray:
    """Return accuracy (...) of confusion counts (..., C, C)."""
    return _ratio(_right(counts).sum(-1), counts.sum((-1, -2)))


def metric(of_counts: Formula) -> Callable[[Callable], Callable]:
    """Decorate a documented function into a metric of predictions that is computed by `of_counts`."""

    def decorate(function: Callable) -> Callable:
        @wraps(function)
        def pooled(predictions: pd.DataFrame, classes: Classes = None) -> float:
            return float(of_counts(seed_counts(predictions, classes)).mean())

        pooled.of_counts = of_counts
        return pooled

    return decorate


@metric(uf1_of_counts)
def uf1(predictions: pd.DataFrame, classes: Classes = None) -> float:
    """Return the unweighted F1: the mean of the classes' F1 over pooled clips, averaged over seeds.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``label`` and ``prediction`` (class indices), with ``seed`` where there are several.
    classes : int or sequence of str, optional
        Number or names of the classes; see `confusion_counts.class_names`. A class without clips is left out of the
        mean.
    """


@metric(uar_of_counts)
def uar(predictions: pd.DataFrame, classes: Classes = None) -> float:
    """Return the unweighted average recall over pooled clips, averaged over seeds; parameters as `uf1`."""


@metric(accuracy_of_counts)
def accuracy(predictions: pd.DataFrame, classes: Classes = None) -> float:
    """Return the share of clips classified correctly, averaged over seeds; parameters as `uf1`."""


METRICS = {"uf1": uf1, "uar": uar, "accuracy": accuracy}


def formula(metric: Callable | str) -> Formula:
    """Return the function that computes a metric from confusion counts.

    Parameters
    ----------
    metric : metric or str
        `uf1`, `uar`, `accuracy`, their names, or anything that `metrics.metric` made.

    Raises
    ------
    MerlibError
        For an unknown name, and for a function that is no metric of counts.
    """
    if isinstance(metric, str):
        if metric not in METRICS:
            raise unknown_name("metric", metric, METRICS)
        metric = METRICS[metric]
    if not hasattr(metric, "of_counts"):
        raise MerlibError(
            f"metric {getattr(metric, '__name__', metric)!r} without `of_counts`.",
            f"one of {', '.join(METRICS)}, or a function made by merlib.scoring.metrics.metric.",
            "decorate it with @metric(of_counts), where of_counts maps counts (..., C, C) to values (...).",
        )
    return metric.of_counts


def _by_class(predictions: pd.DataFrame, classes: Classes, name: str, of_counts: Formula) -> pd.Series:
    counts = seed_counts(predictions, classes)
    values = np.where(counts.sum((0, -1)) > 0, of_counts(counts).mean(0), np.nan)
    return pd.Series(values, index=pd.Index(class_names(predictions, classes), name="class"), name=name)


def f1_by_class(predictions: pd.DataFrame, classes: Classes = None) -> pd.Series:
    """Return each class's F1 over pooled clips, averaged over seeds; NaN for a class without clips."""
    return _by_class(predictions, classes, "F1", f1_of_counts)


def recall_by_class(predictions: pd.DataFrame, classes: Classes = None) -> pd.Series:
    """Return each class's recall over pooled clips, averaged over seeds; NaN for a class without clips."""
    return _by_class(predictions, classes, "recall", recall_of_counts)


def precision_by_class(predictions: pd.DataFrame, classes: Classes = None) -> pd.Series:
    """Return each class's precision over pooled clips, averaged over seeds; NaN for a class without clips."""
    return _by_class(predictions, classes, "precision", precision_of_counts)


def summary(predictions: pd.DataFrame, by_dataset: bool = True, classes: Classes = None) -> pd.DataFrame:
    """Return UF1, UAR, Acc and the number of clips: a row ``Full`` and, with `by_dataset`, one for each data set.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned. With several seeds each metric is the mean over seeds, and n counts each clip
        once.
    by_dataset : bool
        Add the rows CASME II, SAMM, SMIC (those that are present), in that order.

    Returns
    -------
    DataFrame
        Float columns UF1, UAR, Acc (shares, 0..1) and integer n.
    """
    parts = {"Full": predictions}
    if by_dataset:
        parts |= {NAMES.get(name, name): part for name, part in predictions.groupby("dataset")}
    names = class_names(predictions, classes)
    counts = {label: seed_counts(part, names) for label, part in parts.items()}
    columns = {"UF1": uf1_of_counts, "UAR": uar_of_counts, "Acc": accuracy_of_counts}
    table = pd.DataFrame(
        {
            column: {label: of_counts(one).mean() for label, one in counts.items()}
            for column, of_counts in columns.items()
        }
    )
    return table.assign(n=[int(one[0].sum()) for one in counts.values()])
