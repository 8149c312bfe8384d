"""Run an experiment: every fold and seed once, from the references, the store, or by training."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed
from threadpoolctl import threadpool_limits

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.cluster import cluster_address, on_cluster
from merlib.learning.experiment import Experiment
from merlib.learning.fold_store import FoldStore, entry_key
from merlib.learning.folds import Fold, make_folds, shares_subjects
from merlib.learning.progress import Heartbeats, Progress
from merlib.learning.provenance import processor, provenance
from merlib.learning.references import find_reference
from merlib.learning.source_digest import source_digest
from merlib.learning.starts import check_people, read_start
from merlib.models.registry import model_factory, register_model
from merlib.sources.places import repository_root

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """One fold and seed to train, and the key its entry gets."""

    fold: Fold
    seed: int
    key: str


@dataclass(frozen=True)
class Work:
    """What the tasks of one run share; it travels to every worker.

    `source` is the digest of the code in the process that asked, `factory` where the registry finds the model,
    `network` whether it is trained by the recipe or by ``fit``.
    """

    experiment: Experiment
    samples: Samples
    store: FoldStore
    source: str
    factory: tuple[str, str]
    network: bool
    device: str


def default_store() -> Path:
    """Return the store's folder: MERLIB_STORE, else ``results/store`` of the repository."""
    return Path(os.environ.get("MERLIB_STORE") or repository_root() / "results" / "store")


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, so that a result is the same bits whatever the number of workers.

    The caller's threads and random numbers are as before when the block ends.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1), torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(before)


def predictions_frame(samples: Samples, fold: Fold, seed: int, scores: np.ndarray) -> pd.DataFrame:
    """Return one row a test clip: seed, fold, dataset, subject, clip, label, prediction, score a class."""
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


def _is_network(model: str, options: dict, classes: int) -> bool:
    from torch import nn

    from merlib.models import build_model

    with one_thread():
        return isinstance(build_model(model, classes=classes, **options), nn.Module)


def _train(task: Task, work: Work, beats: str) -> str:
    """Train one task in whatever process this is, write its entry, return its key."""
    experiment = work.experiment
    register_model(experiment.model, *work.factory)  # a worker does not know the models a user added
    if source_digest(experiment.model, bool(experiment.start)) != work.source:
        raise MerlibError(
            f"the source of {experiment.model} or of the engine changed while this process runs.",
            "one version of the code in all workers.",
            "restart Python (the notebook's kernel) and run again; finished folds are kept.",
        )
    beat = Heartbeats.beat(beats, task.key)
    with work.store.claim(task.key):
        if work.store.load(task.key) is None:  # else another run sharing the store has just trained it
            _train_claimed(task, work, beat)
    beat(1.0)
    return task.key


def _train_claimed(task: Task, work: Work, beat: Callable[[float], None]) -> None:
    import torch

    from merlib.learning.fitting import fit_fold
    from merlib.learning.training import train_fold

    experiment, samples, first = work.experiment, work.samples, None
    begun = time.perf_counter()
    with one_thread():
        if work.network:
            first = read_start(experiment.start, work.store.root) if experiment.start else None
            state = first.state if first else None
            result = train_fold(experiment, samples, task.fold, task.seed, beat, work.device, start=state)
        else:
            result = fit_fold(experiment, samples, task.fold, task.seed)
    frame = predictions_frame(samples, task.fold, task.seed, result.scores)
    meta = {
        "experiment": experiment.to_dict(),
        "experiment_digest": experiment.training_digest,
        "fold": task.fold.name,
        "seed": task.seed,
        "samples": samples.digest,
        "curves": result.curves,
        "seconds": round(time.perf_counter() - begun, 3),
        "processor": processor(),
        "device": work.device,
        "torch": torch.__version__,
        "notes": first.record["notes"] if first else [],
    }
    work.store.save(task.key, frame, meta)


def run(
    experiment: Experiment,
    samples: Samples,
    store: str | os.PathLike | FoldStore | None = None,
    workers: int | None = None,
    device: str = "cpu",
    references: bool = True,
    dask: str | None = None,
) -> pd.DataFrame:
    """Return the predictions of every test row, for every seed of the experiment.

    Reads the committed reference first, then the store, and trains only what is missing: folds in processes
    of one thread each, every finished fold written at once.

    Parameters
    ----------
    experiment : Experiment
        Model, options, recipe, protocol and seeds.
    samples : Samples
        The rows; their digest is part of every key.
    store : path or FoldStore, optional
        Where finished folds lie; MERLIB_STORE or ``results/store`` when not given.
    workers : int, optional
        Processes; one a core when not given. The result does not depend on it.
    device : str
        A torch device.
    references : bool
        Whether committed reference predictions may be used.
    dask : str, optional
        Address of a dask scheduler that the folds are sent to; MERLIB_DASK when not given, else this machine.

    Returns
    -------
    pandas.DataFrame
        ``experiment seed fold dataset subject clip label prediction score_<class>...``; ``attrs`` hold the
        provenance: experiment, digests, data, classes, how many folds were trained or read, seconds.

    Raises
    ------
    MerlibError
        When the protocol cannot split the samples, a loss is not finite, or the store cannot be written.
    """
    found = find_reference(experiment, samples) if references else None
    source = source_digest(experiment.model, bool(experiment.start))
    if found is not None:
        frame, meta = found
        frame.insert(0, "experiment", experiment.label)
        asked = {"experiment": experiment.to_dict(), "experiment_digest": experiment.digest}
        frame.attrs = {**meta, **asked, "origin": "reference"}
        frame.attrs["source_unchanged"] = meta.get("source_digest") == source
        return frame
    store = store if isinstance(store, FoldStore) else FoldStore(store or default_store())
    tasks = [
        Task(fold, seed, entry_key(experiment.training_digest, fold.digest, seed, samples.digest, source))
        for seed in experiment.seeds
        for fold in make_folds(experiment.protocol, samples)
    ]
    entries = {task.key: store.load(task.key) for task in tasks}
    missing = [task for task in tasks if entries[task.key] is None]
    if missing:
        network = _is_network(experiment.model, dict(experiment.options), len(samples.classes))
        if experiment.start:
            _check_start(experiment, samples, store, network)
        factory = model_factory(experiment.model)
        _train_all(missing, Work(experiment, samples, store, source, factory, network, device), workers, dask)
        entries.update({task.key: store.load(task.key) for task in missing})
    gone = [task.fold.name for task in tasks if entries[task.key] is None]
    if gone:
        raise MerlibError(
            f"{experiment.label}: folds {', '.join(gone)} are missing from {store.root}.",
            "every fold of the protocol.",
            "run again: finished folds are kept.",
        )
    frame = pd.concat([entries[task.key][0] for task in tasks], ignore_index=True)
    frame.insert(0, "experiment", experiment.label)
    frame.attrs = provenance(experiment, samples, source, [entries[task.key][1] for task in tasks])
    frame.attrs["origin"] = f"{len(missing)} of {len(tasks)} folds trained now, the others read from the store"
    frame.attrs["shares_subjects"] = shares_subjects(experiment.protocol)
    return frame


def _check_start(experiment: Experiment, samples: Samples, store: FoldStore, network: bool) -> None:
    """Raise before any fold is trained when the start is missing, or its people are among those tested."""
    if not network:
        found = f"{experiment.model} with a start."
        raise MerlibError(found, "a network: an estimator starts from nothing.", "drop start, or choose a network.")
    check_people(experiment, samples, read_start(experiment.start, store.root))


def _train_all(tasks: list[Task], work: Work, workers: int | None, dask: str | None) -> None:
    work.store.check_writable()
    workers = min(workers or cpu_count(), len(tasks)) if work.device == "cpu" else 1
    what = f"{work.experiment.label} on {work.samples.name}"
    log.info("%s: training %d folds with %d workers", what, len(tasks), workers)
    with Progress(what, len(tasks)) as progress:
        beats = progress.beats.folder
        address = cluster_address(dask)
        if address:
            with on_cluster(address, work):
                Parallel(n_jobs=-1)(delayed(_train)(task, work, beats) for task in tasks)
        elif workers == 1:
            for task in tasks:
                _train(task, work, beats)
        else:
            with warnings.catch_warnings():  # a worker that grew is replaced, which is no fault and loses nothing
                warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
                Parallel(n_jobs=workers, backend="loky")(delayed(_train)(task, work, beats) for task in tasks)
