"""The reference runs on the public flow maps: which are planned, which are committed, and how one is made.

The plan is `results/reference/ANALYSIS_PLAN.md`; recipes are unabridged. Missing runs can be trained one at a time by
anyone who has the maps and the time. A run that is interrupted continues from the fold store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from merlib.clips.puzzle import with_puzzle
from merlib.clips.samples import Samples
from merlib.errors import MerlibError, unknown_name
from merlib.learning.engine import run
from merlib.learning.experiment import Experiment
from merlib.learning.store.references import every_reference, reference_path, reference_root, save_reference
from merlib.learning.store.training_code import training_code
from merlib.models.dual_atme import TABLE1_OPTIONS
from merlib.profiles import get_profile

DATA = "megc2019-flow"
MAPS = "8840a67be6d0"  # beginnings of the digests of the 442 maps: without Dual-ATME's puzzle, and below with it
PUZZLES = "05838956fe77"
TEN_FOLDS = "groupkfold:10"
LINEAR_CHOICES = (0.0001, 0.001, 0.01, 0.1)  # C of the linear row that inner folds choose among


@dataclass(frozen=True)
class PlannedRun:
    """An experiment with all its seeds, the beginning of the digest of its samples, and the name of these samples."""

    experiment: Experiment
    samples_digest: str
    data: str = DATA

    @property
    def folder(self) -> str:
        """Folder below ``results/reference`` that its predictions lie in."""
        return self.data.replace("-", "_")


def _planned(model: str, label: str, protocol: str, seeds: tuple[int, ...], **choices: object) -> PlannedRun:
    experiment = Experiment.for_profile(model, get_profile("paper"), label=label, **choices)
    return PlannedRun(replace(experiment, protocol=protocol, seeds=seeds), PUZZLES if model == "dual_atme" else MAPS)


def planned_runs() -> dict[str, PlannedRun]:
    """Return the planned reference runs by name, the most needed first.

    A run that several tables share is listed once: AM3F's LASCE row is also the last of Table 4; Dual-ATME's
    ``HARS + AARS`` is also lambda .01 in Table 5 and focal loss with Adam in Table 6. For SGD the paper prints neither
    rate nor momentum; we take the recipe's rate and .9.
    """
    runs = {
        "linear-loso": _planned("linear", "Linear on pixels", "loso", (0,)),
        "ststnet-loso": _planned("ststnet", "STSTNet", "loso", (0, 1, 2)),
        "dual-atme-loso": _planned("dual_atme", "HARS + AARS", "loso", (0,), options=TABLE1_OPTIONS["HARS + AARS"]),
        "am3f-loso-lasce": _planned("am3f_flownet", "AM3F-FlowNet", "loso", (0,)),
        "am3f-loso-ce": _planned("am3f_flownet", "CE", "loso", (0,), loss="ce"),
    }
    for label, options in TABLE1_OPTIONS.items():
        name = label.lower().replace(" + ", "-").replace(" with attention", "-att")
        runs[f"dual-atme-10-{name}"] = _planned("dual_atme", label, TEN_FOLDS, (0,), options=options)
    nested = {"options": {"C": list(LINEAR_CHOICES)}}
    runs["linear-10-nested"] = _planned("linear", "Linear on pixels, C by inner folds", TEN_FOLDS, (0,), **nested)
    both = {"options": TABLE1_OPTIONS["HARS + AARS"]}
    for weight in ("0", "0.0001", "0.001", "0.1"):
        runs[f"dual-atme-10-lambda-{weight}"] = _planned(
            "dual_atme", f"lambda {weight}", TEN_FOLDS, (0,), auxiliary_weight=float(weight), **both
        )
    sgd = {"loss": "ce", "optimiser": "sgd", "momentum": 0.9}
    for label, changes in {"CE Adam": {"loss": "ce"}, "w-CE Adam": {"loss": "weighted_ce"}, "CE SGD": sgd}.items():
        name = f"dual-atme-10-{label.lower().replace(' ', '-')}"
        runs[name] = _planned("dual_atme", label, TEN_FOLDS, (0,), **changes, **both)
    variants = {
        "lasce": ("AM3F-FlowNet", {}),
        "ce": ("CE", {"loss": "ce"}),
        "focal": ("Focal", {"loss": "focal", "loss_options": {"gamma": 2.0}}),
        "la-focal": ("LA-Focal", {"loss": "la_focal", "loss_options": {"tau": 0.5, "gamma": 2.0}}),
        "without-mofrw": ("AM3F-FlowNet without MOFRW", {"options": {"mofrw": False}}),
        "without-msff": ("AM3F-FlowNet without MSFF", {"options": {"msff": False}}),
        "without-multi-scale": (
            "AM3F-FlowNet without multi-scale",
            {"options": {"multi_scale": False, "msff": False}},
        ),
    }
    for name, (label, choices) in variants.items():
        runs[f"am3f-10-{name}"] = _planned("am3f_flownet", label, TEN_FOLDS, (0, 1, 2), **choices)
    return runs


@dataclass(frozen=True)
class PlannedState:
    """The state of a planned run: the committed predictions of its seeds, if any, and the seeds that are missing."""

    experiment: Experiment
    predictions: pd.DataFrame | None
    missing: tuple[int, ...]

    @property
    def to_train(self) -> tuple[int, ...]:
        """Seeds that `train_planned` trains: the missing ones, or all if the committed ones were made by other code."""
        code = training_code(self.experiment.model, bool(self.experiment.start))
        same = self.predictions is not None and self.predictions.attrs["source_digest"] == code
        return self.missing if same or not self.missing else self.experiment.seeds


def planned_states(plan: Mapping[str, PlannedRun] | None = None, data: str | None = None) -> dict[str, PlannedState]:
    """Return the state of each run of `plan`; the maps are not needed.

    References are looked for below ``results/reference/<data>``, by default in the folder of the run's own samples.
    """
    plan = planned_runs() if plan is None else plan
    committed = {
        (Experiment.from_dict(frame.attrs["experiment"]).training_digest, frame.attrs["samples_digest"][:12]): frame
        for folder in dict.fromkeys(data or planned.folder for planned in plan.values())
        for frame in every_reference(folder)
    }
    states = {}
    for name, planned in plan.items():
        experiment = planned.experiment
        frame = committed.get((experiment.training_digest, planned.samples_digest[:12]))
        there = [] if frame is None else [seed for seed in experiment.seeds if seed in set(frame["seed"])]
        missing = tuple(seed for seed in experiment.seeds if seed not in there)
        states[name] = PlannedState(experiment, of_seeds(frame, there, experiment.label) if there else None, missing)
    return states


def of_seeds(predictions: pd.DataFrame, seeds: Sequence[int], label: str) -> pd.DataFrame:
    """Return the rows of some seeds of one experiment under a label; their provenance names these seeds alone."""
    part = predictions[predictions["seed"].isin(seeds)].assign(experiment=label)
    whole = Experiment.from_dict(predictions.attrs["experiment"])
    experiment = replace(whole, seeds=tuple(seeds), label=label)
    part.attrs |= {"experiment": experiment.to_dict(), "experiment_digest": experiment.digest}
    return part


def train_planned(
    name: str, samples: Samples, plan: Mapping[str, PlannedRun] | None = None, data: str | None = None, **how: object
) -> Path:
    """Train `PlannedState.to_train` of a planned run and write its reference; return the file.

    Parameters
    ----------
    name : str
        A key of `planned_runs`.
    samples : Samples
        The public maps; Dual-ATME's puzzle is added here, and for ASTNet the phases become its sequence.
    plan, data : mapping, str, optional
        Another plan and folder in place of `planned_runs` and its folder.
    **how : object
        ``store``, ``workers``, ``device``, ``dask`` and ``precision`` of `learning.run`.

    Raises
    ------
    MerlibError
        When the plan has no such run, the samples are others than planned, or MERLIB_REFERENCES is ``off``, so that
        nothing could be kept.
    """
    plan = planned_runs() if plan is None else plan
    if name not in plan:
        raise unknown_name("planned run", name, plan)
    root = reference_root()
    if root is None:
        raise MerlibError(
            "no folder of references: MERLIB_REFERENCES=off, or merlib runs outside a checkout of its repository.",
            "a folder of references to write to.",
            "set MERLIB_REFERENCES to a folder of your own, or give the command inside a checkout without it.",
        )
    experiment, digest = plan[name].experiment, plan[name].samples_digest
    rows = with_puzzle(samples) if experiment.model == "dual_atme" else samples
    if experiment.model == "astnet" and "phases" in samples.inputs:
        rows = samples.with_inputs({"flow_sequence": samples.inputs["phases"]})
    if not rows.digest.startswith(digest[:12]):
        raise MerlibError(
            f"samples {rows.digest[:12]} of {rows.name} for {name}.",
            f"samples {digest[:12]}, which the plan was made for.",
            f"hand over the maps as published: merlib data check {samples.name}=DIR.",
        )
    seeds = planned_states({name: plan[name]}, data)[name].to_train
    if not seeds:
        return reference_path(experiment, rows, root)
    chosen = replace(experiment, seeds=seeds)
    return save_reference(run(chosen, rows, references=False, **how), chosen, rows, root)
