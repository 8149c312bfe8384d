"""Train all folds and seeds of an experiment as one program, and name the entries that they get in the fold store.

Folds trained together share one random stream, so either all folds of an experiment are trained or none, and their
entries have other keys than those of folds trained one by one.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack

from merlib.code_digest import modules_digest
from merlib.learning.folds import Fold
from merlib.learning.store.starts import read_start
from merlib.learning.vectorised.program import train_folds
from merlib.learning.workers.progress import Heartbeats, Progress
from merlib.learning.workers.tasks import Task, Work, write_entry

log = logging.getLogger(__name__)

PROGRAM = ("masked_norm", "program", "stacked_optimiser")


def together_source(source: str, tasks: Sequence[tuple[Fold, int]], precision: str) -> str:
    """Return the digest that takes the place of the code's digest in the keys of folds trained together.

    Parameters
    ----------
    source : str
        Digest of the model and the engine.
    tasks : sequence of (Fold, int)
        Folds and seeds that are trained together.
    precision : str
        See `program.train_folds`.
    """
    program = modules_digest(f"merlib.learning.vectorised.{part}" for part in PROGRAM)
    sha = hashlib.sha256(f"{source}:{precision}:{program}".encode())
    for fold, seed in tasks:
        sha.update(f"{seed}:{fold.digest}\n".encode())
    return sha.hexdigest()


def train_together(tasks: list[Task], work: Work, precision: str) -> None:
    """Train all `tasks` as one program and write an entry for each, unless another run has just done so."""
    work.store.check_writable()
    experiment = work.experiment
    what = f"{experiment.label} on {work.samples.name}, all folds together"
    log.info("%s: %d folds on %s", what, len(tasks), work.device)
    with ExitStack() as held, Progress(what, len(tasks)) as progress:
        for key in sorted(task.key for task in tasks):
            held.enter_context(work.store.claim(key))
        if all(work.load(task) is not None for task in tasks):
            return
        beats = [Heartbeats.beat(progress.beats.folder, task.key) for task in tasks]
        first = read_start(experiment.start, work.store.root) if experiment.start else None
        begun = time.perf_counter()
        results = train_folds(
            experiment,
            work.samples,
            [(task.fold, task.seed) for task in tasks],
            lambda share: [beat(share) for beat in beats],
            work.device,
            start=first.state if first else None,
            precision=precision,
        )
        seconds = (time.perf_counter() - begun) / len(tasks)
        for task, result in zip(tasks, results, strict=True):
            notes = first.record["notes"] if first else []
            write_entry(task, work, result, seconds, notes, path="folds together", precision=precision)
