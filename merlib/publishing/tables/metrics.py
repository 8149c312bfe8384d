"""From predictions to the numbers of a table: metrics with intervals, paired tests, reported values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning import Experiment
from merlib.publishing.records.save_table import heading
from merlib.publishing.study import Study
from merlib.scoring import accuracy, bootstrap_interval, check_scored_once, holm, paired_permutation_test, uar, uf1
from merlib.sources.reported import reported_values

REPLICATES = 40_000  # resamples for the interval of a difference; its ends then vary by about .0003 between seeds
METRICS = {"uf1": uf1, "f1": uf1, "uar": uar, "acc": accuracy}
ALWAYS = ("full.uf1", "full.uar", "full.acc")


def part_of(predictions: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one data set; ``full`` is all of them."""
    return predictions if name == "full" else predictions[predictions["dataset"] == name]


def _columns(runs: Mapping[str, pd.DataFrame], artefact: str | None, by_dataset: bool) -> list[str]:
    present = {name for one in runs.values() for name in one["dataset"].unique()}
    columns = list(ALWAYS) if len(present) > 1 else []
    if artefact:
        return list(dict.fromkeys([*reported_values(artefact)["column"], *columns]))
    if by_dataset and len(present) > 1:
        columns += [f"{name}.{metric}" for name in sorted(present) for metric in ("uf1", "uar")]
    return columns or [f"{name}.{metric}" for name in sorted(present) for metric in ("uf1", "uar", "acc")]


def metric_table(
    runs: Mapping[str, pd.DataFrame], artefact: str | None = None, by_dataset: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return values and ends of the 95 % intervals, one row per run, one column per data set and metric.

    Parameters
    ----------
    runs : mapping of str to predictions
        What `learning.run` returned, by label.
    artefact : str, optional
        A published table: its columns come first, in its units (accuracies in percent where it has them),
        then UF1, UAR and accuracy of the whole.
    by_dataset : bool
        Whether each data set of a composite gets columns too.

    Returns
    -------
    DataFrame, DataFrame, DataFrame
        Values, lower and upper ends. ``attrs["units"]`` of the values names the columns in percent.
    """
    columns = _columns(runs, artefact, by_dataset)
    units = reported_values(artefact).groupby("column")["unit"].first() if artefact else pd.Series(dtype=str)
    tables = [pd.DataFrame(index=list(runs), columns=columns, dtype=float) for _ in range(3)]
    for label, predictions in runs.items():
        check_scored_once(predictions)
        for column in columns:
            name, metric = column.split(".")
            part = part_of(predictions, name)
            if part.empty:
                continue
            interval = bootstrap_interval(part, METRICS[metric])
            scale = 100.0 if units.get(column) == "%" else 1.0
            for table, value in zip(tables, (interval.value, interval.low, interval.high), strict=True):
                table.loc[label, column] = scale * value
    tables = tuple(table.dropna(axis=1, how="all") for table in tables)
    tables[0].attrs["units"] = {column: "%" for column in tables[0] if units.get(column) == "%"}
    return tables


def comparison_table(runs: Mapping[str, pd.DataFrame], pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Test each pair on UF1 by swapping answers subject by subject, with Holm's correction over the family.

    Returns
    -------
    DataFrame
        Indexed by ``A against B``: the difference in UF1 and its 95 % interval over people and seeds, p value,
        corrected p value, and verdict at the 5 % level: ``A higher``, ``B higher`` or ``not shown``. The p value holds
        for these trainings; `planned.comparisons.beyond_these_seeds` says which differences hold for other seeds too.
    """
    tests = {}
    for a, b in pairs:
        tests[f"{a} against {b}"] = paired_permutation_test(runs[a], runs[b], uf1, replicates=REPLICATES)
    corrected = holm({name: test.p_value for name, test in tests.items()})
    rows = {}
    for (name, test), (a, b) in zip(tests.items(), pairs, strict=True):
        shown = corrected[name] <= 0.05
        rows[name] = {
            "UF1 difference": test.difference,
            "low": test.low,
            "high": test.high,
            "p": test.p_value,
            "p, Holm": corrected[name],
            "verdict": f"{a if test.difference > 0 else b} higher" if shown else "not shown",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def finding(tests: pd.DataFrame) -> str:
    """Return a sentence on what `comparison_table` found, so that no conclusion is typed by hand."""
    shown = tests.index[tests["verdict"] != "not shown"]
    told = "; ".join(f"{name}: {tests.loc[name, 'verdict']}" for name in shown) or "none"
    return f"Differences shown at the 5 % level after Holm's correction: {told} ({len(shown)} of {len(tests)})."


def reported_numbers(artefact: str) -> pd.DataFrame:
    """Return a published table as numbers, to reckon with; NaN where the paper prints none."""
    return _reported(reported_values(artefact), "value")


def reported_table(artefact: str) -> pd.DataFrame:
    """Return a published table as the paper prints it: text with the paper's decimals, and a dash for an empty cell."""
    cells = reported_values(artefact)
    texts = [f"{cell.value:.{cell.decimals}f}" for cell in cells.itertuples()]
    return _reported(cells.assign(text=texts), "text").fillna("-")


def _reported(cells: pd.DataFrame, values: str) -> pd.DataFrame:
    table = cells.pivot_table(index="row", columns="column", values=values, sort=False, aggfunc="first")
    table.columns = [heading(column) for column in table.columns]
    table.index.name = None
    return table


def reported_row(artefact: str, row: str) -> pd.DataFrame:
    """Return one row of a published table; an unknown row is a MerlibError that lists the valid ones."""
    table = reported_table(artefact)
    if row not in table.index:
        raise MerlibError(f"row {row!r} of {artefact}.", f"one of {', '.join(table.index)}.", "correct the name.")
    return table.loc[[row]]


def loss_experiments(study: Study, losses: Mapping[str, str], model: str = "am3f_flownet") -> dict[str, Experiment]:
    """Return an experiment for each loss, by label: the model's recipe with that loss and its usual options."""
    options = {"lasce": {"tau": 0.5}, "la_focal": {"tau": 0.5, "gamma": 2.0}, "focal": {"gamma": 2.0}}
    return {
        label: study.experiment(model, loss=loss, loss_options=options.get(loss, {}), label=label)
        for label, loss in losses.items()
    }


def analogue_note(samples: Samples, wanted: str) -> str:
    """Return in words which public maps replace the paper's data; empty for the paper's own data and for the twin."""
    if samples.synthetic or samples.name == wanted:
        return ""
    return (
        f"public maps of {samples.name}, {len(samples.classes)} classes, composite training, "
        f"in place of {wanted} with the paper's classes"
    )
