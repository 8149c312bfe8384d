"""The methods that the papers compare with: which printed rows have a run on which archive, and why others have none.

Everything is read from committed predictions. A planned run that is missing is no error; its hours are shown instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from merlib.errors import unknown_name
from merlib.learning.store.references import every_reference
from merlib.profiles import get_profile
from merlib.publishing.planned.archive_plan import FLOW, HANDCRAFTED, HUMBLE, PHASES, every_planned_run
from merlib.publishing.planned.hours import hours_missing, hours_of
from merlib.publishing.planned.plan import PlannedState, of_seeds, planned_states
from merlib.publishing.planned.tables import code_note
from merlib.publishing.records.ledger import EXTRA, PAPERS, get_artefact, protocol_words
from merlib.publishing.records.save_table import SavedTable, save_table
from merlib.publishing.study import Study
from merlib.publishing.tables.comparison import SAME, comparison_view, same_protocol
from merlib.publishing.tables.metrics import metric_table
from merlib.scoring.interval_text import value_text
from merlib.sources.reported import reported_values

ARCHIVES = {FLOW: "flow", PHASES: "phases"}
# printed rows that have a planned run, by its name without the archive
RUNS = {
    "am3f.table2": {"MDMO": "mdmo-maps-loso", "Bi-WOOF": "bi-woof-maps-loso", "AM3F-FlowNet": "am3f-loso-lasce"},
    "am3f.table3": {
        "Bi-WOOF": "bi-woof-maps-loso",
        "OFF-ApexNet": "off-apexnet-10",
        "Dual-Inception": "dual-inception-10",
        "STSTNet": "ststnet-loso",
        "AM3F-FlowNet": "am3f-loso-lasce",
    },
    "astnet.table5": {"OFF-Apex Net": "off-apexnet-10", "ASTNet": "astnet-10"},
    "dual_atme.table3": {
        "Bi-WOOF": "bi-woof-maps-loso",
        "ResNet18": "resnet18-10",
        "STSTNet": "ststnet-loso",
        "Dual-Incep": "dual-inception-10",
        **{f"RCN_{letter}": f"rcn-{letter}-{'loso' if letter == 'a' else '10'}" for letter in "awcf"},
        "Dual-ATME": "dual-atme-loso",
    },
    "larnet.table5": {},
    "uamrn.table2": {},
    "uamrn.table3": {},
    "uamrn.table4": {"Dual-Inception Network": "dual-inception-10"},
}
# rows below the printed ones, in every table
OURS = {
    **{label: f"{model.replace('_', '-')}-loso" for model, label in HUMBLE.items()},
    HANDCRAFTED["hoof_maps"]: "hoof-maps-loso",
    "Champion": "champion-loso",
}
NESTED = {  # they read both archives
    "Views chosen inside (greedy)": "both-chosen-greedy-loso",
    "View chosen inside (single)": "both-chosen-single-loso",
    "Views chosen on the other data sets": "both-chosen-other-sets-loso",
}
BUILT = {"CapsuleNet": "capsulenet", "MMNet": "mmnet", "MicroExpSTCNN": "microexpstcnn"}  # by the benchmark's names
ON_CLIPS = ("LBP-TOP", "LBP-SIP", "UAMRN", "LARNet", "ASTNet")
# a row of the rendered twin's committed predictions: folder, model, label
TWINS = {
    "larnet.table5": ("LARNet", "casme2_twin", "larnet", "people apart"),
    "uamrn.table2": ("UAMRN", "casme2_twin", "uamrn", "UAMRN"),
    "uamrn.table3": ("Linear on pixels", "megc2019_flow_twin", "linear", "Linear on pixels"),
    "uamrn.table4": ("UAMRN", "smic_twin", "uamrn", "UAMRN, SMIC"),
}
THEIR_MAPS = {
    FLOW: "maps that the authors of HTNet computed",
    PHASES: "maps that the authors of CausalNet computed",
}


def on_archive(name: str, data: str, states: Mapping[str, PlannedState]) -> str | None:
    """Return the name of a method's planned run on an archive, or None; the oldest runs have no archive as prefix."""
    prefixed = f"{ARCHIVES[data]}-{name}"
    if prefixed in states:
        return prefixed
    return name if data == FLOW and name in states else None


def method_runs(names: Mapping[str, str], data: str, states: Mapping[str, PlannedState]) -> dict[str, pd.DataFrame]:
    """Return the committed predictions of methods on one archive, seed 0, by their label."""
    runs = {}
    for label, name in names.items():
        planned = on_archive(name, data, states)
        if planned and states[planned].predictions is not None:
            runs[label] = of_seeds(states[planned].predictions, [0], label)
    return runs


def why_not_run(artefact: str, row: str, states: Mapping[str, PlannedState]) -> str:
    """Return in words why a printed row has no number of ours on any archive."""
    name = RUNS[artefact].get(row)
    if name:
        plan = every_planned_run()
        planned = next(filter(None, (on_archive(name, data, states) for data in ARCHIVES)))
        hours = hours_missing(plan[planned], states)[0]
        return f"planned, missing: {hours:.2g} h" if hours is not None else "planned, missing: hours not measured"
    if row in BUILT:
        clips = "licensed clips and " if row != "CapsuleNet" else ""
        return f"not run: needs {clips}{hours_of(BUILT[row]):.3g} h"
    if row in ON_CLIPS:
        return "not run: needs licensed clips"
    return "reported, not rebuilt here"


class Comparison(NamedTuple):
    """Our rows of a published table: the saved tables by name of the data, and the states of the planned runs."""

    artefact: str
    saved: dict[str, SavedTable]
    states: Mapping[str, PlannedState]

    def view(self, column: str) -> pd.DataFrame:
        """Return one column of the table, with a row for each method; see `comparison_view`."""
        records = {name: table.record for name, table in self.saved.items()}
        same = {row: self._same(row, column) for row in self._rows()}
        return comparison_view(self.artefact, column, records, same, ranked=column.startswith("full."))

    def _rows(self) -> list[str]:
        printed = list(dict.fromkeys(reported_values(self.artefact)["row"]))
        cells = [cell["row"] for table in self.saved.values() for cell in table.record["cells"]]
        return list(dict.fromkeys([*printed, *cells]))

    def _same(self, row: str, column: str) -> str:
        if row not in set(reported_values(self.artefact)["row"]):
            return "ours"
        for name, table in self.saved.items():
            for one in table.record["experiments"]:
                if one["label"] == row:
                    if table.record["synthetic"]:
                        epochs = one["experiment"]["recipe"]["epochs"]
                        how = protocol_words(one["experiment"]["protocol"])
                        why = f"no: {name}, {how}, {epochs} epochs"
                        return same_protocol(self.artefact, row, column, None, 0, why)
                    return same_protocol(self.artefact, row, column, one["experiment"], *table.record["classes"])
        return same_protocol(self.artefact, row, column, None, 0, why_not_run(self.artefact, row, self.states))


def save_comparison(artefact: str, study: Study) -> Comparison:
    """Save our rows of a published comparison table, one record for each archive, and return them for display.

    An archive on which none of the printed methods has a run gets no record. A table in which the paper's own network
    has no row is a result beyond the paper, ``extra.PAPER_TABLE``, and the table itself is made on the rendered twin,
    from its committed rows, marked SYNTHETIC.

    Raises
    ------
    MerlibError
        For another artefact.
    """
    if artefact not in RUNS:
        raise unknown_name("table of compared methods", artefact, RUNS)
    states, saved = planned_states(every_planned_run()), {}
    for data in ARCHIVES:
        runs = method_runs(RUNS[artefact], data, states)
        if runs:
            runs |= method_runs(OURS, data, states)
            saved[data] = _save(artefact, data, runs, study)
    if artefact not in {table.record["id"] for table in saved.values()} and artefact in TWINS:
        runs = _twin_runs(artefact)
        saved |= {"SYNTHETIC twin": _save_twin(artefact, runs, study)} if runs else {}
    return Comparison(artefact, saved, states)


def _save(artefact: str, data: str, runs: dict[str, pd.DataFrame], study: Study) -> SavedTable:
    values, low, high = metric_table(runs, artefact=artefact)
    ten = [row for row, frame in runs.items() if frame.attrs["experiment"]["protocol"] != "loso"]
    frame = values.reindex([*dict.fromkeys([*reported_values(artefact)["row"], *runs])])
    classes = len(next(iter(runs.values())).attrs["classes"])
    column = values.columns[0]
    printed = set(reported_values(artefact)["row"])
    frame[SAME] = [
        same_protocol(artefact, row, column, runs[row].attrs["experiment"], classes)
        if row in runs and row in printed
        else ("ours" if row in runs else "no run of ours on this archive")
        for row in frame.index
    ]
    notes = dict.fromkeys(text for one in runs.values() for text in one.attrs["notes"][-1:])
    told = [
        f"{THEIR_MAPS[data]}, three classes, in place of the papers' own preprocessing",
        f"ten subject-disjoint folds for {', '.join(ten)}" if ten else "",
        "one training with seed 0",
        *notes,
        code_note(runs),
    ]
    best = values["full.uf1"].idxmax()
    caption = (
        f"Highest Full UF1 of {len(runs)} rows on {data}: {best}, "
        f"{value_text(*(table.loc[best, 'full.uf1'] for table in (values, low, high)), '.3f')}; described, not tested."
    )
    whole = PAPERS[get_artefact(artefact).paper] in runs
    return save_table(
        artefact if whole else f"{EXTRA}{artefact.replace('.', '_')}",
        frame,
        runs,
        low=low.reindex(frame.index),
        high=high.reindex(frame.index),
        caption=caption,
        substitution="; ".join(filter(None, told)),
        edition=data.replace("-", "_"),
        study=replace(study, profile=get_profile("paper")),
    )


def _twin_runs(artefact: str) -> dict[str, pd.DataFrame]:
    row, folder, model, label = TWINS[artefact]
    for frame in every_reference(folder):
        experiment = frame.attrs["experiment"]
        if (experiment["model"], experiment["label"]) == (model, label):
            return {row: of_seeds(frame, [0], row)}
    return {}


def _save_twin(artefact: str, runs: dict[str, pd.DataFrame], study: Study) -> SavedTable:
    values, low, high = _twin_numbers(artefact, runs)
    caption = "The pipeline runs on the rendered twin; its number says nothing about the paper's claim."
    return save_table(
        artefact,
        values,
        runs,
        low=low,
        high=high,
        caption=caption,
        substitution="SYNTHETIC twin, ten subject-disjoint folds, in place of licensed clips",
        edition="twin",
        study=replace(study, profile=get_profile("teach")),
    )


def _twin_numbers(artefact: str, runs: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, ...]:
    columns = reported_values(artefact)["column"]
    if any("." in column for column in columns):
        tables = metric_table(runs, artefact=artefact)
        return tuple(table[[c for c in dict.fromkeys(columns) if c in table]] for table in tables)
    (part,) = {name for one in runs.values() for name in one["dataset"].unique()}
    tables = metric_table(runs)  # the paper's only column is an accuracy in percent, of no named data set
    return tuple(100 * table[[f"{part}.acc"]].set_axis(["acc"], axis=1) for table in tables)
