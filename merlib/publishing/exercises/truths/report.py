"""Answers of notebook 15: what the ledger holds, and what intervals can and cannot say."""

from __future__ import annotations

from merlib.publishing.exercises.answers import Choice, Number, exercise
from merlib.publishing.records.ledger import status_table
from merlib.publishing.study import Study
from merlib.sources.counts import subject_counts
from merlib.sources.reported import reported_values


@exercise("15.missing")
def missing(study: Study) -> Number:
    """How many of the papers' artefacts do not exist yet."""
    grades = status_table(study.artefact_folder)["grade"]
    count = int((grades == "missing").sum())
    return Number(count, mistakes={len(grades) - count: "that is how many exist."})


@exercise("15.largest")
def largest(study: Study) -> Choice:
    """The artefact whose numbers are furthest from the printed ones."""
    gaps = status_table(study.artefact_folder).set_index("id")["largest difference"].dropna()
    return Choice(gaps.idxmax(), dict.fromkeys(gaps.index, "its largest difference is smaller than another's."))


@exercise("15.luck")
def luck(study: Study) -> Number:
    """How many of Dual-ATME's printed numbers a 95 % interval misses by luck alone."""
    table = reported_values("dual_atme.table3")
    printed = int((table["row"] == "Dual-ATME").sum())
    mistakes = {0.05 * len(table): "that is of the whole table.", 0.95 * printed: "so many lie inside."}
    return Number(0.05 * printed, within=0.02, mistakes=mistakes)


@exercise("15.clip")
def clip(study: Study) -> Number:
    """How far one clip moves the recall of surprise on the composite, in percentage points."""
    counts = subject_counts("megc2019_cd").groupby("class")["n"].sum()
    mistakes = {
        100 / counts.sum(): "so far it moves the accuracy; recall counts the clips of one class.",
        1 / counts["surprise"]: "that is a share; percentage points are asked for.",
    }
    return Number(100 / counts["surprise"], mistakes=mistakes)
