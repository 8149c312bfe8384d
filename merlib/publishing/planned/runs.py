"""All committed runs on one data set side by side: what was trained, under which protocol, and with what result."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pandas as pd

from merlib.learning.experiment import Experiment
from merlib.learning.recipes import get_recipe
from merlib.learning.store.references import every_reference
from merlib.sources.reported import reported_values

# the printed tables in which a run of a network is looked up by its label; the first that has such a row counts
PRINTED_IN = {
    "am3f_flownet": ("am3f.table3",),
    "ststnet": ("am3f.table3",),
    "dual_atme": ("dual_atme.table1", "dual_atme.table5", "dual_atme.table6"),
}


def reference_runs(data: str) -> dict[str, pd.DataFrame]:
    """Return the committed runs on `data` whose folds keep subjects apart, by a name that is unique to each.

    A run is left out when another of the same experiment gave the same predictions on the same clips.

    Parameters
    ----------
    data : str
        Folder below ``results/reference``, such as ``megc2019_flow``.
    """
    runs: dict[str, pd.DataFrame] = {}
    pairs = [(Experiment.from_dict(frame.attrs["experiment"]), frame) for frame in every_reference(data)]
    for experiment, frame in sorted(pairs, key=lambda pair: _order(pair[0])):
        if frame.attrs["shares_subjects"] or any(_same(frame, other) for other in runs.values()):
            continue
        name = ", ".join([_title(experiment), *_protocol(experiment.protocol), *_epochs(frame, experiment)])
        clips = frame.attrs["samples_digest"][:6]
        runs[name if name not in runs else f"{name} ({experiment.training_digest[:6]} on {clips})"] = frame
    return runs


def _order(experiment: Experiment) -> tuple:
    return experiment.protocol != "loso", experiment.model, experiment.label, experiment.training_digest


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.attrs["experiment"] == other.attrs["experiment"] and one.equals(other)


def _title(experiment: Experiment) -> str:
    """Return the label, followed by the model where the label does not name it."""
    label, model = (re.sub("[^a-z0-9]", "", text.lower()) for text in (experiment.label, experiment.model))
    return experiment.label if model in label else f"{experiment.label} ({experiment.model})"


def _protocol(name: str) -> list[str]:
    kind, _, folds = name.partition(":")
    return ["leave one subject out"] if kind == "loso" else [f"{folds} folds"] if kind == "groupkfold" else [name]


def _epochs(frame: pd.DataFrame, experiment: Experiment) -> list[str]:
    """Return the number of epochs of a network; an estimator has no curves and no epochs."""
    return [f"{experiment.recipe.epochs} epochs"] if json.loads(frame.attrs.get("curves", "{}")) else []


def training_table(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return seeds, clips, hours of training, processor and digest of the code, one row per run."""
    rows = {}
    for name, frame in runs.items():
        attrs = frame.attrs
        rows[name] = {
            "seeds": " ".join(str(seed) for seed in attrs["experiment"]["seeds"]),
            "clips": len(frame) // frame["seed"].nunique(),
            "hours": attrs["train_seconds"] / 3600,
            "processor": attrs["processor"],
            "code": attrs["source_digest"][:8],
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def abridged_note(runs: Mapping[str, pd.DataFrame]) -> str:
    """Return a note on which of `runs` were trained for fewer epochs than their recipe; empty when none was."""
    short = [name for name, frame in runs.items() if _abridged(frame)]
    return f"{len(short)} of {len(runs)} runs by an abridged recipe: {'; '.join(short)}" if short else ""


def _abridged(frame: pd.DataFrame) -> bool:
    recipe = Experiment.from_dict(frame.attrs["experiment"]).recipe
    return recipe.epochs < get_recipe(recipe.name).epochs


def beside_reported(
    runs: Mapping[str, pd.DataFrame], values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame
) -> pd.DataFrame:
    """Return the papers' printed UF1 on the full composite beside our runs with the papers' unabridged recipes.

    Parameters
    ----------
    runs : dict of str to DataFrame
        From `reference_runs`.
    values, low, high : DataFrame
        Metrics and bounds of their 95 % intervals, one row per run, with a column ``full.uf1``.

    Returns
    -------
    DataFrame
        One row per run for which a paper has a row: ``artefact`` and ``row`` as printed, ``reported``, ``ours``,
        ``low``, ``high`` and ``inside``, whether the printed number, as rounded, lies in the interval.
    """
    rows = {}
    for name, frame in runs.items():
        experiment = Experiment.from_dict(frame.attrs["experiment"])
        printed = None if _abridged(frame) else _printed(experiment)
        if printed is None:
            continue
        ours, bounds = values.loc[name, "full.uf1"], (low.loc[name, "full.uf1"], high.loc[name, "full.uf1"])
        half = 0.5 * 10.0 ** -printed["decimals"]
        inside = bounds[0] - half <= printed["value"] <= bounds[1] + half
        rows[name] = {
            "artefact": printed["artefact"],
            "row": printed["row"],
            "reported": printed["value"],
            "ours": ours,
            "low": bounds[0],
            "high": bounds[1],
            "inside": "yes" if inside else "no",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _printed(experiment: Experiment) -> dict | None:
    row = experiment.label.removeprefix("lambda ")
    for artefact in PRINTED_IN.get(experiment.model, ()):
        cells = reported_values(artefact)
        found = cells[(cells["row"] == row) & (cells["column"] == "full.uf1")]
        if len(found):
            return {"artefact": artefact, **found.iloc[0].to_dict()}
    return None
