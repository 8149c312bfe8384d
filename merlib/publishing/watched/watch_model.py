"""The model that names the events that `merlib.watching` spots: trained on the twin at first use, and then kept.

Any network or estimator that reads one flow map can be asked for by name; a network of single frames is given to
`network_model`. Where no weights are given, the model is trained on the SYNTHETIC twin with a short form of its own
recipe, which takes seconds for the default.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning import Experiment, get_recipe
from merlib.learning.experiment import canonical_json
from merlib.learning.folds import Fold
from merlib.learning.store.start_files import read_start_file, write_start_file
from merlib.learning.store.training_code import training_code
from merlib.models import build_model
from merlib.models.registry import model_factory
from merlib.one_thread import one_thread
from merlib.sources.weights import load_state
from merlib.watching.classifying import EventModel

DEFAULT = "ststnet"
EPOCHS, BATCH, RATE = 40, 32, 5e-4  # they replace the recipe's, so that a network is trained in seconds, not in hours
FOLDER = "watch_models"


def watch_model(
    name: str = "", store: Path | None = None, say: Callable[[str], None] = print, epochs: int = EPOCHS
) -> EventModel:
    """Return a trained model for `Watcher`.

    Parameters
    ----------
    name : str
        A model's name, ``NAME=FILE`` for a network with the weights in FILE (a state dict, as `torch.save` writes
        it), or empty for the default.
    store : Path, optional
        Folder where a trained network is kept; by default it is not kept.
    say : callable
        Called with one line when training begins, and one that says how long it took.
    epochs : int
        Epochs of a network that is trained here.

    Raises
    ------
    MerlibError
        When the model is unknown or does not read one flow map, and when the weights cannot be read or do not fit.
    """
    name, _, file = (name or DEFAULT).partition("=")
    model_factory(name)  # an unknown name is an error before any map is made
    samples = twin_maps()
    probe = build_model(name, classes=len(samples.classes))
    if hasattr(probe, "fit"):
        if file:
            raise MerlibError(
                f"{name}={file}.", f"{name} alone: it is fitted here and reads no weights.", "leave it out."
            )
        return _estimator(name, probe, samples, say)
    _check_input(name, probe)
    experiment = Experiment(name, replace(get_recipe(name), epochs=epochs, batch_size=BATCH, learning_rate=RATE))
    if file:
        return network_model(probe, experiment, samples, _state_of(file), f"weights of {file}")
    return _trained(experiment, samples, store, say)


def twin_maps() -> Samples:
    """Return the SYNTHETIC flow maps on which models are trained here: the composite's 442 clips in three classes."""
    from merlib.datasets.twin.flow import twin_samples

    return twin_samples("megc2019-flow")


def _check_input(name: str, network) -> None:
    reads = getattr(network, "input_names", None) or (getattr(network, "input_name", "flow"),)
    if tuple(reads) != ("flow",):
        raise MerlibError(
            f"{name} reads {', '.join(map(str, reads))}.",
            "a model that reads one flow map of an event.",
            "choose one of ststnet, am3f_flownet, rcn, off_apexnet, champion, linear; for a network of frames, hand "
            "merlib.publishing.watched.watch_model.network_model its training samples, as notebook 13 does.",
        )


def _estimator(name: str, estimator, samples: Samples, say: Callable[[str], None]) -> EventModel:
    begun = time.perf_counter()
    with one_thread():
        estimator.fit(np.array(samples.inputs["flow"]), samples.labels)
    say(f"{name}: fitted to {len(samples)} SYNTHETIC maps in {time.perf_counter() - begun:.1f} s")

    def predict(maps: np.ndarray) -> np.ndarray:
        scores = np.zeros(len(samples.classes))
        scores[estimator.classes_] = estimator.predict_proba(maps)[0]
        return scores

    return EventModel(name, samples.classes, predict, trained_on=f"{samples.name}, SYNTHETIC")


def _state_of(file: str) -> dict:
    import torch

    state = load_state(Path(file).expanduser())
    if odd := [name for name, values in state.items() if not torch.isfinite(values).all()]:
        found = f"{file} holds numbers that are not finite, first in {odd[0]}."
        raise MerlibError(
            found, "weights of a network that was trained to its end.", "train it again, at a lower rate."
        )
    return state


def _trained(experiment: Experiment, samples: Samples, store: Path | None, say: Callable[[str], None]) -> EventModel:
    values = canonical_json(experiment.to_dict())
    parts = (values, samples.digest, training_code(experiment.model, False))
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    path = None if store is None else Path(store) / FOLDER / f"{digest}.pt"
    state = None
    if path is not None and path.exists():
        try:
            state, _ = read_start_file(path, digest)
        except MerlibError as error:
            say(f"{error.found} It is trained again.")
    if state is None:
        say(f"{experiment.model}: training on {len(samples)} SYNTHETIC maps, once ...")
        begun = time.perf_counter()
        state = train_on_all(experiment, samples)
        kept = "" if path is None else f", kept in {path.parent}"
        say(f"{experiment.model}: trained in {time.perf_counter() - begun:.1f} s{kept}")
        if path is not None:
            record = {"experiment": experiment.to_dict(), "samples": samples.digest, "people": [], "notes": []}
            write_start_file(path, digest, state, record)
    network = build_model(experiment.model, classes=len(samples.classes), **experiment.options)
    return network_model(network, experiment, samples, state, f"{samples.name}, SYNTHETIC")


def train_on_all(experiment: Experiment, samples: Samples) -> dict:
    """Train the experiment's network on every row of the samples and return its weights."""
    from merlib.learning.training.loop import train_fold

    everything = np.arange(len(samples))
    with one_thread():
        result = train_fold(experiment, samples, Fold("watching", everything, everything[:1]), experiment.seeds[0])
    return {name: tensor.detach().cpu().contiguous() for name, tensor in result.model.state_dict().items()}


def network_model(
    network, experiment: Experiment, samples: Samples, state: dict, trained_on: str, reads: str = "flow", sees: str = ""
) -> EventModel:
    """Return a network with its weights as a model for `Watcher`.

    Parameters
    ----------
    network : nn.Module
        The network, built with the same options as for training.
    experiment : Experiment
        Its recipe says how inputs are normalised.
    samples : Samples
        The training rows, from which the classes and the statistics of normalisation are taken.
    state : dict
        The weights, as a state dict.
    trained_on : str
        The training data in words, which is shown on the screen.
    reads : {'flow', 'frames'}
        The input of the samples on which it was trained.
    sees : {'flow', 'frames', 'change'}
        The input that it is given of an event, if it has another name than `reads`; see `EventModel`.

    Raises
    ------
    MerlibError
        When the weights do not fit the network.
    """
    import torch

    from merlib.learning.training.loop import as_tensors, score
    from merlib.learning.training.normaliser import Normaliser

    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        found = f"weights that do not fit {experiment.model}: {str(error).splitlines()[-1].strip()}"
        expected = f"those of {experiment.model} with {len(samples.classes)} classes."
        raise MerlibError(found, expected, "name the network that they were trained for.") from error
    only = {reads: samples.inputs[reads]}
    normalise = Normaliser(
        experiment.recipe.normalisation, as_tensors(samples.with_inputs(only), np.arange(len(samples)))
    )

    def predict(rows: np.ndarray) -> np.ndarray:
        with one_thread():
            return score(network, normalise({reads: torch.from_numpy(np.ascontiguousarray(rows, np.float32))}))[0]

    size = samples.inputs[reads].shape[-1]
    return EventModel(experiment.model, samples.classes, predict, sees or reads, size, trained_on)
