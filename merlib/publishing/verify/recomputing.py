"""Compute every number of a record again from predictions, by the rule that its row and column name.

A column such as ``casme2.uar`` is that metric on that data set, pooled over all folds, with an interval that resamples
people. A row ``A against B`` is a test of two runs. A few records have rules of their own (`RULES`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from merlib.learning.frame_votes import of_clips, vote_by_clip
from merlib.publishing.planned.ablation_tables import family_numbers
from merlib.publishing.planned.after_training import adjusted_after_training
from merlib.publishing.planned.archive_plan import FAMILIES as CHAMPION_FAMILIES
from merlib.publishing.planned.choosing import choosing_table
from merlib.publishing.planned.choosing_tables import AFTER, PRINTED, TAU
from merlib.publishing.planned.comparisons import FAMILIES
from merlib.publishing.planned.inner_tau import inner_scores
from merlib.publishing.planned.prior_at_inference import with_prior
from merlib.publishing.planned.same_folds import ON
from merlib.publishing.tables.classes import averages_over_people, class_table, recalls_by_set
from merlib.publishing.tables.comparison import between_archives
from merlib.publishing.tables.metrics import METRICS, comparison_table, part_of
from merlib.publishing.watched.cameras import camera_table
from merlib.scoring import bootstrap_interval, detectable_difference
from merlib.sources.reported import reported_artefacts, reported_values

Number = tuple[float, float | None, float | None]  # value and ends of its interval, where it has one
Runs = Mapping[str, pd.DataFrame]
Place = tuple[str, str]  # row and column
AGAINST = " against "
TESTED = ("UF1 difference", "low", "high", "p", "p, Holm")


def recompute(record: Mapping, runs: Runs) -> dict[Place, Number]:
    """Return the numbers of a record by row and column, as far as they follow from `runs` and a rule.

    Parameters
    ----------
    record : mapping
        As `save_table` or `save_figure` wrote it; its rows, columns and units are read, not its values.
    runs : mapping of str to DataFrame
        Predictions by the labels of the record's experiments.

    Returns
    -------
    dict
        From (row, column) to value, low and high. A cell that has no rule, or whose run is missing, is left out.
    """
    rule = RULES.get(record["id"])
    if rule is not None:
        return rule(record, runs)
    if any(AGAINST in cell["row"] for cell in record["cells"]):
        return _tests(record, runs)
    return _metrics(record, runs)


def _metrics(record: Mapping, runs: Runs) -> dict[Place, Number]:
    found: dict[Place, Number] = {}
    units = _units(record["id"])
    for cell in record["cells"]:
        run = runs.get(cell["row"])
        part, _, metric = cell["column"].rpartition(".")
        if run is None or metric not in METRICS:
            continue
        rows = part_of(run, part or "full")
        if rows.empty:
            continue
        scale = 100.0 if (cell["unit"] or units.get(cell["column"])) == "%" else 1.0
        interval = bootstrap_interval(rows, METRICS[metric])
        found[cell["row"], cell["column"]] = tuple(scale * value for value in interval)
    return found


def _units(artefact: str) -> dict[str, str]:
    """Return the unit of each column of a published table, which our own rows below the printed ones share."""
    if artefact not in reported_artefacts():
        return {}
    return reported_values(artefact).groupby("column")["unit"].first().to_dict()


def _frames(record: Mapping, runs: Runs) -> dict[Place, Number]:
    """Compute metrics of runs on frames, which count one by one or vote for their clip, as the row's name says."""
    counted = {label: run if label.endswith("frames counted") else of_clips(run) for label, run in runs.items()}
    return _metrics(record, counted)


def _tests(record: Mapping, runs: Runs) -> dict[Place, Number]:
    rows = list(dict.fromkeys(cell["row"] for cell in record["cells"] if AGAINST in cell["row"]))
    pairs = {row: tuple(row.split(AGAINST)) for row in rows}
    found: dict[Place, Number] = {}
    for family in _families(pairs):
        if any(name not in runs for row in family for name in pairs[row]):
            continue
        table = comparison_table(runs, [pairs[row] for row in family])
        for row in family:
            for column in TESTED:
                found[row, column] = (float(table.loc[row, column]), None, None)
            one, other = (runs[name] for name in pairs[row])
            spread = detectable_difference(one, other, comparisons=len(family)).difference
            found[row, "detectable"] = (spread, None, None)
    return found


def _families(pairs: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Return the rows that Holm's correction counts together: the plan's families, and all other rows as one family."""
    planned = [set(family) for family in (*FAMILIES.values(), *CHAMPION_FAMILIES.values())]
    groups: dict[int, list[str]] = {}
    for row, pair in pairs.items():
        where = next((i for i, family in enumerate(planned) if pair in family), -1)
        groups.setdefault(where, []).append(row)
    return list(groups.values())


def _classes(record: Mapping, runs: Runs) -> dict[Place, Number]:
    (run,) = runs.values()
    return _of_tables(class_table(vote_by_clip(run)))


def _recalls(record: Mapping, runs: Runs) -> dict[Place, Number]:
    (run,) = runs.values()
    sets = list(dict.fromkeys(cell["column"].partition(".")[0] for cell in record["cells"]))
    return _of_tables(recalls_by_set(run, sets)) if sets else {}


def _of_tables(tables: Sequence[pd.DataFrame]) -> dict[Place, Number]:
    value, low, high = tables
    return {
        (row, column): tuple(float(table.loc[row, column]) for table in (value, low, high))
        for row in value.index
        for column in value.columns
    }


def _averages(record: Mapping, runs: Runs) -> dict[Place, Number]:
    table = averages_over_people(runs)
    return {(row, column): (float(table.loc[row, column]), None, None) for row in table.index for column in table}


def _archives(record: Mapping, runs: Runs) -> dict[Place, Number]:
    by_method: dict[str, list[pd.DataFrame]] = {}
    for label, run in runs.items():
        by_method.setdefault(label.rpartition(ON)[0], []).append(run)
    table = between_archives({label: tuple(pair) for label, pair in by_method.items() if len(pair) == 2})
    found: dict[Place, Number] = {}
    for row in table.index:
        numbers = table.loc[row]
        for column in ("first", "second", "difference", "low", "high"):
            ends = (float(numbers["low"]), float(numbers["high"])) if column == "difference" else (None, None)
            found[row, column] = (float(numbers[column]), *ends)
    return found


def _prior(record: Mapping, runs: Runs) -> dict[Place, Number]:
    """Compute both rows from the first one's run; the second row has the prior added to its scores (AM3F-A15)."""
    first, second = (one["label"] for one in record["experiments"])
    if first not in runs:
        return {}
    return _metrics(record, {first: runs[first], second: with_prior(runs[first])})


def _family(record: Mapping, runs: Runs) -> dict[Place, Number]:
    """Compute gains or errors of a family of ablations, as `ablation_tables.family_numbers` does."""
    return _of_tables(family_numbers(record["id"], {label: of_clips(run) for label, run in runs.items()}))


def _cameras(record: Mapping, runs: Runs) -> dict[Place, Number]:
    table = camera_table(runs)
    return {(str(row), column): (float(table.loc[row, column]), None, None) for row in table.index for column in table}


def _after_training(record: Mapping, runs: Runs) -> dict[Place, Number]:
    """Compute each row from the same networks, whose scores are adjusted by the row's tau when they answer."""
    return _metrics(record, {tau: adjusted_after_training(run, float(tau)) for tau, run in runs.items()})


def _choosing(record: Mapping, runs: Runs) -> dict[Place, Number]:
    """Choose again, from the runs of each sweep, which bear its name and their value: ``tau, STSTNet: 0.5``."""
    sweeps: dict[str, dict[str, pd.DataFrame]] = {}
    for label, run in runs.items():
        what, _, value = label.rpartition(": ")
        adjusted = adjusted_after_training(run, float(value)) if what == AFTER else run
        sweeps.setdefault(what, {})[value] = adjusted
    found: dict[Place, Number] = {}
    for what, swept in sweeps.items():
        tables = choosing_table(swept, PRINTED[what], inner_scores() if what == TAU else None)
        numbers = _of_tables([table[["UF1", "optimism"]].astype(float) for table in tables])
        found |= {(f"{what}: {way}", column): number for (way, column), number in numbers.items()}
    return found


RULES: dict[str, Callable[[Mapping, Runs], dict[Place, Number]]] = {
    "larnet.table4": _classes,
    "larnet.table1": _family,
    "larnet.table3": _cameras,
    "astnet.table8": _family,
    "dual_atme.figure6": _recalls,
    "extra.larnet_split": _frames,
    "extra.astnet_averages": _averages,
    "extra.preprocessing_only": _archives,
    "extra.am3f_prior_at_inference": _prior,
    "extra.tau_after_training": _after_training,
    "extra.choosing": _choosing,
}
