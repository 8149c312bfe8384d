"""Run an experiment: every fold and seed once, from the references, the store, or by training."""

from __future__ import annotations

import logging
import os
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from joblib import Parallel, cpu_count, delayed

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.folds import make_folds, shares_subjects
from merlib.learning.store.fold_store import FoldStore, entry_key
from merlib.learning.store.provenance import provenance
from merlib.learning.store.references import find_reference
from merlib.learning.store.starts import check_people, read_start
from merlib.learning.store.training_code import training_code
from merlib.learning.workers.cluster import cluster_address, on_cluster
from merlib.learning.workers.progress import Progress
from merlib.learning.workers.tasks import Task, Work, train_task
from merlib.models.registry import model_factory
from merlib.one_thread import one_thread
from merlib.places import repository_root

log = logging.getLogger(__name__)


def default_store() -> Path:
    """Return the store's folder: MERLIB_STORE, else ``results/store`` of the repository."""
    return Path(os.environ.get("MERLIB_STORE") or repository_root() / "results" / "store")


def default_device() -> str:
    """Return where networks are trained: MERLIB_DEVICE, else ``cuda`` where there is one, else ``cpu``."""
    named = os.environ.get("MERLIB_DEVICE")
    if named or version("torch").endswith("+cpu"):  # told without the seconds that importing torch takes
        return named or "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _is_network(experiment: Experiment, samples: Samples) -> bool:
    from torch import nn

    from merlib.models import build_model

    with one_thread():
        model = build_model(experiment.model, classes=len(samples.classes), **experiment.options)
    return isinstance(model, nn.Module)


def run(
    experiment: Experiment,
    samples: Samples,
    store: str | os.PathLike | FoldStore | None = None,
    workers: int | None = None,
    device: str | None = None,
    references: bool = True,
    dask: str | None = None,
    together: bool | None = None,
    precision: str = "float32",
) -> pd.DataFrame:
    """Return the predictions of every test row, for every seed of the experiment.

    Reads the committed reference first, then the store, and trains only what is missing: on processors, folds in
    processes of one thread each, every finished fold written at once; on a GPU, all folds as one program.

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
    device : str, optional
        A torch device; MERLIB_DEVICE when not given, else ``cuda`` where there is one, else ``cpu``.
    references : bool
        Whether committed reference predictions may be used.
    dask : str, optional
        Address of a dask scheduler that the folds are sent to; MERLIB_DASK when not given, else this machine.
    together : bool, optional
        Whether a network's folds and seeds are trained as one program (`learning.vectorised`); by default on a GPU,
        unless they are sent to a cluster or the recipe counts iterations.
    precision : {'float32', 'tf32', 'bf16'}
        Of folds trained together.

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
    source = training_code(experiment.model)
    if found is not None:
        frame, meta = found
        frame.insert(0, "experiment", experiment.label)
        asked = {"experiment": experiment.to_dict(), "experiment_digest": experiment.digest}
        frame.attrs = {**meta, **asked, "origin": "reference"}
        frame.attrs["source_unchanged"] = meta.get("source_digest") == source
        return frame
    store = store if isinstance(store, FoldStore) else FoldStore(store or default_store())
    pairs = [(fold, seed) for seed in experiment.seeds for fold in make_folds(experiment.protocol, samples)]
    device = device or default_device()
    if together is None:
        together = device != "cpu" and not cluster_address(dask) and not experiment.recipe.iterations
    together = together and _is_network(experiment, samples)
    code = source
    if together:
        from merlib.learning.vectorised.entries import together_source, train_together

        code = together_source(source, pairs, precision)
    tasks = [
        Task(fold, seed, entry_key(experiment.training_digest, fold.digest, seed, samples.kept_as, code))
        for fold, seed in pairs
    ]
    entries = {task.key: store.load(task.key) for task in tasks}
    missing = [task for task in tasks if entries[task.key] is None]
    if missing:
        network = together or _is_network(experiment, samples)
        if experiment.start:
            _check_start(experiment, samples, store, network)
        factory = model_factory(experiment.model)
        work = Work(experiment, samples, store, source, factory, network, device if network else "cpu")
        if together:
            missing = tasks  # trained together, they share one random stream: either all are trained or none
            train_together(tasks, work, precision)
        else:
            _train_all(missing, work, workers, dask)
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
                Parallel(n_jobs=-1)(delayed(train_task)(task, work, beats) for task in tasks)
        elif workers == 1:
            for task in tasks:
                train_task(task, work, beats)
        else:
            with warnings.catch_warnings():  # a worker that grew is replaced, which is no fault and loses nothing
                warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
                Parallel(n_jobs=workers, backend="loky")(delayed(train_task)(task, work, beats) for task in tasks)
