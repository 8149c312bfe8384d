"""Choose a few clips for runs that must be short."""

from __future__ import annotations

import numpy as np
import pandas as pd

from merlib.clips.samples import Samples
from merlib.errors import MerlibError


def few_clips(table: pd.DataFrame, subjects: int, a_class: int) -> pd.DataFrame:
    """Return the clips of the `subjects` people who show the most classes, at most `a_class` of each class.

    The choice looks at labels and names only, never at a frame; ties go to the name that sorts first.

    Parameters
    ----------
    table : DataFrame
        A clip table; its order is kept.
    subjects, a_class : int
        How many people, and how many clips of each class per person.

    Raises
    ------
    MerlibError
        When either is below 1.
    """
    if min(subjects, a_class) < 1:
        found = f"{subjects} subjects, {a_class} clips a class."
        raise MerlibError(found, "1 or more of each.", "leave the table whole instead.")
    people = table.groupby(["dataset", "subject"])["label"].nunique()
    chosen = people.sort_index().sort_values(ascending=False, kind="stable").index[:subjects]
    rows = table.set_index(["dataset", "subject"]).index.isin(chosen)
    few = table[rows].groupby(["dataset", "subject", "label"], sort=False).head(a_class)
    few.attrs = {
        **table.attrs,
        "labels": tuple(sorted(set(table["label"]))),
        "notes": (*table.attrs.get("notes", ()), _note(few, table)),
    }
    return few


def few_people(samples: Samples, people: int) -> Samples:
    """Return the clips of the first `people` persons of each data set, in the order of their names; 0 returns all."""
    if not people:
        return samples
    names = {name: np.unique(samples.subjects[samples.datasets == name])[:people] for name in set(samples.datasets)}
    chosen = [who in names[name] for name, who in zip(samples.datasets, samples.subjects, strict=True)]
    few = samples.take(np.array(chosen, bool))
    note = f"{len(few)} of {len(samples)} clips, {len(set(few.groups))} people: a short run"
    return few.with_inputs(few.inputs, notes=(note,))


def _note(few: pd.DataFrame, table: pd.DataFrame) -> str:
    people = few[["dataset", "subject"]].drop_duplicates()
    return f"{len(few)} of {len(table)} clips, {len(people)} people: a short run"
