"""How long missing runs would take, from the hours of the same run on the other archive or from measured steps.

The steps are in ``results/reference/baseline_hours.csv``, written by ``python tests/benchmarks/bench_baselines.py
--csv``, which also names the processor. No other estimate is used here.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from merlib.places import repository_root
from merlib.publishing.planned.plan import PlannedRun, PlannedState

FILE = "baseline_hours.csv"
CLIPS, PEOPLE = 442, 68
BUILT_NOT_RUN = ("capsulenet", "mmnet", "microexpstcnn", "htnet", "resnet18 size 112")


def measured() -> pd.DataFrame:
    """Return the benchmark's rows: network, input, batch, epochs, milliseconds, hours, model, processor, torch."""
    return pd.read_csv(repository_root() / "results" / "reference" / FILE, dtype={"batch": int, "epochs": int})


def not_run_table() -> pd.DataFrame:
    """Return the networks that are built but not run: the cost of a step, and the hours of leaving out 68 people."""
    rows = measured().set_index("network").loc[list(BUILT_NOT_RUN)]
    return rows.rename(columns={"hours": "hours, one thread"}).drop(columns=["model"])


def hours_of(network: str) -> float:
    """Return the hours of leaving one subject out as published, by the benchmark's name of the network."""
    return float(measured().set_index("network").loc[network, "hours"])


def hours_missing(planned: PlannedRun, states: Mapping[str, PlannedState]) -> tuple[float | None, str]:
    """Return the hours that a planned run will take and where they were measured; None where nothing was measured.

    If the same experiment is committed on the other archive, its hours are taken. Otherwise the benchmark's time for a
    clip and step is multiplied by the training clips of all folds and the epochs.

    Parameters
    ----------
    planned : PlannedRun
        A run that is missing.
    states : mapping of str to PlannedState
        All planned runs, among which the same experiment is looked for.
    """
    experiment = planned.experiment
    for state in states.values():
        if state.predictions is not None and state.experiment.training_digest == experiment.training_digest:
            attrs = state.predictions.attrs
            seeds = len(set(state.predictions["seed"]))
            return attrs["train_seconds"] / 3600 / seeds, f"the other archive, {attrs['processor']}"
    rows = measured()
    size = experiment.options.get("size")
    rows = rows[rows["model"] == experiment.model]
    rows = rows[rows["network"].str.endswith(f" {size}")] if size else rows
    if rows.empty:
        return None, "not measured"
    kind, _, folds = experiment.protocol.partition(":")
    many = PEOPLE if kind == "loso" else int(folds)
    steps = CLIPS * (many - 1) * experiment.recipe.epochs
    row = rows.iloc[-1]
    return steps * row["ms a sample and step"] / 3.6e6, f"the benchmark, {row['processor']}, one thread"


def missing_table(plan: Mapping[str, PlannedRun], states: Mapping[str, PlannedState]) -> pd.DataFrame:
    """Return the planned runs that are not committed, with their hours and where these were measured."""
    rows = {}
    for name, state in states.items():
        if state.missing:
            hours, where = hours_missing(plan[name], states)
            rows[name] = {"seeds": " ".join(map(str, state.missing)), "hours": hours, "measured on": where}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["seeds", "hours", "measured on"])
