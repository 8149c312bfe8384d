"""Checks that an entry of the store belongs to the fold that was asked for.

A content digest shows that a file is unchanged, not that it lies in the right place. What is read is therefore compared
with what was asked for: experiment, fold, seed, samples and code of its meta data, and its rows with the clips that the
fold tests. Entries from before a field existed are compared in the fields that they have, and in their rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from merlib.clips.samples import Samples
from merlib.learning.folds import Fold

ROWS = ("dataset", "subject", "clip", "label")
TRAINED_BY = ("processor", "device", "torch")  # `numba` was added later: entries without it are older, not damaged


@dataclass(frozen=True)
class Question:
    """What an entry must hold; called with its rows and meta data, it returns what differs, or an empty text.

    Parameters
    ----------
    experiment : str
        `Experiment.training_digest`.
    samples : Samples
        The rows that are split.
    fold : Fold
        The fold; the entry must hold its test rows, in order.
    seed : int
        The seed that the fold was trained from.
    source : str
        Digest of the code.
    """

    experiment: str
    samples: Samples
    fold: Fold
    seed: int
    source: str

    def __call__(self, frame: pd.DataFrame, meta: dict) -> str:
        asked = {
            "experiment_digest": self.experiment,
            "fold": self.fold.name,
            "seed": self.seed,
            "samples": self.samples.digest,
        }
        if "source" in meta:
            asked["source"] = self.source
        for name, value in asked.items():
            if meta.get(name) != value or isinstance(meta.get(name), bool):
                return f"{name} {str(meta.get(name))[:16]!r} instead of {str(value)[:16]!r}"
        return wrong_meta(meta) or wrong_rows(frame, self.samples, self.fold.test, self.seed, self.fold.name)


def wrong_meta(meta: dict) -> str:
    """Return what a record needs and the meta data of a trained fold lack; empty when nothing is missing."""
    seconds, curves = meta.get("seconds"), meta.get("curves")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        return f"seconds {seconds!r}"
    if not isinstance(curves, dict) or not all(isinstance(each, list) for each in curves.values()):
        return "no learning curves"
    absent = [name for name in TRAINED_BY if not isinstance(meta.get(name), str)]
    if absent:
        return f"no {absent[0]}"
    notes = meta.get("notes", [])
    told = isinstance(notes, list) and all(isinstance(note, str) for note in notes)
    return "" if told else "notes that are no list of sentences"


def wrong_rows(frame: pd.DataFrame, samples: Samples, rows: np.ndarray, seed: int, fold: str | None = None) -> str:
    """Return in what a table of predictions differs from predictions of these rows of the samples; empty if in nothing.

    Parameters
    ----------
    frame : DataFrame
        The table, with columns ``seed fold dataset subject clip label prediction score_<class>...``.
    samples : Samples
        The samples whose classes were predicted.
    rows : int array
        Rows of the samples, in the order of the table.
    seed : int
        The only seed that the table may hold.
    fold : str, optional
        The only fold that it may hold; any when not given.
    """
    scores = [f"score_{name}" for name in samples.classes]
    columns = ["seed", "fold", *ROWS, "prediction", *scores]
    if list(frame.columns) != columns:
        return f"columns {', '.join(map(str, frame.columns))[:80]}"
    if len(frame) != len(rows):
        return f"{len(frame)} rows instead of {len(rows)}"
    expected = {"dataset": samples.datasets, "subject": samples.subjects, "clip": samples.clips}
    for name, values in expected.items():
        if frame[name].tolist() != values[rows].tolist():
            return f"{name}s of other rows"
    if frame["label"].tolist() != samples.labels[rows].tolist():
        return "other labels"
    if set(frame["seed"]) != {seed} or (fold is not None and set(frame["fold"]) != {fold}):
        return "rows of another seed or fold"
    values = frame[scores]
    if not all(kind.kind == "f" for kind in values.dtypes) or not np.isfinite(values.to_numpy()).all():
        return "scores that are no finite numbers"
    if frame["prediction"].tolist() != values.to_numpy().argmax(1).tolist():
        return "predictions that are not the class of the highest score"
    return ""
