"""The planned reference runs as tables: what is there, what is missing, and the tests that were fixed in advance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from merlib.errors import MerlibError, unknown_name
from merlib.learning.reference_plan import PlannedState, of_seeds, planned_states
from merlib.profiles import get_profile
from merlib.publishing.results import comparison_table, metric_table
from merlib.publishing.study import Study
from merlib.publishing.tables import SavedTable, save_table
from merlib.scoring import bootstrap_interval, uf1

# ANALYSIS_PLAN.md, "Comparisons, fixed in advance": pairs of planned runs; Holm's correction inside a family
FAMILIES = {
    "losses": [("am3f-10-lasce", f"am3f-10-{other}") for other in ("ce", "focal", "la-focal")],
    "modules": [("am3f-10-lasce", f"am3f-10-without-{part}") for part in ("multi-scale", "msff", "mofrw")],
    "humble baselines": [("am3f-loso-lasce", other) for other in ("linear-loso", "ststnet-loso")],
}

STANDS_IN = "ten subject-disjoint folds of the public maps, one seed, in place of leave one subject out"
COLUMNS = ["family", "seeds", "UF1 difference", "low", "high", "p", "p, Holm", "verdict"]

# published tables whose rows are planned runs
TABLES = {
    "dual_atme.table5": {
        "0": "dual-atme-10-lambda-0",
        "0.0001": "dual-atme-10-lambda-0.0001",
        "0.001": "dual-atme-10-lambda-0.001",
        "0.01": "dual-atme-10-hars-aars",
        "0.1": "dual-atme-10-lambda-0.1",
    },
    "dual_atme.table6": {
        "CE SGD": "dual-atme-10-ce-sgd",
        "CE Adam": "dual-atme-10-ce-adam",
        "w-CE Adam": "dual-atme-10-w-ce-adam",
        "Focal Adam": "dual-atme-10-hars-aars",
    },
}


def rows_missing(artefact: str, states: Mapping[str, PlannedState]) -> list[str]:
    """Return the planned runs that rows of a published table wait for."""
    if artefact not in TABLES:
        raise unknown_name("table of planned runs", artefact, TABLES)
    return [name for name in TABLES[artefact].values() if states[name].missing]


def table_runs(artefact: str, states: Mapping[str, PlannedState]) -> dict[str, pd.DataFrame]:
    """Return the committed predictions of a published table's rows, labelled as printed.

    Raises
    ------
    MerlibError
        When a row is not committed: half a table would be read as the whole.
    """
    absent = rows_missing(artefact, states)
    if absent:
        raise MerlibError(
            f"{artefact} lacks {', '.join(absent)}.",
            "committed predictions of each row.",
            _how_to_train(absent),
        )
    rows = {row: states[name] for row, name in TABLES[artefact].items()}
    return {row: of_seeds(state.predictions, state.experiment.seeds, row) for row, state in rows.items()}


def _how_to_train(names: list[str]) -> str:
    return f"train them: merlib reference train {' '.join(names)} --data megc2019-flow=DIR."


def planned_table(artefact: str, study: Study, note: str = "") -> SavedTable | str:
    """Save a published table from committed runs and return it for display; where rows lack, say which.

    The record says what stands in for the paper's protocol and data, and `note`.
    """
    states = planned_states()
    absent = rows_missing(artefact, states)
    if absent:
        return f"Not shown: {artefact} lacks {', '.join(absent)}. {_how_to_train(absent)}"
    runs = table_runs(artefact, states)
    values, low, high = metric_table(runs, artefact=artefact)
    told = [STANDS_IN, *dict.fromkeys(text for frame in runs.values() for text in frame.attrs["notes"][-1:])]
    substitution = "; ".join(filter(None, [*told, note, code_note(runs)]))
    paper = replace(study, profile=get_profile("paper"))  # the same whatever profile the notebook has
    how = {"low": low, "high": high, "caption": spread_caption(values, low, high), "substitution": substitution}
    return save_table(artefact, values, runs, study=paper, **how)


def spread_caption(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> str:
    """Say how far apart the rows' UF1 on the whole are, and whether every interval holds every row's value."""
    ours = values["full.uf1"]
    first, last = ours.idxmin(), ours.idxmax()
    holds = low["full.uf1"].max() <= ours.min() and ours.max() <= high["full.uf1"].min()
    told = "every interval holds the value of every row" if holds else "not every interval holds the value of every row"
    return f"UF1 from {ours.min():.3f} ({first}) to {ours.max():.3f} ({last}); {told}."


def code_note(runs: Mapping[str, pd.DataFrame]) -> str:
    """Say that `runs` were trained by different states of the code; empty when by one."""
    codes: dict[str, list[str]] = {}
    for label, frame in runs.items():
        codes.setdefault(frame.attrs["source_digest"][:8], []).append(label)
    told = "; ".join(f"{', '.join(labels)} by {code}" for code, labels in codes.items())
    return f"rows trained by {len(codes)} states of the code: {told}" if len(codes) > 1 else ""


def plan_table(states: Mapping[str, PlannedState]) -> pd.DataFrame:
    """Return one row a planned run: seeds, those missing, and UF1 with its 95 % interval where committed.

    A name says the protocol: ``loso``, or ``10`` subject-disjoint folds.
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
    """The tests of the plan as far as its families are complete.

    `table`: `comparison_table` of each complete family below one another, with ``family`` and ``seeds`` first; `runs`:
    the predictions that were compared, by planned run; `lacking`: the planned runs that each other family waits for.
    """

    table: pd.DataFrame
    runs: dict[str, pd.DataFrame]
    lacking: dict[str, list[str]]


def planned_tests(states: Mapping[str, PlannedState]) -> PlannedTests:
    """Test every family that is complete, with Holm's correction inside it.

    A family is complete when each of its runs has the seeds planned for the run that it compares with the others;
    a part of a family is never tested, because Holm's correction counts all of it.
    """
    tables, tested, lacking = [], {}, {}
    for family, pairs in FAMILIES.items():
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
        tables.append(table)
        tested |= runs
    return PlannedTests(pd.concat(tables) if tables else pd.DataFrame(columns=COLUMNS), tested, lacking)
