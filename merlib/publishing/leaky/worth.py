"""By how much each liberty raises a result: tables of the leakage laboratory. LEAKY, for comparison only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from merlib.clips.samples import Samples
from merlib.learning.leaky.averages import AVERAGES
from merlib.learning.leaky.laboratory import Laboratory, kept
from merlib.learning.leaky.liberties import HONEST, LIBERTIES, laboratory_experiment, liberties_of
from merlib.learning.store.references import every_reference
from merlib.profiles import get_profile
from merlib.publishing.planned.runs import PRINTED_IN, beside_reported, reference_runs
from merlib.publishing.records.ledger import LABORATORY
from merlib.publishing.records.save_table import SavedTable, save_table
from merlib.publishing.records.shown import Message
from merlib.publishing.study import Study
from merlib.publishing.tables.metrics import metric_table
from merlib.scoring.inflation import inflation, value_of
from merlib.scoring.interval_text import value_text

METHODS = {"ststnet": "STSTNet", "linear": "Linear on pixels"}
PRINTED_AS = {"HARS + AARS": "Dual-ATME"}  # a row of its Table 1: the whole network
FRAMES = "frames dealt at random"
LIVE = ("best-epoch-fold", "best-epoch-subject", "clip-split")  # cheap enough to be taken while a notebook runs
COLUMNS = ("measured", "inflation")
_PRETRAINED = {"framekfold": "frames at random, pretrained", "groupkfold": "people apart, pretrained"}


class Worth(NamedTuple):
    """Values and ends of the 95 % intervals, one row per liberty, and the predictions behind them by row."""

    value: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    runs: dict[str, pd.DataFrame]


def worth_of(taken: Mapping[str, pd.DataFrame], method: str) -> Worth:
    """Return the result with each liberty and by how much it exceeds the honest run.

    Parameters
    ----------
    taken : mapping of str to predictions
        Predictions by name of the liberty; ``honest`` must be among them.
    method : str
        Name of the model for readers.

    Returns
    -------
    Worth
        Column ``measured`` is UF1, or the average that is reported in its place; ``inflation`` is empty in the honest
        row.
    """
    honest = taken[HONEST]
    rows = {f"{method}: {LIBERTIES[HONEST].title}": (honest, value_of(honest), None)}
    for name, frame in taken.items():
        if name != HONEST:
            rows[f"{method}: {LIBERTIES[name].title}"] = frame, value_of(frame), inflation(frame, honest)
    for average in AVERAGES.values():
        if average.of in taken:
            frame = taken[average.of]
            gap = inflation(frame, honest, average.measured, average.honestly)
            rows[f"{method}: {average.title}"] = frame, value_of(frame, average.measured), gap
    return _worth(rows)


def _worth(rows: Mapping[str, tuple]) -> Worth:
    tables = [pd.DataFrame(index=list(rows), columns=list(COLUMNS), dtype=float) for _ in range(3)]
    for row, (_, measured, gap) in rows.items():
        for table, *ends in zip(tables, measured, gap or (None,) * 3, strict=True):
            table.loc[row] = ends
    return Worth(*tables, {row: frame for row, (frame, *_) in rows.items()})


def frames_dealt() -> Worth | None:
    """Return by how much dealing frames at random raises a result (LARNET-E6), from committed runs; SYNTHETIC.

    The network is LARNet's first stage, pretrained, and frames are counted; None where the runs are not committed.
    """
    found = {}
    for frame in every_reference("casme2_twin"):
        kind = frame.attrs["experiment"]["protocol"].partition(":")[0]
        if frame.attrs["experiment"]["label"] == _PRETRAINED.get(kind):
            found[kind] = frame
    if len(found) < len(_PRETRAINED):
        return None
    leaky, honest = found["framekfold"], found["groupkfold"]
    rows = {"LARNet, SYNTHETIC: honest": (honest, value_of(honest), None)}
    rows[f"LARNet, SYNTHETIC: {FRAMES}"] = leaky, value_of(leaky), inflation(leaky, honest)
    return _worth(rows)


def joined(parts: Sequence[Worth]) -> Worth:
    """Return several tables as one, their rows below one another."""
    tables = [pd.concat([getattr(part, name) for part in parts]) for name in ("value", "low", "high")]
    return Worth(*tables, {row: frame for part in parts for row, frame in part.runs.items()})


def take_live(study: Study, samples: Samples, model: str = "ststnet") -> Worth:
    """Train the cheapest liberties in this process, for as many epochs as the profile allows."""
    profile = study.profile
    protocol = profile.protocol if profile.protocol.startswith("groupkfold") else "groupkfold:10"
    experiment = laboratory_experiment(model, protocol, profile.seeds, profile.max_epochs or 20)
    laboratory = Laboratory(experiment, samples, study.store.root / "leaky")
    names = [HONEST, *(f"leaky:{name}" for name in LIVE)]
    return worth_of({name: laboratory.take(name) for name in names}, METHODS[model])


def committed(data: str = "megc2019_flow") -> Worth | None:
    """Return the results of the laboratory's committed runs, method by method; None where there are none."""
    taken = {model: kept(data, model) for model in METHODS}
    parts = [worth_of(runs, METHODS[model]) for model, runs in taken.items() if HONEST in runs]
    return joined(parts) if parts else None


def not_run(data: str = "megc2019_flow") -> list[str]:
    """Return the liberties whose runs are not committed, such as ``STSTNet: clips dealt at random``."""
    lacking = []
    for model, method in METHODS.items():
        there = kept(data, model)
        lacking += [f"{method}: {one.title}" for one in liberties_of(model) if one.name not in there]
    return lacking


def honest_run(data: str = "megc2019_flow", model: str = "ststnet") -> pd.DataFrame | None:
    """Return the laboratory's committed honest run, with UF1 by epoch in its ``attrs``; None if it is missing."""
    return kept(data, model).get(HONEST)


def save_worth(worth: Worth | None, name: str, study: Study, committed_runs: bool = True) -> SavedTable | Message:
    """Save a table of liberties as ``extra.leaky_NAME``, which ledger, claims and references refuse.

    Parameters
    ----------
    worth : Worth or None
        The results; for None a sentence that says where the runs lie is returned.
    name : str
        NAME of the record.
    study : Study
        The study into whose folder it is written.
    committed_runs : bool
        Whether the runs are committed ones, which the study's profile has not shortened.
    """
    if worth is None:
        return Message("These runs lie in results/leaky of the repository, which is not here.")
    study = replace(study, profile=get_profile("paper")) if committed_runs else study
    how = {"low": worth.low, "high": worth.high, "caption": finding(worth), "study": study}
    return save_table(LABORATORY + name, worth.value, worth.runs, **how)


def said_of(worth: Worth | None, row: str) -> str:
    """Return a sentence on the result with one liberty, and on how much it exceeds the same method's honest run.

    Parameters
    ----------
    worth : Worth or None
        Such as `committed` returns.
    row : str
        Method and liberty, such as ``Linear on pixels: clips dealt at random``.
    """
    if worth is None or row not in worth.value.index:
        return "This run lies in results/leaky of the repository and is not here: merlib maintain laboratory."
    honest = worth.value.loc[f"{row.partition(':')[0]}: {LIBERTIES[HONEST].title}", "measured"]
    measured, gap = worth.value.loc[row]
    told = value_text(gap, worth.low.loc[row, "inflation"], worth.high.loc[row, "inflation"], "+.3f")
    return f"{row}: UF1 {measured:.3f}; honest: {honest:.3f}. The liberty is worth {told}, 95 % over people."


def finding(worth: Worth) -> str:
    """Return a sentence on which liberties raise the result, with intervals above zero, and on how many do not."""
    gaps = pd.DataFrame(
        {name: table["inflation"] for name, table in zip(("value", "low", "high"), worth[:3], strict=True)}
    )
    gaps = gaps.dropna(subset=["value"]).sort_values("value", ascending=False)
    told = [f"{row} {value_text(one.value, one.low, one.high, '+.3f')}" for row, one in gaps.iterrows() if one.low > 0]
    rest = len(gaps) - len(told)
    return f"Flatter, their interval above zero: {'; '.join(told) or 'none'}. Not shown to: {rest} of {len(gaps)}."


def reported_and_honest(data: str = "megc2019_flow") -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Return papers' reported results beside the committed honest runs that leave one subject out, and these runs.

    Returns
    -------
    table : DataFrame
        One row per method as printed: reported, ours, low, high (UF1 on the composite, 0..1).
    runs : dict of str to DataFrame
        The honest runs, by name.
    """
    runs = {
        name: run
        for name, run in reference_runs(data).items()
        if "leave one subject out" in name and run.attrs["experiment"]["model"] in PRINTED_IN
    }
    table = beside_reported(runs, *metric_table(runs)) if runs else pd.DataFrame()
    if table.empty:
        return table, {}
    table, kept_runs = table.replace({"row": PRINTED_AS}), {name: runs[name] for name in table.index}
    return table.set_index("row")[["reported", "ours", "low", "high"]], kept_runs
