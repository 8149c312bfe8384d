"""The task of training one fold from one seed, in this or another process, and writing it into the fold store."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold
from merlib.learning.store.checks import Question
from merlib.learning.store.fold_store import FoldStore
from merlib.learning.store.provenance import trained_by
from merlib.learning.store.starts import read_start
from merlib.learning.store.training_code import training_code
from merlib.learning.workers.memory import freed_memory_kept
from merlib.learning.workers.own_models import check_own_network
from merlib.learning.workers.progress import Heartbeats
from merlib.learning.workers.sent_definition import take_definition
from merlib.models.registry import register_model
from merlib.one_thread import one_thread

if TYPE_CHECKING:
    import numpy as np

    from merlib.learning.training.loop import FoldResult


@dataclass(frozen=True)
class Task:
    """One fold and seed to train, and the key its entry gets."""

    fold: Fold
    seed: int
    key: str


@dataclass(frozen=True)
class Work:
    """What the tasks of one run share; it travels to every worker.

    `source` is the digest of the code in the process that asked. `factory` is where the registry finds the model.
    `network` says whether it is trained by the recipe or by ``fit``. `definition` is the model itself if the notebook
    or script that asked defines it (see `sent_definition`).
    """

    experiment: Experiment
    samples: Samples
    store: FoldStore
    source: str
    factory: tuple[str, str]
    network: bool
    device: str
    definition: bytes = b""

    def load(self, task: Task) -> tuple[pd.DataFrame, dict] | None:
        """Return the entry of `task`; None when it is absent or does not answer what this work asks."""
        return load_task(task, self.experiment, self.samples, self.store, self.source)


def load_task(
    task: Task, experiment: Experiment, samples: Samples, store: FoldStore, source: str
) -> tuple[pd.DataFrame, dict] | None:
    """Return the entry of `task` as `FoldStore.load` does, if it belongs to this experiment, these samples and code."""
    return store.load(task.key, Question(experiment.training_digest, samples, task.fold, task.seed, source))


def predictions_frame(samples: Samples, fold: Fold, seed: int, scores: np.ndarray) -> pd.DataFrame:
    """Return one row per test clip: seed, fold, dataset, subject, clip, label, prediction, and the class scores."""
    rows = fold.test
    frame = pd.DataFrame(
        {
            "seed": seed,
            "fold": fold.name,
            "dataset": samples.datasets[rows],
            "subject": samples.subjects[rows],
            "clip": samples.clips[rows],
            "label": samples.labels[rows],
            "prediction": scores.argmax(1),
        }
    )
    for index, name in enumerate(samples.classes):
        frame[f"score_{name}"] = scores[:, index]
    return frame


def train_task(task: Task, work: Work, beats: str) -> str:
    """Train one task in this process, write its entry into the store, and return its key.

    Raises
    ------
    MerlibError
        When the code of model or engine is not that of the process that asked, and as `train_fold` or `fit_fold`.
    """
    experiment = work.experiment
    take_definition(work.definition, work.factory[1])
    register_model(experiment.model, *work.factory)  # a worker does not know the models a user added
    if training_code(experiment.model, bool(experiment.start)) != work.source:
        raise MerlibError(
            f"the source of {experiment.model} or of the engine changed while this process runs.",
            "one version of the code in all workers.",
            "restart Python (the notebook's kernel) and run again; finished folds are kept.",
        )
    beat = Heartbeats.beat(beats, task.key)
    with work.store.claim(task.key):
        if work.load(task) is None:  # else another run sharing the store has just trained it
            _train_claimed(task, work, beat)
    beat(1.0)
    return task.key


def _train_claimed(task: Task, work: Work, beat: Callable[[float], None]) -> None:
    from merlib.learning.estimator_input import check_estimator_input
    from merlib.learning.training.estimators import fit_fold
    from merlib.learning.training.loop import train_fold

    experiment, samples, first = work.experiment, work.samples, None
    begun = time.perf_counter()
    with one_thread(), freed_memory_kept():
        if work.network:
            check_own_network(experiment, samples, work.factory[0])
            first = read_start(experiment.start, work.store.root) if experiment.start else None
            state = first.state if first else None
            result = train_fold(experiment, samples, task.fold, task.seed, beat, work.device, start=state)
        else:
            check_estimator_input(experiment.model, samples, task.fold)
            result = fit_fold(experiment, samples, task.fold, task.seed)
    write_entry(task, work, result, time.perf_counter() - begun, first.record["notes"] if first else [])


def write_entry(task: Task, work: Work, result: FoldResult, seconds: float, notes: list[str], **more: str) -> None:
    """Write one trained fold into the store: its predictions, and as meta data how they were made."""
    experiment, samples = work.experiment, work.samples
    meta = {
        "experiment": experiment.to_dict(),
        "experiment_digest": experiment.training_digest,
        "fold": task.fold.name,
        "seed": task.seed,
        "samples": samples.digest,
        "source": work.source,
        "curves": result.curves,
        "seconds": round(seconds, 3),
        **trained_by(work.device),
        "notes": notes,
        **({"chosen": result.chosen} if result.chosen else {}),
        **more,
    }
    work.store.save(task.key, predictions_frame(samples, task.fold, task.seed, result.scores), meta)
