"""Pretraining: one training on all clips of other people, kept as a start for experiments (ASTNet Sec. 1: CK+).

The macro-expressions that papers pretrain on are not public. Those of the SYNTHETIC twin are used instead, with people
made from another seed. A start is written once, named by the digest of all that decides it: model, options, recipe, its
own start, seed, samples and the code of model and engine.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time

import numpy as np

from merlib.clips.frame_rows import clip_of
from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment, canonical_json
from merlib.learning.folds import Fold
from merlib.learning.store.fold_store import FoldStore
from merlib.learning.store.index import described_start
from merlib.learning.store.start_files import write_start_file
from merlib.learning.store.starts import Start, check_people, read_start, start_path, taker
from merlib.learning.store.training_code import training_code
from merlib.learning.workers.progress import Heartbeats, Progress
from merlib.models.registry import build_model
from merlib.one_thread import one_thread
from merlib.places import store_folder

log = logging.getLogger(__name__)


def start_digest(experiment: Experiment, samples: Samples) -> str:
    """Return the name of the start that `pretrain` makes; label, protocol and all seeds but the first do not count."""
    values = {k: v for k, v in experiment.to_dict().items() if k in ("model", "options", "recipe", "start")}
    values["recipe"] = {k: v for k, v in values["recipe"].items() if k != "name"}
    source = training_code(experiment.model, bool(experiment.start))
    parts = (canonical_json(values), str(experiment.seeds[0]), samples.digest, source)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def pretrain(
    experiment: Experiment,
    samples: Samples,
    store: str | os.PathLike | FoldStore | None = None,
    device: str = "cpu",
) -> str:
    """Train the experiment's network on every row of `samples` and return the digest to put into `Experiment.start`.

    The network is trained once, by the experiment's recipe, from its first seed. A start that is in the store already
    is not made again.

    Parameters
    ----------
    experiment : Experiment
        Its protocol does not matter. It may have a start of its own, such as ``resnet18-imagenet``.
    samples : Samples
        SYNTHETIC macro-expressions, such as those of `datasets.macro_clips`; `run` refuses to test on their people.
    store : path or FoldStore, optional
        As for `run`; the start is written below it, under ``starts/``.
    device : str
        A torch device.

    Raises
    ------
    MerlibError
        When the samples are real, the model is no network that takes pretrained weights, or training diverges.
    """
    if not samples.synthetic:
        raise MerlibError(
            f"pretraining on {samples.name}.",
            "SYNTHETIC macro-expressions of people whom nobody tests.",
            "use those of datasets.macro_clips.",
        )
    with one_thread():
        network = build_model(experiment.model, classes=len(samples.classes), **experiment.options)
    taker(network, experiment.model, "")
    store = store if isinstance(store, FoldStore) else FoldStore(store or store_folder())
    digest = start_digest(experiment, samples)
    if not _lies_in(store, digest):
        store.check_writable()
        with store.claim(digest):
            if not _lies_in(store, digest):  # else another run sharing the store has just made it
                _pretrain(experiment, samples, store, digest, device)
    return digest


def counted_rows(samples: Samples) -> str:
    """Return a text that says how many clips the samples hold, and how many frames where rows are frames."""
    clips = len(np.unique(np.char.add(samples.groups, np.char.add("/", clip_of(samples.clips)))))
    return f"{clips} clips" if clips == len(samples) else f"{len(samples)} frames of {clips} clips"


def _lies_in(store: FoldStore, digest: str) -> bool:
    if not os.path.lexists(start_path(store.root, digest)):
        return False
    try:
        return bool(read_start(digest, store.root))
    except MerlibError as error:
        log.warning("start: %s It is trained again.", error.found)
        return False


def _pretrain(experiment: Experiment, samples: Samples, store: FoldStore, digest: str, device: str) -> None:
    from merlib.learning.training.loop import train_fold

    before = Start({}, {"people": [], "notes": []})
    if experiment.start:
        before = read_start(experiment.start, store.root)
        check_people(experiment, samples, before)
    everything, begun = np.arange(len(samples)), time.perf_counter()
    fold = Fold("pretraining", everything, everything[:1])  # `train_fold` scores a test row; its score is not used
    what = f"{experiment.label}, pretraining on {samples.name}"
    log.info("%s: %s", what, counted_rows(samples))
    with Progress(what, 1) as progress, one_thread():
        beat = Heartbeats.beat(progress.beats.folder, digest)
        start = before.state if experiment.start else None
        result = train_fold(experiment, samples, fold, experiment.seeds[0], beat, device, start=start)
        beat(1.0)
    note = f"starts from {experiment.model} pretrained on {samples.name}: SYNTHETIC, {counted_rows(samples)}"
    record = {
        "experiment": experiment.to_dict(),
        "samples": samples.digest,
        "people": sorted({*before.record["people"], *samples.groups.tolist()}),
        "notes": [*before.record["notes"], note, *samples.notes],
        "seconds": round(time.perf_counter() - begun, 3),
    }
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in result.model.state_dict().items()}
    write_start_file(start_path(store.root, digest), digest, state, record)
    store.note(digest, described_start(record))
