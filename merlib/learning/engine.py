"""Run an experiment: every fold and seed once, from the references, the store, or by training."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import version

import pandas as pd
from joblib import Parallel, cpu_count, delayed

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.devices import VARIABLE, check_device
from merlib.learning.experiment import Experiment
from merlib.learning.folds import make_folds, shares_subjects
from merlib.learning.store.fold_store import FoldStore, entry_key
from merlib.learning.store.provenance import provenance
from merlib.learning.store.references import find_reference
from merlib.learning.store.starts import check_people, read_start
from merlib.learning.store.training_code import training_code
from merlib.learning.workers.cluster import cluster_address, on_cluster
from merlib.learning.workers.killed import killed_workers_told
from merlib.learning.workers.progress import Progress
from merlib.learning.workers.sent_definition import definition_of
from merlib.learning.workers.tasks import Task, Work, load_task, train_task
from merlib.models.registry import model_factory
from merlib.one_thread import one_thread
from merlib.places import store_folder
from merlib.processes import worker_processes

log = logging.getLogger(__name__)


def default_device() -> str:
    """Return where networks are trained: MERLIB_DEVICE, else ``cuda`` where there is one, else ``cpu``."""
    named = os.environ.get(VARIABLE)
    if named or version("torch").endswith("+cpu"):  # known without importing torch, which takes seconds
        return check_device(named, f"{VARIABLE}={named}") if named else "cpu"
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

    The committed reference is read first, then the store, and only what is missing is trained. On the CPU, folds are
    trained in processes of one thread each, and every finished fold is written at once. On a GPU, all folds are trained
    as one program.

    Parameters
    ----------
    experiment : Experiment
        Model, options, recipe, protocol and seeds.
    samples : Samples
        The rows; their digest is part of every key.
    store : path or FoldStore, optional
        Where finished folds lie; MERLIB_STORE or ``results/store`` when not given.
    workers : int, optional
        Processes; one per core when not given. The result does not depend on it.
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
        Precision of folds trained together; folds trained one by one always compute in float32.

    Returns
    -------
    pandas.DataFrame
        ``experiment seed fold dataset subject clip label prediction score_<class>...``, one row per test clip and seed;
        scores lie in 0..1. ``attrs`` hold the provenance: experiment, digests, data, classes, how many folds were
        trained or read, and the seconds of training.

    Raises
    ------
    MerlibError
        When the protocol cannot split the samples, a loss is not finite, or the store cannot be written.
    """
    source = training_code(experiment.model, bool(experiment.start))
    known = _find(experiment, samples, source) if references else None
    if known is not None:
        return known
    plan = _plan(experiment, samples, store, source, device, together, dask, precision)
    trained = _train(plan, workers, dask)
    return _collect(plan, trained)


@dataclass(frozen=True)
class Plan:
    """Every fold and seed of an experiment, each named by its key, and the entries that the store already holds."""

    experiment: Experiment
    samples: Samples
    store: FoldStore
    source: str
    device: str
    together: bool
    precision: str
    tasks: tuple[Task, ...]
    entries: dict[str, tuple[pd.DataFrame, dict]]

    def load(self, tasks: Iterable[Task]) -> None:
        """Read the entries of `tasks` from the store; absent and rejected ones are left out."""
        for task in tasks:
            found = load_task(task, self.experiment, self.samples, self.store, self.source)
            if found is not None:
                self.entries[task.key] = found

    @property
    def missing(self) -> list[Task]:
        """The tasks without an entry."""
        return [task for task in self.tasks if task.key not in self.entries]


def _find(experiment: Experiment, samples: Samples, source: str) -> pd.DataFrame | None:
    """Return the committed reference predictions of an experiment, or None when there are none."""
    found = find_reference(experiment, samples)
    if found is None:
        return None
    frame, meta = found
    frame.insert(0, "experiment", experiment.label)
    asked = {"experiment": experiment.to_dict(), "experiment_digest": experiment.digest}
    frame.attrs = {**meta, **asked, "origin": "reference"}
    frame.attrs["source_unchanged"] = meta.get("source_digest") == source
    return frame


def _plan(
    experiment: Experiment,
    samples: Samples,
    store: str | os.PathLike | FoldStore | None,
    source: str,
    device: str | None,
    together: bool | None,
    dask: str | None,
    precision: str,
) -> Plan:
    """Name every fold and seed by its key, and read what the store holds."""
    store = store if isinstance(store, FoldStore) else FoldStore(store or store_folder())
    folds = make_folds(experiment.protocol, samples)
    pairs = [(fold, seed) for seed in experiment.seeds for fold in folds]
    device = check_device(device, f"device={device!r}") if device else default_device()
    if together is None:
        together = device != "cpu" and not cluster_address(dask) and not experiment.recipe.iterations
    together = together and _is_network(experiment, samples)
    code = source
    if together:
        from merlib.learning.vectorised.entries import together_source

        code = together_source(source, pairs, precision)
    digests = {fold.name: fold.digest for fold in folds}  # computed once, though every seed needs them
    keys = (
        entry_key(experiment.training_digest, digests[fold.name], seed, samples.kept_as, code) for fold, seed in pairs
    )
    tasks = tuple(Task(fold, seed, key) for (fold, seed), key in zip(pairs, keys, strict=True))
    plan = Plan(experiment, samples, store, source, device, together, precision, tasks, {})
    plan.load(tasks)
    return plan


def _train(plan: Plan, workers: int | None, dask: str | None) -> int:
    """Train what is missing, read it from the store, and return how many folds were trained."""
    missing, experiment, samples = plan.missing, plan.experiment, plan.samples
    if not missing:
        return 0
    network = plan.together or _is_network(experiment, samples)
    if experiment.start:
        _check_start(experiment, samples, plan.store, network)
    factory = model_factory(experiment.model)
    device = plan.device if network else "cpu"
    work = Work(experiment, samples, plan.store, plan.source, factory, network, device)
    if plan.together:
        from merlib.learning.vectorised.entries import train_together

        missing = list(plan.tasks)  # folds trained together share one random stream: all are retrained, or none
        train_together(missing, work, plan.precision)
        plan.entries.clear()
    else:
        _train_all(missing, work, workers, dask)
    plan.store.tidy([task.key for task in missing])
    plan.load(missing)
    return len(missing)


def _collect(plan: Plan, trained: int) -> pd.DataFrame:
    """Return the predictions of all folds and seeds as one frame with its provenance; an error when one is missing."""
    experiment, missing = plan.experiment, [task.fold.name for task in plan.missing]
    if missing:
        raise MerlibError(
            f"{experiment.label}: folds {', '.join(missing)} are missing from {plan.store.root}.",
            "every fold of the protocol.",
            "run again: finished folds are kept.",
        )
    entries = [plan.entries[task.key] for task in plan.tasks]
    frame = pd.concat([predictions for predictions, _ in entries], ignore_index=True)
    frame.insert(0, "experiment", experiment.label)
    frame.attrs = provenance(experiment, plan.samples, plan.source, [meta for _, meta in entries])
    frame.attrs["origin"] = f"{trained} of {len(entries)} folds trained now, the others read from the store"
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
    address = cluster_address(dask)
    if workers > 1 or address:
        work = replace(work, definition=definition_of(*work.factory))
    with Progress(what, len(tasks)) as progress, killed_workers_told(what):
        beats = progress.beats.folder
        if address:
            with on_cluster(address, work):
                Parallel(n_jobs=-1)(delayed(train_task)(task, work, beats) for task in tasks)
        elif workers == 1:
            for task in tasks:
                train_task(task, work, beats)
        else:
            with warnings.catch_warnings():  # joblib replaces a worker whose memory grew; no work is lost by that
                warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
                Parallel(**worker_processes(workers))(delayed(train_task)(task, work, beats) for task in tasks)
