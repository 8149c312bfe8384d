"""Where a set of predictions comes from: everything a record needs to say about it."""

from __future__ import annotations

import json
import platform
from pathlib import Path

from merlib.clips.samples import Samples
from merlib.learning.experiment import Experiment


def processor() -> str:
    """Return the processor's model name, never the machine's."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


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
    machines = {(entry["processor"], entry["device"], entry["torch"]) for entry in entries}
    curves = {f"{entry['seed']}/{entry['fold']}": entry["curves"] for entry in entries if entry["curves"]}
    chosen = {f"{entry['seed']}/{entry['fold']}": entry["chosen"] for entry in entries if entry.get("chosen")}
    return {
        **({"chosen": chosen} if chosen else {}),
        "experiment": experiment.to_dict(),
        "experiment_digest": experiment.digest,
        "samples_digest": samples.digest,
        "source_digest": source,
        "data": samples.name,
        "synthetic": samples.synthetic,
        "unit": samples.unit,
        "notes": list(dict.fromkeys([*samples.notes, *(note for entry in entries for note in entry.get("notes", ()))])),
        "classes": list(samples.classes),
        "train_seconds": round(sum(entry["seconds"] for entry in entries), 1),
        "processor": "; ".join(sorted({machine for machine, _, _ in machines})),
        "device": "; ".join(sorted({device for _, device, _ in machines})),
        "torch": "; ".join(sorted({version for _, _, version in machines})),
        "curves": json.dumps(curves),
    }
