"""Measurements of the preprocessing on the twin, summarised as means over people with intervals over people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from merlib.errors import MerlibError

RESAMPLES = 2000
UNITS = {
    "frames": "frames",
    "seconds": "s",
    "error": "px",
    "zero": "px",
    "gain": "times",
    "artefact": "grey levels",
    "noise": "grey levels",
}


def means(
    measured: pd.DataFrame, by: Sequence[str], values: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return means and ends of 95 % bootstrap intervals; a person's clips are averaged first, and people are resampled.

    Parameters
    ----------
    measured : DataFrame
        One row per measured clip, with ``dataset`` and ``subject``.
    by : sequence of str
        Columns whose values make the rows of the table.
    values : sequence of str
        Columns that are averaged; missing values are left out.

    Returns
    -------
    DataFrame, DataFrame, DataFrame
        Means, lower and upper ends. ``attrs`` of the means holds ``units`` by column, where they are no shares, and
        ``clips``, the number of measured rows, by row.

    Raises
    ------
    MerlibError
        When nothing was measured.
    """
    if measured.empty:
        raise MerlibError("nothing measured.", "one clip or more.", "choose clips whose motion can be seen.")
    tables, clips = ({}, {}, {}), {}
    for key, part in measured.groupby(list(by), sort=False):
        label = " ".join(f"{k:g}" if isinstance(k, float) else str(k) for k in key)
        clips[label] = len(part)
        people = part.groupby(["dataset", "subject"])[list(values)].mean()
        for table, row in zip(tables, _interval(people), strict=True):
            table[label] = row
    tables = tuple(pd.DataFrame(table, index=list(values)).T.astype(float) for table in tables)
    tables[0].attrs = {"units": {name: UNITS[name] for name in values if name in UNITS}, "clips": clips}
    return tables


def _interval(people: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(people), size=(RESAMPLES, len(people)))
    values = people.to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        resampled = np.nanmean(values[drawn], axis=1) if not np.isnan(values).all() else values[:1]
    low, high = np.nanquantile(resampled, [0.025, 0.975], axis=0)
    index = people.columns
    return people.mean(), pd.Series(low, index), pd.Series(high, index)
