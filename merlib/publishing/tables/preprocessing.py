"""Measure the preprocessing on the twin: every clip in parallel, then means over people with intervals over people."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from merlib.errors import MerlibError
from merlib.inputs.cache import MotionCache, content_digest
from merlib.inputs.clip_samples import clip_parameters
from merlib.inputs.parallel import over_clips
from merlib.inputs.preprocessing import MOTION_WEIGHTS
from merlib.sources.weights import weights_digest

RESAMPLES = 2000


def measure(
    table: pd.DataFrame,
    function: Callable,
    *arguments: object,
    workers: int | None = None,
    cache: MotionCache | None = None,
) -> pd.DataFrame:
    """Return the rows that `function` (of `merlib.inputs.accuracy`) gives for every clip of `table`, in one frame.

    Parameters
    ----------
    table : DataFrame
        A clip table of the rendered twin.
    function : callable
        Takes a row and `arguments`, returns a list of dict.
    workers : int, optional
        Processes, one thread each; one a core when not given.
    cache : MotionCache, optional
        Where a clip's rows are kept; `Study.cache` as a rule.
    """
    from joblib import cpu_count

    tasks = [(function, row, arguments, cache) for row in table.itertuples(index=False)]
    found = over_clips(_measured, tasks, min(workers or cpu_count(), len(tasks)), function.__name__.replace("_", " "))
    return pd.DataFrame([entry for one in found for entry in one])


def _measured(function: Callable, row, arguments: tuple, cache: MotionCache | None) -> list[dict]:
    if cache is None:
        return function(row, *arguments)
    weights = {name: weights_digest(name) for name in MOTION_WEIGHTS}  # whichever of them `function` uses
    parameters = {**clip_parameters(row), "arguments": [repr(each) for each in arguments], "weights": weights}
    digest = content_digest(function.__name__, parameters, [])
    kept = cache.read(digest)
    if kept is not None:
        return json.loads(kept.tobytes())
    rows = function(row, *arguments)
    cache.write(digest, np.frombuffer(json.dumps(rows).encode(), np.uint8))
    return rows


def means(
    measured: pd.DataFrame, by: Sequence[str], values: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return means and ends of 95 % bootstrap intervals: a person's clips are averaged first, people are resampled.

    Parameters
    ----------
    measured : DataFrame
        With ``dataset`` and ``subject``.
    by : sequence of str
        Columns whose values make the rows of the table.
    values : sequence of str
        Columns that are averaged; missing values are left out.

    Raises
    ------
    MerlibError
        When nothing was measured.
    """
    if measured.empty:
        raise MerlibError("nothing measured.", "one clip or more.", "choose clips whose motion can be seen.")
    tables = ({}, {}, {})
    for key, part in measured.groupby(list(by), sort=False):
        label = " ".join(f"{k:g}" if isinstance(k, float) else str(k) for k in key)
        people = part.groupby(["dataset", "subject"])[list(values)].mean()
        for table, row in zip(tables, _interval(people), strict=True):
            table[label] = row
    return tuple(pd.DataFrame(table, index=list(values)).T.astype(float) for table in tables)


def _interval(people: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(people), size=(RESAMPLES, len(people)))
    values = people.to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        resampled = np.nanmean(values[drawn], axis=1) if not np.isnan(values).all() else values[:1]
    low, high = np.nanquantile(resampled, [0.025, 0.975], axis=0)
    index = people.columns
    return people.mean(), pd.Series(low, index), pd.Series(high, index)
