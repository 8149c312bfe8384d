"""Tables of the papers whose rows are planned runs, made from committed predictions alone, without maps or training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from merlib.errors import MerlibError, unknown_name
from merlib.profiles import get_profile
from merlib.publishing.figures.results import draw_confusions, draw_intervals
from merlib.publishing.planned.plan import PlannedState, of_seeds, planned_states
from merlib.publishing.records.ledger import get_artefact
from merlib.publishing.records.record import table_cells
from merlib.publishing.records.save_figure import save_figure
from merlib.publishing.records.save_table import SavedTable, heading, save_table
from merlib.publishing.records.shown import Caption, Message
from merlib.publishing.study import Study
from merlib.publishing.tables.classes import recalls_by_set
from merlib.publishing.tables.metrics import metric_table, part_of

EDITION = "planned"  # distinguishes these tables from the same ones that a run trains by its profile
THEIR_MAPS = "maps that the authors of HTNet computed, in place of the paper's own preprocessing"
FIVE_RUNS = "one training, in place of the five that the paper averages"
THREE_CLASSES = "CASME II part of the composite with its three classes, in place of five classes of CASME II alone"

# published tables whose rows are planned runs; of the first two, only the row of the paper's own method
OWN_ROWS = {
    "am3f.table3": {"AM3F-FlowNet": "am3f-loso-lasce"},
    "dual_atme.table3": {"Dual-ATME": "dual-atme-loso"},
}
TABLES = OWN_ROWS | {
    "am3f.table4": {
        "AM3F-FlowNet without multi-scale": "am3f-10-without-multi-scale",
        "AM3F-FlowNet without MSFF": "am3f-10-without-msff",
        "AM3F-FlowNet without MOFRW": "am3f-10-without-mofrw",
        "AM3F-FlowNet": "am3f-10-lasce",
    },
    "am3f.table5": {
        "CE": "am3f-10-ce",
        "Focal": "am3f-10-focal",
        "LA-Focal": "am3f-10-la-focal",
        "LASCE": "am3f-10-lasce",
    },
    "dual_atme.table1": {
        "HARS": "dual-atme-10-hars",
        "AARS": "dual-atme-10-aars",
        "HARS with attention + AARS": "dual-atme-10-hars-att-aars",
        "HARS + AARS": "dual-atme-10-hars-aars",
    },
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
    """Return the planned runs that are missing for rows of a published table."""
    if artefact not in TABLES:
        raise unknown_name("table of planned runs", artefact, TABLES)
    return [name for name in TABLES[artefact].values() if states[name].missing]


def table_runs(artefact: str, states: Mapping[str, PlannedState]) -> dict[str, pd.DataFrame]:
    """Return the committed predictions of a published table's rows, labelled as printed.

    Raises
    ------
    MerlibError
        When a row is not committed, because half a table would be read as the whole.
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
    command = f"merlib reference train {' '.join(names)} --data megc2019-flow=DIR"
    return f"train them: {command}; then execute the notebook again: make reproduce."


class _Rows(NamedTuple):
    runs: dict[str, pd.DataFrame]
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]  # values, ends of the intervals
    told: dict[str, object]  # substitution and study, as records want them


def _rows(artefact: str, study: Study, note: str) -> _Rows | Message:
    """Return the results of a published table's committed runs, or a sentence on how to train missing ones."""
    states = planned_states()
    absent = rows_missing(artefact, states)
    if absent:
        return Message(f"Not shown: {artefact} lacks {', '.join(absent)}. {_how_to_train(absent)}")
    runs = table_runs(artefact, states)
    tables = metric_table(runs, artefact=artefact)
    notes = dict.fromkeys(text for frame in runs.values() for text in frame.attrs["notes"][-1:])
    fewer = THREE_CLASSES if get_artefact(artefact).printed_classes() == 5 else ""
    repeats = FIVE_RUNS if artefact == "am3f.table3" else ""
    alone = "the row of the paper's own method alone" if artefact in OWN_ROWS else ""
    told = [stands_in(runs), alone, THEIR_MAPS, *notes, fewer, repeats, note, code_note(runs)]
    paper = replace(study, profile=get_profile("paper"))  # the same whatever profile the notebook has
    return _Rows(runs, tables, {"substitution": "; ".join(filter(None, told)), "study": paper})


def planned_table(artefact: str, study: Study, note: str = "") -> SavedTable | Message:
    """Save a published table from committed runs and return it for display; where runs are missing, return a sentence.

    The record states what replaces the paper's protocol and data, and `note`. Its files are named with `EDITION`, so
    that they do not overwrite the same table of a run by its profile.
    """
    found = _rows(artefact, study, note)
    if isinstance(found, Message):
        return found
    values, low, high = found.tables
    own = artefact in OWN_ROWS
    caption = inside_caption(artefact, *found.tables) if own else spread_caption(*found.tables, "full.uf1")
    how = {"low": low, "high": high, "caption": caption, "edition": EDITION}
    return save_table(artefact, values, found.runs, **how, **found.told)


def planned_figure(artefact: str, column: str, study: Study, note: str = "") -> Caption | Message:
    """Draw one column of a published table from committed runs and return its caption; or a sentence on missing runs.

    The figure is saved as ``extra.planned_<artefact>``, with ``_`` in place of the dot.
    """
    found = _rows(artefact, study, note)
    if isinstance(found, Message):
        return found
    figure = draw_intervals(*found.tables, artefact=artefact, column=column)
    name = f"extra.planned_{artefact.replace('.', '_')}"
    caption = spread_caption(*found.tables, column)
    save_figure(name, figure, found.runs, data=found.tables[0], caption=caption, **found.told)
    return Caption(caption)


SETS = {"Full": "full", "CASME II": "casme2", "SMIC": "smic", "SAMM": "samm"}


def planned_confusions(artefact: str, study: Study) -> Caption | Message:
    """Draw a published figure of confusion matrices from committed runs and return its caption, or what is missing.

    ``am3f.figure5`` shows the four losses on the CASME II part. ``dual_atme.figure6`` shows the whole and the three
    parts, with the recalls that the paper's text prints beside ours.

    Raises
    ------
    MerlibError
        For another artefact.
    """
    tables = {"am3f.figure5": "am3f.table5", "dual_atme.figure6": "dual_atme.table3"}
    if artefact not in tables:
        raise unknown_name("figure of planned confusion matrices", artefact, tables)
    found = _rows(tables[artefact], study, "")
    if isinstance(found, Message):
        return found
    caption, numbers = "Rows are the truth and sum to one.", None
    if artefact == "am3f.figure5":
        shown = {label: part_of(frame, "casme2") for label, frame in found.runs.items()}
        caption = f"{caption} CASME II part, all seeds counted together."
    else:
        (whole,) = found.runs.values()
        present = {"full", *whole["dataset"]}
        shown = {title: part_of(whole, name) for title, name in SETS.items() if name in present}
        numbers = recalls_by_set(whole, ("full", "casme2"))
        caption = f"{caption} Of the recalls in the text, {inside_caption(artefact, *numbers)}"
    figure, counts = draw_confusions(shown)
    save_figure(
        artefact, figure, found.runs, data=counts, caption=caption, edition=EDITION, numbers=numbers, **found.told
    )
    return Caption(caption)


def stands_in(runs: Mapping[str, pd.DataFrame]) -> str:
    """Return in words the folds and seeds that replace the papers' protocol."""
    seeds = sorted({seed for frame in runs.values() for seed in frame.attrs["experiment"]["seeds"]})
    named = f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
    if all(frame.attrs["experiment"]["protocol"] == "loso" for frame in runs.values()):
        return f"leave one subject out as in the paper, {named}"
    return f"ten subject-disjoint folds of the public maps, {named}, in place of leave one subject out"


def inside_caption(artefact: str, values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> str:
    """Return a sentence on how many of a published table's numbers lie in our 95 % intervals."""
    cells = table_cells(artefact, values, low, high, "real analogue")
    inside, printed = counted_inside(cells)
    return f"{inside} of {printed} printed values lie in our 95 % intervals."


def counted_inside(cells: Sequence[Mapping]) -> tuple[int, int]:
    """Return how many printed values of a record's cells lie in our intervals, and how many are printed."""
    printed = [cell for cell in cells if cell["reported"] is not None and cell["low"] is not None]
    return sum(cell["verdict"].endswith(("identical", "within interval")) for cell in printed), len(printed)


def spread_caption(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, column: str) -> str:
    """Return a sentence on the range of one column, and on whether every row's interval holds every row's value."""
    ours = values[column]
    first, last = ours.idxmin(), ours.idxmax()
    holds = low[column].max() <= ours.min() and ours.max() <= high[column].min()
    told = "every interval holds the value of every row" if holds else "not every interval holds the value of every row"
    return f"{heading(column)} from {ours.min():.3f} ({first}) to {ours.max():.3f} ({last}); {told}."


def code_note(runs: Mapping[str, pd.DataFrame]) -> str:
    """Return a note that `runs` were trained by different states of the code; empty if by the same."""
    codes: dict[str, list[str]] = {}
    for label, frame in runs.items():
        codes.setdefault(frame.attrs["source_digest"][:8], []).append(label)
    told = "; ".join(f"{', '.join(labels)} by {code}" for code, labels in codes.items())
    return f"rows trained by {len(codes)} states of the code: {told}" if len(codes) > 1 else ""
