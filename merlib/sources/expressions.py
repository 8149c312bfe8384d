"""How often each action unit occurs with an emotion, and how long expressions last: aggregates of published sheets.

``data_manifests/action_units_by_emotion.csv`` holds, for each emotion of a data set, the number of its clips, and in
how many of them each unit occurs, if in three or more. ``expression_times.csv`` holds quantiles of the times from onset
to apex and from onset to offset, in milliseconds. Both were counted from the sheets of DFME and CAS(ME)3 in GitHub
QqXuyujie/Micro-Expression-Datasets, commit 1b8b81713d8275748998a608d8dd5cc251157dec, and from those of CASME II
(edition of 2019) and SAMM, whose digests are in their manifests. No row of a sheet is kept here.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import pandas as pd

from merlib.errors import unknown_name
from merlib.places import manifests_dir

UNITS_TABLE, TIMES_TABLE = "action_units_by_emotion.csv", "expression_times.csv"
_LEVELS = (0.10, 0.25, 0.50, 0.75, 0.90)


@lru_cache(maxsize=1)
def unit_counts() -> pd.DataFrame:
    """Return the table of units: ``dataset, emotion, clips, action_unit, clips_with_it``.

    Units that occur in fewer than three clips of an emotion are absent.
    """
    return pd.read_csv(manifests_dir() / UNITS_TABLE, dtype={"action_unit": str})


@lru_cache(maxsize=1)
def tables_digest() -> str:
    """Return the SHA-256 over both tables; it is part of the identity of everything that is drawn from them."""
    content = b"".join((manifests_dir() / name).read_bytes() for name in (UNITS_TABLE, TIMES_TABLE))
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=32)
def time_quantiles(dataset: str, what: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the quantiles of a time: levels from 0 to 1, and the seconds at these levels.

    The table has the levels from 0.1 to 0.9; the values at 0 and 1 are extrapolated linearly from the nearest two.

    Parameters
    ----------
    dataset : {'DFME', 'CAS(ME)3', 'CASME II', 'SAMM'}
        The data set whose sheet was counted.
    what : {'onset to apex', 'onset to offset'}
        Which time.

    Raises
    ------
    MerlibError
        For a data set or a span that is not in the table.
    """
    table = pd.read_csv(manifests_dir() / TIMES_TABLE)
    table["what"] = table["what"].str.removesuffix(", ms")
    if dataset not in set(table["dataset"]):
        raise unknown_name("data set with published times", dataset, sorted(set(table["dataset"])))
    if what not in set(table["what"]):
        raise unknown_name("span of time", what, sorted(set(table["what"])))
    row = table[(table["dataset"] == dataset) & (table["what"] == what)].iloc[0]
    known = row[["q10", "q25", "median", "q75", "q90"]].to_numpy(float) / 1000
    below = known[0] - (known[1] - known[0]) * _LEVELS[0] / (_LEVELS[1] - _LEVELS[0])
    above = known[-1] + (known[-1] - known[-2]) * (1 - _LEVELS[-1]) / (_LEVELS[-1] - _LEVELS[-2])
    return (0.0, *_LEVELS, 1.0), tuple(float(x) for x in np.concatenate([[below], known, [above]]))
