"""The record of an artefact: values, the data and code that gave them, and the values that the paper reports."""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from merlib.clips.clip_table import table_digest
from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.learning.store.commits import edited_code
from merlib.learning.store.provenance import processor, trainers_of
from merlib.learning.store.references import FILE, source_unchanged
from merlib.publishing.records.ledger import get_artefact
from merlib.sources.reported import reported_values

PACKAGES = ("merlib", "torch", "numpy", "scipy", "scikit-learn", "scikit-image", "opencv-python", "pandas")
PROVENANCE = ("experiment", "experiment_digest", "source_digest", "samples_digest", "origin", "train_seconds")


def versions() -> dict[str, str]:
    """Return the versions of the packages a result can depend on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def experiments_of(runs: Mapping[str, pd.DataFrame]) -> list[dict]:
    """Return the provenance of each set of predictions in `runs`.

    Raises
    ------
    MerlibError
        When predictions carry no provenance, so that nobody could find out where a number comes from.
    """
    described = []
    for label, predictions in runs.items():
        missing = [key for key in PROVENANCE if key not in predictions.attrs]
        if missing:
            raise MerlibError(
                f"predictions {label!r} without {', '.join(missing)}.",
                "predictions as learning.run returns them.",
                "hand over the whole frame; some pandas operations drop its attrs.",
            )
        kept = [*PROVENANCE, *(key for key in ("chosen",) if key in predictions.attrs)]
        told = {key: predictions.attrs[key] for key in kept}
        entry = {"label": label, "clips": _clips(predictions), **told, "trained_by": trainers_of(predictions.attrs)}
        if commit := predictions.attrs.get("commit"):
            entry["commit"] = commit
        if predictions.attrs["origin"] == "reference":
            entry["source_unchanged"] = source_unchanged(predictions.attrs)
            experiment = predictions.attrs["experiment"]
            edited = (
                () if entry["source_unchanged"] else edited_code(experiment["model"], bool(experiment.get("start")))
            )
            if edited:
                entry["made_without_edits_of"] = list(edited)
        if FILE in predictions.attrs:
            entry["predictions"] = predictions.attrs[FILE]
        described.append(entry)
    return described


def _clips(predictions: pd.DataFrame) -> dict[str, int]:
    first = predictions[predictions["seed"] == predictions["seed"].iloc[0]]
    return {str(name): int(count) for name, count in first["dataset"].value_counts(sort=False).items()}


def data_of(runs: Mapping[str, pd.DataFrame], samples: list) -> list[dict]:
    """Return name, digest and kind of every data source that was used: of predictions, Samples or clip tables."""
    found = {}
    for predictions in runs.values():
        attrs = predictions.attrs
        found[attrs["samples_digest"]] = {
            "name": attrs["data"],
            "digest": attrs["samples_digest"],
            "synthetic": attrs["synthetic"],
            "classes": attrs["classes"],
            "notes": attrs["notes"],
        }
    for one in samples:
        if isinstance(one, pd.DataFrame):
            entry = _table_entry(one)
            found[entry["digest"]] = entry
            continue
        found[one.digest] = {
            "name": one.name,
            "digest": one.digest,
            "synthetic": one.synthetic,
            "classes": list(one.classes),
            "notes": list(one.notes),
        }
    return list(found.values())


def _table_entry(table: pd.DataFrame) -> dict:
    missing = [key for key in ("name", "edition", "synthetic", "notes") if key not in table.attrs]
    if missing:
        raise MerlibError(
            f"a clip table without {', '.join(missing)}.",
            "a clip table as readers and the twin return it.",
            "hand over the whole table; some pandas operations drop its attrs.",
        )
    return {
        "name": table.attrs["name"],
        "edition": table.attrs["edition"],
        "digest": table_digest(table),
        "synthetic": table.attrs["synthetic"],
        "classes": sorted(set(table["label"])),
        "notes": list(table.attrs["notes"]),
    }


def verdict(
    value: float,
    reported: float | None,
    decimals: int,
    low: float | None,
    high: float | None,
    grade: str,
    same_classes: bool = True,
) -> str:
    """Return how a value compares with the reported one.

    It is ``identical`` when it agrees to the last of the printed `decimals`, ``within interval`` when the reported
    value, as rounded, lies in our 95 % interval, and otherwise ``differs``. For an analogue these are preceded by
    ``analogue:``, except ``identical``. A value from the twin, or with other classes than the paper's, is ``not
    comparable``, followed by the reason.
    """
    if reported is None or math.isnan(reported):
        return "not reported"
    if grade == "twin":
        return "not comparable (twin)"
    if not same_classes:
        return "not comparable (classes)"
    half = 0.5 * 10**-decimals + 1e-12
    if abs(value - reported) <= half:
        found = "identical"
    elif low is not None and high is not None and low - half <= reported <= high + half:
        found = "within interval"
    else:
        found = "differs"
    return f"analogue: {found}" if grade == "real analogue" and found != "identical" else found


def _number(value: object) -> float | None:
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or math.isnan(value):
        return None
    return float(value)


def printed_cells(artefact: str) -> dict[tuple[str, str], object]:
    """Return the printed cells of an artefact by row and column; figures and results beyond the papers have none."""
    try:
        reported = reported_values(artefact)
    except MerlibError:
        return {}
    return {(str(cell.row), str(cell.column)): cell for cell in reported.itertuples()}


def table_cells(
    artefact: str,
    frame: pd.DataFrame,
    low: pd.DataFrame | None,
    high: pd.DataFrame | None,
    grade: str,
    classes: Sequence[int] = (),
) -> list[dict]:
    """Return one entry per numeric cell: row, column, value, unit, interval, reported, difference, verdict, note.

    `classes` holds the numbers of classes of the models; it is empty when nothing was trained. A column that no paper
    prints has the unit that ``frame.attrs["units"]`` gives it, and none otherwise.
    """
    units = frame.attrs.get("units", {})
    known, printed = printed_cells(artefact), get_artefact(artefact).printed_classes
    cells = []
    for row in frame.index:
        for column in frame.columns:
            value = _number(frame.loc[row, column])
            if value is None:
                continue
            paper = known.get((str(row), str(column)))
            theirs = _number(paper.value) if paper is not None else None
            ends = [None if end is None else _number(end.loc[row, column]) for end in (low, high)]
            note = getattr(paper, "note", None)
            same = not classes or printed(str(column)) in (None, *(classes if len(classes) == 1 else ()))
            cells.append(
                {
                    "row": str(row),
                    "column": str(column),
                    "value": value,
                    "unit": paper.unit if paper is not None and isinstance(paper.unit, str) else units.get(column, ""),
                    "low": ends[0],
                    "high": ends[1],
                    "reported": theirs,
                    "difference": None if theirs is None else round(value - theirs, 6),
                    "verdict": verdict(value, theirs, getattr(paper, "decimals", 0), *ends, grade, same),
                    "note": note if isinstance(note, str) else "",
                }
            )
    return cells


def environment() -> dict:
    """Return versions and processor model; never a machine's name or path."""
    return {"versions": versions(), "processor": processor()}


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file of a run whole or not at all.

    Raises
    ------
    MerlibError
        When the folder is read-only or the disk is full.
    """
    with renamed_into(path, "name another run with --name") as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


def write_record(path: Path, record: dict) -> None:
    """Write a record as readable JSON, whole or not at all."""
    write_whole(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
