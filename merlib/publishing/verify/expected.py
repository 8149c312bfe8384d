"""Compare a run's numbers with expected ones; unlike the text that nbval compares, trained numbers need a tolerance.

``merlib maintain expected RUN FILE [--write]`` reads the artefact records of ``results/runs/RUN``. Four rules hold.

- Counts, and numbers computed from committed predictions, must agree exactly: no processor has a say in them.
- Numbers of models that the run itself trained, or of motion that it measured, may differ by `TOLERANCE`, since
  processors round differently and a short training amplifies this. Where fewer than a hundred clips are tested, they
  may differ by one over the root of the number of clips: two standard errors of a share, at its largest.
- Where one clip alone changes a number by more than `TOLERANCE`, only its presence is checked, and that it is finite;
  that a score lies between 0 and 1, and any other share or difference of two between -1 and 1. The smoke run has
  classes of two to four clips.
- Of measured times, only the presence is checked.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from merlib.errors import MerlibError
from merlib.publishing.records.ledger import read_records
from merlib.publishing.records.record import write_whole

TOLERANCE = 0.1  # of a share; ten points of a percentage
DIGITS = 6  # that are kept of each number
SCALES = {"": 1.0, "1": 1.0, "%": 100.0}  # the largest value of a share, by its unit
SCORES = ("acc", "uf1", "uar", "f1", "precision", "recall")  # columns that end so are never negative


def numbers_of(run: Path) -> dict[str, dict[str, dict]]:
    """Return the numbers of a run: artefact, then ``row | column``, then value, unit and whether it was trained.

    The name of an artefact is followed by its edition where it has one. The value of a measured time is None, since it
    differs in every run. ``clips`` is the number of clips behind a trained number, where the record tells it.
    """
    found: dict[str, dict[str, dict]] = {}
    for record in read_records([run / "artefacts"]):
        committed = _is_committed(record)
        cells = {}
        for cell in record.get("cells", []):
            if cell["low"] is None and record["experiments"] and not committed:
                continue
            timed = cell["column"] in record.get("timed", ())
            number = {
                "value": None if timed else round(cell["value"], DIGITS),
                "unit": cell["unit"],
                "trained": cell["low"] is not None and not committed,
            }
            clips = _clips_behind(record, cell) if number["trained"] else None
            cells[f"{cell['row']} | {cell['column']}"] = number | ({"clips": clips} if clips else {})
        if cells:
            found[Path(record["path"]).stem] = cells
    return found


def _is_committed(record: dict) -> bool:
    return bool(record["experiments"]) and all(one.get("origin") == "reference" for one in record["experiments"])


def _clips_behind(record: dict, cell: dict) -> int | None:
    if cell["row"] in record.get("clips", {}):
        return record["clips"][cell["row"]]
    counts = [one["clips"] for one in record["experiments"] if one["label"] == cell["row"]]
    counts = counts or [one["clips"] for one in record["experiments"]]
    dataset = cell["column"].partition(".")[0]
    return min((one.get(dataset, sum(one.values())) for one in counts), default=None)


def _fault(place: str, number: dict, wanted: dict) -> str:
    if number["trained"] is not wanted["trained"]:
        return f"{'trained' if number['trained'] else 'not trained'}, expected the opposite"
    if number.get("clips") != wanted.get("clips"):
        return f"clips {number.get('clips', 'unknown')}, expected {wanted.get('clips', 'unknown')}"
    value, expected = number["value"], wanted["value"]
    if value is None or expected is None:
        return "" if value is expected else f"{value}, expected {expected}; None is a time"
    scale = SCALES.get(wanted["unit"], math.inf)
    clips = wanted.get("clips", math.inf)
    if wanted["trained"] and TOLERANCE * clips < 1:
        lowest = 0.0 if re.split(r"[ .]", place)[-1] in SCORES else -scale
        inside = math.isfinite(value) and lowest <= value <= scale
        return "" if inside else f"{value:g}, expected between {lowest:g} and {scale:g}"
    share = max(TOLERANCE, 1 / math.sqrt(clips)) if wanted["trained"] else 0.0
    allowed = share * (scale if scale < math.inf else 1.0)
    return "" if abs(value - expected) <= allowed else f"{value:g}, expected {expected:g} within {allowed:.2g}"


def differences(found: dict, expected: dict) -> list[str]:
    """Return a line for each number that is missing, unexpected, or further from the expected one than allowed."""
    faults = []
    for artefact in sorted(found.keys() | expected.keys()):
        ours, theirs = found.get(artefact, {}), expected.get(artefact, {})
        for place in sorted(ours.keys() | theirs.keys()):
            if place not in ours or place not in theirs:
                fault = "missing" if place not in ours else "not expected"
            else:
                fault = _fault(place, ours[place], theirs[place])
            if fault:
                faults.append(f"{artefact}, {place}: {fault}")
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
            f"the numbers in {expected.name}, each as near as its kind allows (`merlib maintain expected --help`).",
            "find out what changed; when it was meant to, write them anew with --write.",
        )
    return sum(len(cells) for cells in found.values())


def write_expected(run: Path, expected: Path) -> None:
    """Write the numbers of a run as the expected ones, after an intended change."""
    write_whole(expected, json.dumps(numbers_of(run), indent=1) + "\n")
