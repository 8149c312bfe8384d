"""Confusion counts of every subject and seed: all that any metric, interval or test needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from merlib.errors import MerlibError

COLUMNS = ("seed", "dataset", "subject", "clip", "label", "prediction")


@dataclass(frozen=True)
class SubjectCounts:
    """Counts by subject.

    Parameters
    ----------
    counts : int array (subjects, seeds, C, C)
        Rows are the truth, columns the prediction.
    subjects : str array (subjects,)
        ``dataset/subject``.
    datasets : str array (subjects,)
        Data set of each subject.
    """

    counts: np.ndarray
    subjects: np.ndarray
    datasets: np.ndarray


def class_names(predictions: pd.DataFrame) -> list[str]:
    """Return the names of the classes: from the attrs, else from the score columns, else their numbers."""
    named = predictions.attrs.get("classes")
    if named:
        return list(named)
    scores = [c.removeprefix("score_") for c in predictions.columns if c.startswith("score_")]
    if scores:
        return scores
    return [str(c) for c in range(int(predictions[["label", "prediction"]].to_numpy().max()) + 1)]


def subject_counts(predictions: pd.DataFrame) -> SubjectCounts:
    """Count truth against prediction for each subject and seed.

    Raises
    ------
    MerlibError
        When a column is missing, there are no rows, or a class is outside the known ones.
    """
    missing = [c for c in COLUMNS if c not in predictions.columns]
    if missing or predictions.empty:
        raise MerlibError(
            f"predictions without {', '.join(missing) or 'rows'}.",
            f"columns {', '.join(COLUMNS)} and at least one row.",
            "hand over what learning.run returns.",
        )
    classes = len(class_names(predictions))
    label, prediction = (predictions[c].to_numpy() for c in ("label", "prediction"))
    if min(label.min(), prediction.min()) < 0 or max(label.max(), prediction.max()) >= classes:
        raise MerlibError(
            f"class {max(label.max(), prediction.max())} among {classes} classes.",
            f"classes from 0 to {classes - 1}.",
            "check the class names of the predictions.",
        )
    groups = predictions["dataset"].astype(str) + "/" + predictions["subject"].astype(str)
    subjects, subject = np.unique(groups.to_numpy(dtype=str), return_inverse=True)
    seeds, seed = np.unique(predictions["seed"].to_numpy(), return_inverse=True)
    counts = np.zeros((len(subjects), len(seeds), classes, classes), np.int64)
    np.add.at(counts, (subject, seed, label, prediction), 1)
    return SubjectCounts(counts, subjects, np.array([s.split("/")[0] for s in subjects]))
