"""The trained networks of all folds beside their predictions: explaining needs weights, which the fold store lacks.

Every clip is explained by the network of the fold from whose training its person was held out, so that a map shows how
the network reads people whom it has never seen.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, cpu_count, delayed
from torch import Tensor, nn

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.explaining.grad_cam import grad_cam, places
from merlib.explaining.randomising import randomised
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold, make_folds
from merlib.learning.store.fold_store import FoldStore
from merlib.learning.store.provenance import provenance, trained_by
from merlib.learning.store.training_code import training_code
from merlib.learning.training.loop import FoldResult, as_tensors, fold_seed, needed_inputs, train_fold
from merlib.learning.training.normaliser import Normaliser
from merlib.learning.workers.progress import Heartbeats, Progress
from merlib.learning.workers.tasks import predictions_frame
from merlib.models import build_model
from merlib.one_thread import one_thread
from merlib.places import cache_folder
from merlib.processes import worker_processes
from merlib.publishing.explained.kept_networks import keep, kept_path, read_kept


@dataclass(frozen=True)
class Explained:
    """One network per fold, trained from the experiment's first seed, and their predictions.

    Parameters
    ----------
    experiment : Experiment
        The experiment that was trained.
    samples : Samples
        All rows, of which the folds are parts.
    folds : tuple of Fold
        The folds that were trained.
    networks : tuple of nn.Module
        The network of each fold after the last epoch, in evaluation mode.
    predictions : DataFrame
        Predictions of the folds' test rows, with provenance, as `learning.run` returns them.
    """

    experiment: Experiment
    samples: Samples
    folds: tuple[Fold, ...]
    networks: tuple[nn.Module, ...]
    predictions: pd.DataFrame

    @property
    def rows(self) -> np.ndarray:
        """The rows that the networks were tested on, in the order of the samples."""
        return np.sort(np.concatenate([fold.test for fold in self.folds]))

    def inputs_of(self, fold: int, rows: np.ndarray) -> dict[str, Tensor]:
        """Return rows of the samples as the network of that fold reads them, normalised by the fold's training rows."""
        samples = needed_inputs(self.networks[fold], self.samples)
        normalise = Normaliser(self.experiment.recipe.normalisation, as_tensors(samples, self.folds[fold].train))
        return normalise(as_tensors(samples, rows))

    def tested(self) -> Iterator[tuple[nn.Module, dict[str, Tensor], np.ndarray]]:
        """Yield each fold's network, its normalised test rows, and the numbers of these rows."""
        for number, (network, fold) in enumerate(zip(self.networks, self.folds, strict=True)):
            yield network, self.inputs_of(number, fold.test), fold.test

    def fresh(self, fold: Fold, draw: int) -> nn.Module:
        """Return an untrained network, with the `draw`-th set of random weights; no training began with these."""
        with one_thread():
            torch.manual_seed(fold_seed(self.experiment.seeds[0], f"{fold.name}:random weights {draw}"))
            return build_model(self.experiment.model, classes=len(self.samples.classes), **self.experiment.options)

    def with_random_weights(self, draw: int = 0, parts: tuple[str, ...] = ()) -> Explained:
        """Return the same folds with random weights in place of learned ones, in the whole network or in some parts.

        Parameters
        ----------
        draw : int
            Number of the set of random weights.
        parts : tuple of str
            Parts that are randomised, see `explaining.randomising.randomised`; all when empty.
        """
        pairs = zip(self.networks, self.folds, strict=True)
        networks = tuple(randomised(network, self.fresh(fold, draw), parts).eval() for network, fold in pairs)
        return Explained(self.experiment, self.samples, self.folds, networks, self.predictions)


def trained_networks(
    experiment: Experiment,
    samples: Samples,
    kept: Path | None = None,
    folds: int | None = None,
    workers: int | None = None,
) -> Explained:
    """Train the experiment's network on its folds, with its first seed, and keep the networks.

    Training is the same as in `learning.run`, fold for fold and seed for seed.

    Parameters
    ----------
    experiment : Experiment
        An experiment whose model is a network.
    samples : Samples
        The rows that the protocol splits.
    kept : path, optional
        Folder on this machine where trained networks are kept and looked for, such as `networks_folder` names.
    folds : int, optional
        Train only so many of the protocol's folds, from the first; all by default.
    workers : int, optional
        Processes of one thread each; one for each core by default.

    Raises
    ------
    MerlibError
        When `folds` is below 1, and as `learning.run`.
    """
    chosen = make_folds(experiment.protocol, samples)[:folds]
    if not chosen:
        raise MerlibError(f"{folds} folds.", "1 or more.", "leave the number out for all folds.")
    paths = [kept_path(kept, experiment, samples, fold) if kept else None for fold in chosen]
    found = [read_kept(path, experiment, samples) if path else None for path in paths]
    missing = [i for i, result in enumerate(found) if result is None]
    workers = min(workers or cpu_count(), max(1, len(missing)))
    begun = time.perf_counter()
    with Progress(f"{experiment.label} on {samples.name}, to be explained", len(missing)) as progress:
        asked = [(experiment, samples, chosen[i], paths[i], progress.beats.folder) for i in missing]
        done = _in_processes(asked, workers) if workers > 1 else [_train(*one) for one in asked]
    for i, result in zip(missing, done, strict=True):
        found[i] = result
    seconds = (time.perf_counter() - begun) / max(1, len(missing))
    networks = tuple(result.model.eval() for result in found)
    predictions = _predictions(experiment, samples, chosen, found, seconds)
    return Explained(experiment, samples, tuple(chosen), networks, predictions)


def networks_folder(store: FoldStore) -> Path:
    """Return where trained networks are kept, beside the store."""
    return cache_folder(store.root, "networks")


def _in_processes(asked: list[tuple], workers: int) -> list[FoldResult]:
    """Train in processes; joblib may replace a waiting process whose memory grew, which loses no work."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
        return Parallel(**worker_processes(workers))(delayed(_train)(*one) for one in asked)


def _train(experiment: Experiment, samples: Samples, fold: Fold, path: Path | None, beats: str) -> FoldResult:
    with one_thread():
        beat = Heartbeats.beat(beats, fold.name.replace("/", "_"))
        result = train_fold(experiment, samples, fold, experiment.seeds[0], beat)
    if path is not None:
        keep(path, result)
    return result


def _predictions(
    experiment: Experiment, samples: Samples, folds: list[Fold], results: list[FoldResult], seconds: float
) -> pd.DataFrame:
    seed, source = experiment.seeds[0], training_code(experiment.model, bool(experiment.start))
    pairs = list(zip(folds, results, strict=True))
    frame = pd.concat([predictions_frame(samples, fold, seed, one.scores) for fold, one in pairs], ignore_index=True)
    frame.insert(0, "experiment", experiment.label)
    told = trained_by("cpu")
    entries = [{"fold": f.name, "seed": seed, "curves": one.curves, "seconds": seconds, **told} for f, one in pairs]
    frame.attrs = provenance(experiment, samples, source, entries)
    frame.attrs["origin"] = f"{len(pairs)} folds trained now and kept, to be explained"
    return frame


def attention(
    explained: Explained, size: tuple[int, int] = (28, 28), asked: str = "label", only: str = ""
) -> dict[str, np.ndarray]:
    """Return Grad-CAM of every row that was tested, by the input that the map lies over.

    Parameters
    ----------
    explained : Explained
        Networks of a model that `explaining.grad_cam.places` knows.
    size : (int, int)
        Rows and columns of the maps.
    asked : {'label', 'prediction'}
        Whether the score of the true or of the predicted class is explained.
    only : str
        The only input whose map is wanted; all of them by default.

    Returns
    -------
    dict of str to float32 array (rows, *size)
        Maps in logits, in the order of `Explained.rows`, by the name of the input.

    Raises
    ------
    MerlibError
        When `asked` is neither of the two.
    """
    found: dict[str, np.ndarray] = {}
    place_of = {row: i for i, row in enumerate(explained.rows)}
    ask = _asked_classes(explained, asked)
    with one_thread():
        for network, inputs, rows in explained.tested():
            for name, place in places(network).items():
                if only not in ("", name):
                    continue
                maps = found.setdefault(name, np.zeros((len(place_of), *size), np.float32))
                maps[[place_of[row] for row in rows]] = grad_cam(place, inputs, ask(network, inputs, rows), size)
    return found


def _asked_classes(
    explained: Explained, asked: str
) -> Callable[[nn.Module, dict[str, Tensor], np.ndarray], np.ndarray]:
    if asked == "label":
        return lambda network, inputs, rows: explained.samples.labels[rows]
    if asked != "prediction":
        raise MerlibError(f"Grad-CAM of the {asked!r}.", "label or prediction.", "name one of the two.")

    @torch.no_grad()
    def predicted(network: nn.Module, inputs: dict[str, Tensor], rows: np.ndarray) -> np.ndarray:
        return network(inputs)[0].argmax(1).numpy()

    return predicted
