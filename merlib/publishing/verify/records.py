"""Check a committed record against its predictions and against the numbers that the paper prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.folds import shares_subjects
from merlib.publishing.planned.plan import of_seeds
from merlib.publishing.records.ledger import get_artefact
from merlib.publishing.records.record import printed_cells, verdict
from merlib.publishing.verify.finding import Finding
from merlib.publishing.verify.recomputing import recompute
from merlib.publishing.verify.retraining import Committed

ROUNDING = 1e-6  # allows for sums in another order; bootstrap draws are the same, since their seed is fixed
Known = Mapping[tuple[str, str], Committed]


def by_digests(references: Iterable[Committed]) -> dict[tuple[str, str], Committed]:
    """Return references by the digests of their experiment, without its seeds, and of their samples."""
    found = {}
    for one in references:
        try:
            found[one.experiment.training_digest, str(one.meta["samples_digest"])] = one
        except (KeyError, TypeError, MerlibError):
            continue  # `check_predictions` reports such a file
    return found


def runs_of(record: Mapping, known: Known) -> tuple[dict[str, pd.DataFrame], dict[str, Committed], list[str]]:
    """Return the predictions behind a record and the files that hold them, by label, and the labels without any.

    They are found by digest and not by the path in the record, since a file may have gained seeds since.
    """
    runs, files, absent = {}, {}, []
    for one in record["experiments"]:
        experiment, label = Experiment.from_dict(one["experiment"]), one["label"]
        file = known.get((experiment.training_digest, one["samples_digest"]))
        if file is None or not set(experiment.seeds) <= set(file.rows["seed"]):
            absent.append(label)
            continue
        frame = file.rows.assign(experiment=label)
        frame.attrs = {**file.meta, "experiment": {**file.meta["experiment"], "seeds": sorted(set(frame["seed"]))}}
        runs[label], files[label] = of_seeds(frame, experiment.seeds, label), file
    return runs, files, absent


def check_record(record: Mapping, known: Known, root: Path) -> Finding:
    """Compute a record's numbers again from the predictions `known`, and its verdicts from the paper's numbers."""
    found = Finding(Path(record["path"]).relative_to(root).as_posix(), "record")
    _check_head(found, record)
    _check_printed(found, record)
    if not record["experiments"]:
        what = "counted or measured by its notebook" if record.get("cells") else "a drawing"
        if not found.agreed:
            found.open.append(f"{what}: nothing in it rests on predictions")
        return found
    runs, files, absent = runs_of(record, known)
    found.wrong += filter(None, (_link_fault(record, label, file) for label, file in files.items()))
    _check_numbers(found, record, runs, absent)
    if absent:
        shown = ", ".join(absent[:3]) + (", ..." if len(absent) > 3 else "")
        found.open.append(
            f"{len(absent)} of {len(record['experiments'])} runs, whose predictions are not committed: {shown}"
        )
    if files and not record.get("cells"):
        found.agreed.append(f"drawn from {len(files)} committed runs")
    return found


def _link_fault(record: Mapping, label: str, file: Committed) -> str:
    entry = next(one for one in record["experiments"] if one["label"] == label)
    link = entry.get("predictions")
    if link and link["path"] != file.name:
        return f"{label} names {link['path']}, its experiment and samples are those of {file.name}"
    return ""


def _check_head(found: Finding, record: Mapping) -> None:
    """Check that the record names the protocol, seeds, leaks and data of its experiments."""
    experiments = record["experiments"]
    if not experiments:
        return
    said = {
        "protocol": (record["protocol"], ", ".join(sorted({one["experiment"]["protocol"] for one in experiments}))),
        "seeds": (record["seeds"], sorted({seed for one in experiments for seed in one["experiment"]["seeds"]})),
        "leaky": (
            record.get("leaky", []),
            [one["label"] for one in experiments if shares_subjects(one["experiment"]["protocol"])],
        ),
    }
    for name, (told, rightly) in said.items():
        if told != rightly:
            found.wrong.append(f"{name} {told!r}, its experiments have {rightly!r}")
    samples = {one["samples_digest"] for one in experiments}
    missing = samples - {one["digest"] for one in record["data"]}
    if missing:
        found.wrong.append(f"its experiments ran on samples {sorted(missing)[0][:12]}, which its data do not name")


def _check_printed(found: Finding, record: Mapping) -> None:
    """Check that each cell's reported value, difference and verdict follow from the paper's table and its own value."""
    printed, ledger = printed_cells(record["id"]), get_artefact(record["id"])
    compared = 0
    for cell in record.get("cells", ()):
        paper = printed.get((cell["row"], cell["column"]))
        theirs = None if paper is None else float(paper.value)
        if cell["reported"] is None and theirs is None:
            continue
        where = f"{cell['row']}, {cell['column']}"
        if cell["reported"] != theirs:
            found.wrong.append(f"{where}: reported {cell['reported']}, the paper's table here has {theirs}")
            continue
        classes = record["classes"]
        same = not classes or ledger.printed_classes(cell["column"]) in (None, *(classes if len(classes) == 1 else ()))
        ends = (cell["low"], cell["high"])
        rightly = verdict(cell["value"], theirs, paper.decimals, *ends, record["grade"], same)
        if abs(cell["difference"] - (cell["value"] - theirs)) > 1e-6 + ROUNDING or cell["verdict"] != rightly:
            found.wrong.append(f"{where}: {cell['verdict']}, by {cell['difference']}, where {rightly} is right")
            continue
        compared += 1
    if compared:
        found.agreed.append(f"{compared} printed values as the paper has them")


def _check_numbers(found: Finding, record: Mapping, runs: Mapping[str, pd.DataFrame], absent: list[str]) -> None:
    cells = record.get("cells", [])
    if not cells or not runs:
        return
    try:
        numbers = recompute(record, runs)
    except MerlibError as error:
        found.wrong.append(f"cannot be computed: {error.found}")
        return
    timed, agreed, without = record.get("timed", ()), 0, []
    for cell in cells:
        place = (cell["row"], cell["column"])
        if cell["column"] in timed:
            continue
        if place not in numbers:
            without.append(" | ".join(place))
            continue
        fault = _differs(cell, numbers[place])
        if fault:
            found.wrong.append(f"{' | '.join(place)}: {fault}")
        else:
            agreed += 1
    if agreed:
        found.agreed.append(f"{agreed} numbers computed again")
    if without and not absent:
        found.wrong.append(f"{len(without)} numbers that no rule gives from these predictions, such as {without[0]}")


def _differs(cell: Mapping, number: tuple[float, float | None, float | None]) -> str:
    """Return how a cell differs from the number computed again; empty when it does not."""
    value, low, high = number
    scale = max(1.0, abs(value))
    if abs(cell["value"] - value) > ROUNDING * scale:
        return f"{cell['value']:.4f} is recorded, the predictions give {value:.4f}"
    for name, told, rightly in (("low", cell["low"], low), ("high", cell["high"], high)):
        if (told is None) != (rightly is None) or (told is not None and abs(told - rightly) > ROUNDING * scale):
            told = "none" if told is None else f"{told:.4f}"
            rightly = "none" if rightly is None else f"{rightly:.4f}"
            return f"its interval's {name} end is {told}, resampling people gives {rightly}"
    return ""
