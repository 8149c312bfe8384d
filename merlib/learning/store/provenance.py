"""The provenance of a set of predictions: everything that a record says about how they were made."""

from __future__ import annotations

import json
import platform
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from merlib.clips.samples import Samples
from merlib.learning.experiment import Experiment
from merlib.learning.store.commits import commit_here

TRAINERS = ("processor", "device", "torch", "numba")  # each can change the rounding, so it is kept for each fold


def processor() -> str:
    """Return the processor's model name, never the machine's."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def trained_by(device: str) -> dict[str, str]:
    """Return processor, device and versions of torch and numba of this process, as an entry of the store keeps them."""
    import torch

    try:
        numba = version("numba")
    except PackageNotFoundError:
        numba = ""
    return {"processor": processor(), "device": device, "torch": torch.__version__, "numba": numba}


def machines_of(entries: list[dict]) -> list[dict]:
    """Return a dict for each combination of machine and versions that trained some of `entries`, with its `folds`."""
    kinds = Counter(tuple(str(entry.get(name) or "not noted") for name in TRAINERS) for entry in entries)
    return [{**dict(zip(TRAINERS, kind, strict=True)), "folds": count} for kind, count in sorted(kinds.items())]


def trainers_of(provenance: dict) -> list[dict]:
    """Return the machines that trained a set of predictions, from its provenance, which may be in an older form."""
    told = {name: provenance.get(name) or "not noted" for name in TRAINERS}
    return provenance.get("machines") or [{**told, "folds": len(json.loads(provenance.get("curves", "{}")))}]


def mixed_note(machines: list[dict]) -> list[str]:
    """Return a note for readers when the folds were trained by different machines or versions, else an empty list.

    Parameters
    ----------
    machines : list of dict
        From `machines_of`.
    """
    differ = [name for name in TRAINERS if len({machine[name] for machine in machines}) > 1]
    if not differ:
        return []
    told = "; ".join(
        f"{machine['folds']} folds: {', '.join(f'{name} {machine[name]}' for name in differ)}" for machine in machines
    )
    return [f"the folds were trained on several machines or versions ({told})"]


def provenance(experiment: Experiment, samples: Samples, source: str, entries: list[dict]) -> dict:
    """Return plain JSON values that say what was run, on what, by which code.

    Parameters
    ----------
    experiment, samples
        What was run.
    source : str
        Digest of the code.
    entries : list of dict
        Meta data of the folds, in the order of the tasks.
    """
    machines = machines_of(entries)
    curves = {f"{entry['seed']}/{entry['fold']}": entry["curves"] for entry in entries if entry["curves"]}
    chosen = {f"{entry['seed']}/{entry['fold']}": entry["chosen"] for entry in entries if entry.get("chosen")}
    told = (note for entry in entries for note in entry.get("notes", ()))
    return {
        **({"chosen": chosen} if chosen else {}),
        "experiment": experiment.to_dict(),
        "experiment_digest": experiment.digest,
        "samples_digest": samples.digest,
        "source_digest": source,
        "commit": commit_here(),
        "data": samples.name,
        "synthetic": samples.synthetic,
        "unit": samples.unit,
        "notes": list(dict.fromkeys([*samples.notes, *told, *mixed_note(machines)])),
        "classes": list(samples.classes),
        "train_seconds": round(sum(entry["seconds"] for entry in entries), 1),
        **{name: "; ".join(sorted({machine[name] for machine in machines})) for name in TRAINERS},
        "machines": machines,
        "curves": json.dumps(curves),
    }
