"""The part of a record that tables, figures and diagrams share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from merlib.clips.samples import Samples
from merlib.learning.folds import shared_by
from merlib.learning.leaky_names import leaky_name, refuse_leaky
from merlib.motion.magnification.magnify import magnifier_sentence
from merlib.publishing.records.ledger import LABORATORY, Artefact, grade_of
from merlib.publishing.records.record import data_of, environment, experiments_of
from merlib.publishing.records.training import training_of
from merlib.publishing.study import Study

LEAKY = "LEAKY, for comparison only"


def leaks_of(runs: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return, by label of each leaky run, what it shares between training and test."""
    shared = {}
    for label, one in runs.items():
        laboratory = f"what {leaky_name(one.attrs)} says" if leaky_name(one.attrs) else ""
        shared[label] = laboratory or shared_by(one.attrs["experiment"]["protocol"])
    return {label: what for label, what in shared.items() if what}


def start_record(
    artefact: Artefact,
    study: Study,
    runs: Mapping[str, pd.DataFrame],
    samples: list[Samples],
    caption: str,
    substitution: str,
    magnifiers: Sequence[str] = (),
) -> dict:
    """Return a record without its cells: identity, grade, data, experiments, seeds, environment.

    A substitution makes a result on real data an analogue, whatever the ledger allows. A run whose protocol puts
    subjects or clips on both sides of a split is named as leaky, for comparison only.

    Raises
    ------
    MerlibError
        When predictions of the leakage laboratory are saved as anything but its own records.
    """
    for one in runs.values() if not artefact.id.startswith(LABORATORY) else ():
        refuse_leaky(one.attrs, f"the record of {artefact.id}")
    data = data_of(runs, samples)
    synthetic = any(source["synthetic"] for source in data) if data else None
    abridged = bool(runs) and study.profile.abridged
    training = training_of(one.attrs["experiment"] for one in runs.values())
    whole = not abridged and training in ("paper", "")
    seeds = sorted({seed for one in runs.values() for seed in one["seed"].unique().tolist()})
    protocols = sorted({one.attrs["experiment"]["protocol"] for one in runs.values()})
    notes = [substitution] if substitution else []
    leaks = leaks_of(runs)
    notes += [f"{LEAKY}: {label} shares {what} between training and test" for label, what in leaks.items()]
    if abridged:
        notes.append(f"recipe abridged by profile {study.profile.name}: {study.profile.description}")
    return {
        "id": artefact.id,
        "paper": artefact.paper,
        "kind": artefact.kind,
        "title": artefact.title,
        "caption": caption,
        "notebook": study.notebook,
        "grade": grade_of(artefact, synthetic, whole, False if substitution else None),
        "synthetic": bool(synthetic),
        "leaky": list(leaks),
        "substitution": "; ".join(notes),
        "profile": study.profile.name if runs else "",
        "training": training,
        "protocol": ", ".join(protocols),
        "classes": sorted({len(one.attrs["classes"]) for one in runs.values()}),
        "seeds": seeds,
        "data": data,
        **({"magnifiers": [magnifier_sentence(method) for method in magnifiers]} if magnifiers else {}),
        "experiments": experiments_of(runs),
        **environment(),
    }
