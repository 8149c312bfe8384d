"""The planned reference runs as tables: committed ones, missing ones, and the tests that were fixed in advance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from merlib.publishing.planned.plan import PlannedState, of_seeds
from merlib.publishing.tables.metrics import comparison_table
from merlib.scoring import bootstrap_interval, detectable_difference, uf1

# ANALYSIS_PLAN.md, "Comparisons, fixed in advance": pairs of planned runs; Holm's correction inside a family
FAMILIES = {
    "losses": [("am3f-10-lasce", f"am3f-10-{other}") for other in ("ce", "focal", "la-focal")],
    "modules": [("am3f-10-lasce", f"am3f-10-without-{part}") for part in ("multi-scale", "msff", "mofrw")],
    "humble baselines": [("am3f-loso-lasce", other) for other in ("linear-loso", "ststnet-loso")],
}

COLUMNS = ["family", "seeds", "UF1 difference", "low", "high", "p", "p, Holm", "detectable", "verdict", "other seeds"]


def plan_table(states: Mapping[str, PlannedState]) -> pd.DataFrame:
    """Return one row per planned run: its seeds, those missing, and UF1 with its 95 % interval where committed.

    The name of a run contains its protocol: ``loso``, or ``10`` for ten subject-disjoint folds.
    """
    rows = []
    for name, state in states.items():
        interval = None if state.predictions is None else bootstrap_interval(state.predictions, uf1)
        rows.append(
            {
                "run": name,
                "seeds": " ".join(map(str, state.experiment.seeds)),
                "missing": " ".join(map(str, state.missing)),
                "UF1": None if interval is None else interval.value,
                "low": None if interval is None else interval.low,
                "high": None if interval is None else interval.high,
            }
        )
    return pd.DataFrame(rows).astype({"UF1": float, "low": float, "high": float})


class PlannedTests(NamedTuple):
    """The tests of those families of the plan that are complete.

    `table` holds the `comparison_table` of each complete family, below one another. Its first columns are ``family``
    and ``seeds``. Before the verdict comes ``detectable``, the difference that the family's first Holm step finds with
    80 % power. The last is ``other seeds``, see `beyond_these_seeds`. `runs` holds the predictions that were compared,
    by planned run. `lacking` holds, for each incomplete family, the planned runs that are missing.
    """

    table: pd.DataFrame
    runs: dict[str, pd.DataFrame]
    lacking: dict[str, list[str]]


def beyond_these_seeds(tests: pd.DataFrame, seeds: int) -> list[str]:
    """Return for each test whether its difference is shown for other trainings too, since intervals resample seeds.

    The text is ``shown`` where the test rejects and the interval excludes zero, ``not shown`` where either fails, and
    ``one seed`` where there is nothing to resample.
    """
    if seeds == 1:
        return ["one seed"] * len(tests)
    excludes = (tests["low"] > 0) | (tests["high"] < 0)
    return ["shown" if yes else "not shown" for yes in excludes & (tests["verdict"] != "not shown")]


def planned_tests(
    states: Mapping[str, PlannedState], families: Mapping[str, list[tuple[str, str]]] = FAMILIES
) -> PlannedTests:
    """Test every family of `families` that is complete, with Holm's correction inside it.

    A family is complete when each of its runs has the seeds that are planned for the first run of its first pair. A
    part of a family is never tested, because Holm's correction counts all of it.
    """
    tables, tested, lacking = [], {}, {}
    for family, pairs in families.items():
        names = list(dict.fromkeys(name for pair in pairs for name in pair))
        seeds = states[pairs[0][0]].experiment.seeds
        absent = [name for name in names if set(seeds) & set(states[name].missing)]
        if absent:
            lacking[family] = absent
            continue
        runs = {name: of_seeds(states[name].predictions, seeds, name) for name in names}
        table = comparison_table(runs, pairs)
        table.insert(0, "family", family)
        table.insert(1, "seeds", " ".join(map(str, seeds)))
        spread = [detectable_difference(runs[a], runs[b], comparisons=len(pairs)).difference for a, b in pairs]
        table.insert(table.columns.get_loc("verdict"), "detectable", spread)
        table["other seeds"] = beyond_these_seeds(table, len(seeds))
        tables.append(table)
        tested |= runs
    return PlannedTests(pd.concat(tables) if tables else pd.DataFrame(columns=COLUMNS), tested, lacking)
