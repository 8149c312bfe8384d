"""Further tables of results: by class, compared with chance, and averaged over people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from merlib.publishing.tables.metrics import part_of
from merlib.scoring import accuracy, bootstrap_interval, uar
from merlib.scoring.as_published import subject_mean_accuracy, subject_mean_f1
from merlib.scoring.confusion_counts import class_names
from merlib.scoring.interval_text import value_text
from merlib.scoring.leakage import optimism
from merlib.scoring.metrics import f1_of_counts, metric, precision_of_counts, recall_of_counts

BY_CLASS = {"precision": precision_of_counts, "recall": recall_of_counts, "f1": f1_of_counts}


def _one_class(counts: np.ndarray, of_counts: Callable, index: int) -> np.ndarray:
    return of_counts(counts)[..., index]


def class_table(predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return precision, recall and F1 of each class and the ends of their 95 % intervals, people resampled.

    Returns
    -------
    values, low, high : DataFrame
        One row per class, named as papers print it (``Happiness``); columns precision, recall, f1, in 0..1.
    """
    names = [name.capitalize() for name in class_names(predictions, None)]
    tables = [pd.DataFrame(index=names, columns=list(BY_CLASS), dtype=float) for _ in range(3)]
    for column, of_counts in BY_CLASS.items():
        for index, name in enumerate(names):
            one = metric(partial(_one_class, of_counts=of_counts, index=index))(_by_class)
            for table, value in zip(tables, bootstrap_interval(predictions, one), strict=True):
                table.loc[name, column] = value
    return tuple(tables)


def recalls_by_set(predictions: pd.DataFrame, sets: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the recall of each class on some data sets and the ends of their 95 % intervals.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned.
    sets : sequence of str
        Data sets; ``full`` is all of them.

    Returns
    -------
    values, low, high : DataFrame
        One row per class, named as papers print it; columns ``<set>.recall``.
    """
    by_set = {f"{name}.recall": class_table(part_of(predictions, name)) for name in sets}
    return tuple(pd.DataFrame({column: of[end]["recall"] for column, of in by_set.items()}) for end in range(3))


def class_clips(predictions: pd.DataFrame) -> dict[str, int]:
    """Return the number of test rows of each class, over all seeds, named as the rows of `class_table`."""
    clips = predictions["label"].value_counts()
    return {name.capitalize(): int(clips.get(index, 0)) for index, name in enumerate(class_names(predictions, None))}


def _by_class(predictions: pd.DataFrame) -> float:
    """Return one value of one class."""


def against_chance(runs: Mapping[str, pd.DataFrame]) -> str:
    """Return a sentence on whether the 95 % interval of each run's UAR excludes guessing, 1 / classes."""
    told = []
    for label, predictions in runs.items():
        interval, chance = bootstrap_interval(predictions, uar), 1 / predictions["label"].nunique()
        verdict = (
            "above" if interval.low > chance else "below" if interval.high < chance else "not shown to differ from"
        )
        told.append(f"{label}: UAR {value_text(*interval)}, {verdict} {chance:.2f}")
    return "Against guessing: " + "; ".join(told) + "."


def same_answers(pairs: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> str:
    """Return a sentence on how many answers two networks share, and on how many of the classes either ever answers.

    Parameters
    ----------
    pairs : mapping of str to two of predictions
        Two networks' predictions of the same clips, by the name of the data.
    """
    told, clip = [], ["seed", "dataset", "subject", "clip"]
    for name, pair in pairs.items():
        one, other = (frame.set_index(clip)["prediction"] for frame in pair)
        equal = int((one == other.reindex(one.index)).sum())
        classes = len(class_names(pair[0], None))
        answered = " and ".join(str(answers.nunique()) for answers in (one, other))
        told.append(f"{name}: {equal} of {len(one)} answers are the same; {answered} of {classes} classes are answered")
    return "; ".join(told) + "."


def averages_over_people(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return pooled accuracy beside the mean accuracy and mean F1 of people, one row per run (ASTNET-B9)."""
    rows = {}
    for label, predictions in runs.items():
        rows[label] = {
            "accuracy, pooled": accuracy(predictions),
            "accuracy, mean over people": subject_mean_accuracy(predictions),
            "F1, mean over people, absent classes skipped": subject_mean_f1(predictions),
            "F1, mean over people, absent classes zero": subject_mean_f1(predictions, absent="zero"),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def cost_of_sharing(leaky: pd.DataFrame, apart: pd.DataFrame) -> str:
    """Return a sentence on how much higher accuracy is with shared clips than on people never seen in training."""
    gain = optimism(leaky, apart, accuracy)
    return (
        f"Sharing clips between training and test changes accuracy by {value_text(*gain, '+.1f', 100, unit=' points')}."
    )
