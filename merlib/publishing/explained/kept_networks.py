"""Trained networks kept on this machine, so that they need not be trained again to be explained; never committed.

A file is named by what decides a fold: experiment, fold, seed, samples and the code of model and engine. It is written
to a temporary file and renamed, and its checksum is verified on reading. If a file is damaged, its network is trained
again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from merlib.clips.samples import Samples
from merlib.files import renamed_into
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold
from merlib.learning.store.fold_store import entry_key
from merlib.learning.store.training_code import training_code
from merlib.learning.training.loop import FoldResult
from merlib.models import build_model

SCORES = "scores of the test rows"


def kept_path(folder: Path, experiment: Experiment, samples: Samples, fold: Fold) -> Path:
    """Return where the network of a fold lies or would lie, trained from the experiment's first seed."""
    source = training_code(experiment.model, bool(experiment.start))
    key = entry_key(experiment.training_digest, fold.digest, experiment.seeds[0], samples.kept_as, source)
    return folder / f"{key}.safetensors"


def keep(path: Path, result: FoldResult) -> None:
    """Write a trained network with its scores and curves, whole or not at all."""
    tensors = {name: values.detach().cpu().contiguous() for name, values in result.model.state_dict().items()}
    tensors[SCORES] = torch.from_numpy(result.scores)
    told = {"curves": json.dumps(result.curves), "sha256": _checksum(tensors)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with renamed_into(path, durable=False) as file:
        file.write(save(tensors, told))


def read_kept(path: Path, experiment: Experiment, samples: Samples) -> FoldResult | None:
    """Return a kept network with its scores and curves; None where the file is absent or damaged."""
    try:
        with safe_open(path, "pt") as file:
            told, tensors = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError):
        return None
    if SCORES not in tensors or told.get("sha256") != _checksum(tensors):
        return None
    scores = tensors.pop(SCORES).numpy()
    model = build_model(experiment.model, classes=len(samples.classes), **experiment.options)
    model.load_state_dict(tensors)
    return FoldResult(scores, json.loads(told["curves"]), model)


def _checksum(tensors: dict[str, Tensor]) -> str:
    sha = hashlib.sha256()
    for name in sorted(tensors):
        sha.update(f"{name}{tuple(tensors[name].shape)}".encode() + tensors[name].numpy().tobytes())
    return sha.hexdigest()
