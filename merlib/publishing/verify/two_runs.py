"""Compare two runs of your own, number by number, from aggregates alone.

Aggregates may be passed on to others: `aggregates` keeps names of tables, rows and columns, numbers with their
intervals, protocol, seeds and digests, but no clip, no person, no file name and no note.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from merlib.errors import MerlibError
from merlib.opening import read_json
from merlib.publishing.records.ledger import read_records
from merlib.publishing.verify.finding import GREEN, OPEN, RED

KEPT = ("id", "title", "grade", "synthetic", "training", "protocol", "classes", "seeds")
CELL = ("row", "column", "value", "unit", "low", "high")
FORM = "merlib aggregates 1"
SAME = 1e-9
COLUMNS = ["verdict", "result", "row", "column", "A", "B", "what was found"]


def aggregates(records: list[dict]) -> dict:
    """Return what of some records may be passed on: aggregates, digests and versions, by name of the result."""
    results = {}
    for record in records:
        cells = [{name: cell.get(name) for name in CELL} for cell in record.get("cells", [])]
        timed = set(record.get("timed", ()))
        results[Path(record["path"]).stem] = {
            **{name: record[name] for name in KEPT if name in record},
            "data": [{name: one[name] for name in ("name", "digest", "synthetic")} for one in record["data"]],
            "experiments": sorted(one["experiment_digest"] for one in record["experiments"]),
            "versions": record.get("versions", {}),
            "cells": [cell for cell in cells if cell["column"] not in timed],
        }
    return {"form": FORM, "results": results}


def read_run(place: Path) -> dict:
    """Return the aggregates of a run, from its folder or from a file that holds the output of `aggregates`.

    Raises
    ------
    MerlibError
        When `place` is neither.
    """
    expected = "a run folder with artefacts/, or a file from merlib verify RUN --aggregates FILE."
    if place.is_dir():
        folder = place / "artefacts" if (place / "artefacts").is_dir() else place
        records = read_records([folder])
        if not records:
            raise MerlibError(f"no record below {place}.", expected, "name a folder of results/runs.")
        return aggregates(records)
    try:
        told = read_json(place)
    except OSError as error:
        raise MerlibError(f"{place} is no run ({type(error).__name__}).", expected, "correct the name.") from error
    if not isinstance(told, dict) or told.get("form") != FORM:
        raise MerlibError(f"{place} holds no aggregates of a run.", expected, "write it anew with --aggregates.")
    return told


def compare_runs(one: Mapping, other: Mapping) -> pd.DataFrame:
    """Compare the aggregates of two runs; the result has one row per number.

    Returns
    -------
    DataFrame
        Columns verdict, result, row, column, A, B and what was found. A number is green when it is the same in both
        runs or each lies in the other's 95 % interval. Otherwise it is red, unless data or experiments differ, and then
        it is open. A number that one run lacks is open too.
    """
    rows = []
    for name in sorted(one["results"].keys() | other["results"].keys()):
        a, b = one["results"].get(name), other["results"].get(name)
        if a is None or b is None:
            only = "B" if a is None else "A"
            rows.append((OPEN, name, "", "", None, None, f"only in {only}"))
            continue
        why = _what_differs(a, b)
        cells = [{(cell["row"], cell["column"]): cell for cell in side["cells"]} for side in (a, b)]
        for place in dict.fromkeys([*cells[0], *cells[1]]):
            rows.append((*_compared(name, place, cells[0].get(place), cells[1].get(place), why),))
    return pd.DataFrame(rows, columns=COLUMNS)


def _what_differs(a: Mapping, b: Mapping) -> str:
    """Return whether data or experiments of two results differ, in words; if they do, numbers may differ too."""
    differ = []
    if sorted(one["digest"] for one in a["data"]) != sorted(one["digest"] for one in b["data"]):
        differ.append("other data")
    if a["experiments"] != b["experiments"]:
        differ.append("other experiments")
    return " and ".join(differ)


def _compared(name: str, place: tuple[str, str], a: Mapping | None, b: Mapping | None, why: str) -> tuple:
    row, column = place
    if a is None or b is None:
        return OPEN, name, row, column, a and a["value"], b and b["value"], f"only in {'B' if a is None else 'A'}"
    told = (name, row, column, a["value"], b["value"])
    if abs(a["value"] - b["value"]) <= SAME * max(1.0, abs(a["value"])):
        return GREEN, *told, "identical"
    gap = f"{b['value'] - a['value']:+.4g}"
    if _holds(a, b["value"]) and _holds(b, a["value"]):
        return GREEN, *told, f"{gap}, each within the other's interval" + f" ({why})" * bool(why)
    if why:
        return OPEN, *told, f"{gap}, but {why}"
    return RED, *told, f"{gap}, the same data and experiments"


def _holds(cell: Mapping, value: float) -> bool:
    return cell["low"] is not None and cell["high"] is not None and cell["low"] <= value <= cell["high"]
