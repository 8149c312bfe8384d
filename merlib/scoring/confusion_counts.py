"""Confusion counts of every subject and seed, from which every metric, interval and test is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from merlib.errors import MerlibError
from merlib.scoring.guards import check_scored_once

Classes = int | Sequence[str] | None


@dataclass(frozen=True)
class SubjectCounts:
    """Confusion counts by subject.

    Parameters
    ----------
    counts : float array (subjects, seeds, C, C)
        Rows are the truth, columns the prediction. Whole numbers, as floats so that resampling is one product.
    subjects : str array (subjects,)
        ``dataset/subject``, sorted.
    datasets : str array (subjects,)
        Data set of each subject: the strata of the bootstrap.
    """

    counts: np.ndarray
    subjects: np.ndarray
    datasets: np.ndarray

    @property
    def pooled(self) -> np.ndarray:
        """Counts over all subjects, (seeds, C, C)."""
        return self.counts.sum(0)


def class_names(predictions: pd.DataFrame, classes: Classes = None) -> list[str]:
    """Return the names of the classes, in the order of the labels.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned.
    classes : int or sequence of str, optional
        How many classes there are, or their names. If not given, the names come from ``attrs["classes"]``, else from
        the columns ``score_<class>``, else they are the numbers up to the highest label or prediction.

    Raises
    ------
    MerlibError
        When a number of classes disagrees with the names that the predictions carry.
    """
    named = list(predictions.attrs.get("classes") or ())
    named = named or [c.removeprefix("score_") for c in map(str, predictions.columns) if c.startswith("score_")]
    if classes is None:
        return named or [str(c) for c in range(int(predictions[["label", "prediction"]].to_numpy().max()) + 1)]
    if not isinstance(classes, (int, np.integer)):
        return [str(name) for name in classes]
    if named and len(named) != classes:
        raise MerlibError(
            f"{classes} classes asked for, and predictions of {', '.join(named)}.",
            f"{len(named)} classes.",
            "leave `classes` out, or hand over predictions of that task.",
        )
    return named or [str(c) for c in range(classes)]


def _seed_index(predictions: pd.DataFrame) -> tuple[int, np.ndarray]:
    if "seed" not in predictions.columns:
        return 1, np.zeros(len(predictions), np.int64)
    seeds, index = np.unique(predictions["seed"].to_numpy(), return_inverse=True)
    return len(seeds), index


def _checked_labels(predictions: pd.DataFrame, columns: Sequence[str], classes: Classes) -> tuple[int, list]:
    missing = [c for c in columns if c not in predictions.columns]
    if missing or predictions.empty:
        raise MerlibError(
            f"predictions without {', '.join(missing) or 'rows'}.",
            f"columns {', '.join(columns)} and at least one row.",
            "hand over what learning.run returns, or the part of it that has clips.",
        )
    experiments = predictions["experiment"].unique() if "experiment" in predictions.columns else ()
    if len(experiments) > 1:
        raise MerlibError(
            f"predictions of {', '.join(map(str, experiments[:5]))} in one table.",
            "one experiment.",
            "score each experiment apart: predictions.groupby('experiment').",
        )
    values = []
    for column in ("label", "prediction"):
        found = predictions[column]
        if found.isna().any() or not pd.api.types.is_integer_dtype(found):
            raise MerlibError(
                f"column {column!r} of type {found.dtype} with {int(found.isna().sum())} gaps.",
                "a class index, an integer, in every row.",
                "turn class names into indices of the classes.",
            )
        values.append(found.to_numpy(dtype=np.int64))
    count = len(class_names(predictions, classes)) if min(map(np.min, values)) >= 0 else 0
    for column, value in zip(("label", "prediction"), values, strict=True):
        outside = (value < 0) | (value >= count)
        if outside.any():
            raise MerlibError(
                f"{column} {value[outside][0]} among {count} classes." if count else f"{column} {value[outside][0]}.",
                f"class indices from 0 to {count - 1}." if count else "class indices from 0 on.",
                "check the class names of the predictions.",
            )
    if {"dataset", "subject", "clip"} <= set(predictions.columns):
        check_scored_once(predictions)
    return count, values


def seed_counts(predictions: pd.DataFrame, classes: Classes = None) -> np.ndarray:
    """Count truth against prediction for each seed, pooled over clips: float (seeds, C, C).

    Only the columns ``label`` and ``prediction`` are needed; without a column ``seed`` there is one seed.

    Raises
    ------
    MerlibError
        As `confusions_by_subject`.
    """
    count, (label, prediction) = _checked_labels(predictions, ("label", "prediction"), classes)
    seeds, seed = _seed_index(predictions)
    counts = np.zeros((seeds, count, count))
    np.add.at(counts, (seed, label, prediction), 1)
    return counts


def confusions_by_subject(predictions: pd.DataFrame, classes: Classes = None) -> SubjectCounts:
    """Count truth against prediction for each subject and seed.

    Raises
    ------
    MerlibError
        When a column is missing, there are no rows, several experiments are mixed, a class is outside the
        known ones, or `check_scored_once` finds a clip scored twice or by some seeds only.
    """
    needed = ("dataset", "subject", "label", "prediction")
    count, (label, prediction) = _checked_labels(predictions, needed, classes)
    people = predictions[["dataset", "subject"]].astype(str)
    index = people.groupby(["dataset", "subject"], sort=True)
    subject = index.ngroup().to_numpy()
    unique = people.iloc[np.unique(subject, return_index=True)[1]]
    seeds, seed = _seed_index(predictions)
    counts = np.zeros((len(unique), seeds, count, count))
    np.add.at(counts, (subject, seed, label, prediction), 1)
    names = (unique["dataset"] + "/" + unique["subject"]).to_numpy(dtype=str)
    return SubjectCounts(counts, names, unique["dataset"].to_numpy(dtype=str))
