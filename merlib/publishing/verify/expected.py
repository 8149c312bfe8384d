"""Compare a run's numbers with expected ones; unlike the text that nbval compares, trained numbers need a tolerance.

``merlib maintain expected RUN FILE [--write]`` reads the artefact records of ``results/runs/RUN``. Counts must agree
exactly. Numbers of trained models (those with an interval) may differ by `TOLERANCE`, since processors round
differently and a short training amplifies this. Where a number is computed from so few clips that one of them changes
it by more than that, only its presence is checked, and that it lies between 0 and 1; the smoke run has classes of two
to four clips. Of measured times, only the presence is checked.
"""

from __future__ import annotations

import json
from pathlib import Path

from merlib.errors import MerlibError
from merlib.publishing.records.ledger import read_records
from merlib.publishing.records.record import write_whole

TOLERANCE = 0.1  # of a share; ten points of a percentage


def numbers_of(run: Path) -> dict[str, dict[str, dict]]:
    """Return the numbers of a run: artefact, then ``row | column``, then value, unit and whether it was trained.

    The name of an artefact is followed by its edition where it has one. The value of a measured time is None, since it
    differs in every run.
    """
    found: dict[str, dict[str, dict]] = {}
    for record in read_records([run / "artefacts"]):
        cells = {
            f"{cell['row']} | {cell['column']}": {
                "value": None if cell["column"] in record.get("timed", ()) else round(cell["value"], 6),
                "unit": cell["unit"],
                "trained": cell["low"] is not None,
            }
            | ({"clips": record["clips"][cell["row"]]} if cell["row"] in record.get("clips", {}) else {})
            for cell in record.get("cells", [])
            if cell["low"] is not None or not record["experiments"]
        }
        if cells:
            found[Path(record["path"]).stem] = cells
    return found


def differences(found: dict, expected: dict) -> list[str]:
    """Return a line for each number that is missing, unexpected, or further from the expected one than allowed."""
    faults = []
    for artefact in sorted(found.keys() | expected.keys()):
        ours, theirs = found.get(artefact, {}), expected.get(artefact, {})
        for place in sorted(ours.keys() | theirs.keys()):
            if place not in ours or place not in theirs:
                faults.append(f"{artefact}, {place}: {'missing' if place not in ours else 'not expected'}")
                continue
            if ours[place].get("clips") != theirs[place].get("clips"):
                counts = (str(side[place].get("clips", "unknown")) for side in (ours, theirs))
                faults.append(f"{artefact}, {place}: clips {', expected '.join(counts)}")
                continue
            value, wanted = ours[place]["value"], theirs[place]["value"]
            if value is None or wanted is None:
                if value is not wanted:
                    faults.append(f"{artefact}, {place}: {value}, expected {wanted}; None is a time")
                continue
            scale = 100 if theirs[place]["unit"] == "%" else 1
            allowed = TOLERANCE * scale if theirs[place]["trained"] else 0.0
            if theirs[place]["trained"] and TOLERANCE * theirs[place].get("clips", float("inf")) < 1:
                if not 0 <= value <= scale:
                    faults.append(f"{artefact}, {place}: {value:g}, expected a share between 0 and {scale}")
                continue
            if not abs(value - wanted) <= allowed:
                faults.append(f"{artefact}, {place}: {value:g}, expected {wanted:g} within {allowed:g}")
    return faults


def compare(run: Path, expected: Path) -> int:
    """Compare a run with the expected numbers and return how many agree.

    Raises
    ------
    MerlibError
        When a number is missing, new or too far off, or there is nothing to compare.
    """
    found = numbers_of(run)
    faults = differences(found, json.loads(expected.read_text(encoding="utf-8")))
    if not found:
        faults.insert(0, f"no records in {run.name}")
    if faults:
        raise MerlibError(
            f"{len(faults)} numbers of {run.name}: " + "; ".join(faults[:10]),
            f"the numbers in {expected.name}, trained ones within {TOLERANCE:g} of a share.",
            "find out what changed; when it was meant to, write them anew with --write.",
        )
    return sum(len(cells) for cells in found.values())


def write_expected(run: Path, expected: Path) -> None:
    """Write the numbers of a run as the expected ones, after an intended change."""
    write_whole(expected, json.dumps(numbers_of(run), indent=1) + "\n")
