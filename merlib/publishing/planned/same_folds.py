"""Every method that leaves one subject out, on both archives: one record, one forest plot, and paired differences.

Everything is read from committed predictions of seed 0. A method without a run is left out; see `hours.missing_table`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from merlib.profiles import get_profile
from merlib.publishing.figures.comparison import draw_between_archives, draw_forest
from merlib.publishing.planned.archive_plan import FAMILIES, FLOW, HANDCRAFTED, HUMBLE, NETWORKS, PHASES
from merlib.publishing.planned.comparisons import PlannedTests, planned_tests
from merlib.publishing.planned.methods import ARCHIVES, NESTED, THEIR_MAPS, method_runs
from merlib.publishing.planned.plan import PlannedState, of_seeds
from merlib.publishing.planned.tables import code_note
from merlib.publishing.records.save_figure import save_figure
from merlib.publishing.records.save_table import SavedTable, save_table
from merlib.publishing.records.shown import Caption, Message
from merlib.publishing.study import Study
from merlib.publishing.tables.comparison import archives_caption, between_archives, forest_caption
from merlib.publishing.tables.metrics import ALWAYS, finding, metric_table

LINE, CHAMPION = HUMBLE["linear"], "Champion"
BOTH = "both archives"
ON = " on "  # joins a method and its archive in the row of a record
LABELS = {"HARS + AARS": "Dual-ATME"}
FOREST, TESTS, CHANGES = "extra.same_folds", "extra.champion_tests", "extra.preprocessing_only"


def methods() -> dict[str, str]:
    """Return, for each label of a method on both archives, the name of its planned run without the archive."""
    humble = {label: f"{model.replace('_', '-')}-loso" for model, label in HUMBLE.items()}
    crafted = {label: f"{model.replace('_', '-')}-loso" for model, label in HANDCRAFTED.items()}
    networks = {LABELS.get(label, label): name for name, (_, label, _, _) in NETWORKS.items()}
    return {CHAMPION: "champion-loso", **humble, **crafted, **networks}


class SameFolds(NamedTuple):
    """Results of all methods that leave one subject out: the saved table, the runs, and UF1 by method and archive."""

    saved: SavedTable
    runs: dict[str, pd.DataFrame]
    uf1: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame


def save_same_folds(states: Mapping[str, PlannedState], study: Study) -> SameFolds | None:
    """Save the results of all methods that leave one subject out as ``extra.same_folds``; None if there is no run."""
    left_out = {label: name for label, name in methods().items() if name.endswith("-loso") or "-loso-" in name}
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for data in ARCHIVES:
        for label, frame in method_runs(left_out, data, states).items():
            found[label, data] = frame
    for label, name in NESTED.items():
        if states[name].predictions is not None:
            found[label, BOTH] = of_seeds(states[name].predictions, [0], label)
    if not found:
        return None
    runs = {label + ON + data: frame for (label, data), frame in found.items()}
    tables = [table[list(ALWAYS)] for table in metric_table(runs)]
    by_archive = [_by_archive(table["full.uf1"]) for table in tables]
    told = [f"{data}: {whose}" for data, whose in THEIR_MAPS.items()]
    saved = save_table(
        FOREST,
        tables[0],
        runs,
        low=tables[1],
        high=tables[2],
        caption=forest_caption(*by_archive, LINE),
        substitution="; ".join(filter(None, [*told, "seed 0, last epoch", code_note(runs)])),
        study=replace(study, profile=get_profile("paper")),
    )
    return SameFolds(saved, runs, *by_archive)


def _by_archive(column: pd.Series) -> pd.DataFrame:
    split = column.rename(index=str).to_frame("value")
    split[["method", "archive"]] = [name.rsplit(ON, 1) for name in split.index]
    table = split.pivot_table(index="method", columns="archive", values="value")
    return table[[name for name in (*ARCHIVES, BOTH) if name in table]].rename_axis(index=None, columns=None)


def save_forest(found: SameFolds | None, study: Study) -> Caption | Message:
    """Draw the result of `save_same_folds` as a forest plot, save it as ``extra.forest`` and return its caption."""
    if found is None:
        return Message("No committed run is read.")
    figure = draw_forest(found.uf1, found.low, found.high, LINE)
    caption = forest_caption(found.uf1, found.low, found.high, LINE)
    how = {"substitution": found.saved.record["substitution"], "study": replace(study, profile=get_profile("paper"))}
    save_figure("extra.forest", figure, found.runs, data=found.uf1, caption=caption, **how)
    return Caption(caption)


def save_between_archives(states: Mapping[str, PlannedState], study: Study) -> tuple[pd.DataFrame, Caption | Message]:
    """Save how results change when only the preprocessing does, as table and figure; return table and caption."""
    first, second = (method_runs(methods(), data, states) for data in ARCHIVES)
    reads = [label for label in first if label in second and label != HUMBLE["majority"]]  # majority reads no map
    pairs = {label: (first[label], second[label]) for label in reads}
    table = between_archives(pairs)
    caption = archives_caption(table)
    if table.empty:
        return table, Message(caption)
    named = {FLOW: first, PHASES: second}
    runs = {label + ON + data: named[data][label] for data in ARCHIVES for label in pairs}
    how = {"caption": caption, "substitution": "; ".join(filter(None, [*THEIR_MAPS.values(), code_note(runs)]))}
    how["study"] = replace(study, profile=get_profile("paper"))
    ends = {end: pd.DataFrame({"difference": table[end]}).reindex(columns=table.columns) for end in ("low", "high")}
    save_table(CHANGES, table, runs, **ends, **how)
    save_figure(CHANGES, draw_between_archives(table), runs, data=table, edition="figure", **how)
    return table, Caption(caption)


def save_champion_tests(states: Mapping[str, PlannedState], study: Study) -> tuple[SavedTable | None, PlannedTests]:
    """Test those of the champion's planned families that are complete, and save the table.

    Returns
    -------
    saved : SavedTable or None
        The table; None when no family is complete.
    found : PlannedTests
        The tests; the missing runs of the other families are in ``lacking``.
    """
    found = planned_tests(states, FAMILIES)
    if not found.runs:
        return None, found
    waits = "; ".join(f"{family} waits for {', '.join(names)}" for family, names in found.lacking.items())
    caption = finding(found.table) + (f" Not tested yet: {waits}." if waits else "")
    how = {"caption": caption, "substitution": code_note(found.runs)}
    saved = save_table(TESTS, found.table, found.runs, study=replace(study, profile=get_profile("paper")), **how)
    return saved, found
