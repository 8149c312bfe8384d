"""Train a model with liberties, and keep the results in a folder that nothing reading honest results opens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from merlib.clips.samples import Samples
from merlib.code_digest import modules_digest
from merlib.errors import MerlibError, unknown_name
from merlib.files import renamed_into
from merlib.learning.experiment import Experiment, canonical_json
from merlib.learning.leaky.liberties import (
    HONEST,
    LIBERTIES,
    Liberty,
    Training,
    candidates,
    is_network,
    laboratory_experiment,
    liberties_of,
)
from merlib.learning.leaky.trainings import choose_epoch, counts_of, estimator_scores, leaky_rows, network_scores
from merlib.learning.leaky_names import FOLDER
from merlib.learning.store.fold_store import read_parquet, write_parquet
from merlib.learning.store.provenance import trained_by
from merlib.learning.store.reference_sums import listed_sum, note_sum, read_sums
from merlib.learning.store.training_code import training_code
from merlib.one_thread import one_thread
from merlib.places import find_checkout
from merlib.scoring.metrics import uf1_of_counts
from merlib.sources.joined_names import is_public

CODE = ("merlib.learning.leaky.liberties", "merlib.learning.leaky.trainings")
Beat = Callable[[str], None]
Scores = tuple[np.ndarray, np.ndarray]  # (epochs, clips, classes), and the name of each clip's fold


class Laboratory:
    """One experiment on one set of samples; every training that leaks is done once and kept in `cache`.

    Parameters
    ----------
    experiment : Experiment
        What is trained honestly; its protocol keeps people apart.
    samples : Samples
        With the input ``flow``.
    cache : Path
        Folder for finished trainings, so that an interrupted laboratory continues where it stopped.
    beat : callable, optional
        Called before each training with a text that says what is trained.
    """

    def __init__(self, experiment: Experiment, samples: Samples, cache: Path, beat: Beat = lambda told: None):
        self.experiment, self.samples, self.cache, self.beat = experiment, samples, Path(cache), beat
        self.code = modules_digest(CODE) + training_code(experiment.model)
        self.settings = candidates(experiment)

    def scores(self, training: Training, seed: int) -> Scores:
        """Return the scores of every clip after every epoch, read from the cache or trained now.

        Returns
        -------
        scores : array (epochs, clips, classes)
            Class probabilities of each clip, from the fold that tests it.
        folds : str array (clips,)
            The name of that fold.
        """
        setting = self.settings[training.candidate]
        asked = {"training": asdict(training), "seed": seed, "code": self.code, "samples": self.samples.digest}
        asked["experiment"] = setting.training_digest
        path = self.cache / f"{hashlib.sha256(canonical_json(asked).encode()).hexdigest()}.npz"
        if path.is_file():
            with np.load(path, allow_pickle=False) as kept:
                return kept["scores"], kept["folds"]
        leaks = ", ".join(f"{name}={value}" for name, value in asdict(training).items() if value) or "no leak"
        self.beat(f"{setting.label}, seed {seed}, {leaks}")
        found = self._train(setting, training, seed)
        with renamed_into(path, "name another store") as file:
            np.savez(file, scores=found[0], folds=found[1])
        return found

    def _train(self, setting: Experiment, training: Training, seed: int) -> Scores:
        rows, folds = leaky_rows(self.samples, setting.protocol, training, seed)
        of_fold, clips = network_scores if is_network(setting.model) else estimator_scores, len(self.samples)
        names, scores = np.empty(clips, dtype=object), None
        with one_thread():
            for fold in folds:
                part = of_fold(setting, rows, fold, seed, training, clips)
                if scores is None:
                    scores = np.full((len(part), clips, part.shape[2]), np.nan)
                scores[:, fold.test], names[fold.test] = part, fold.name
        return scores, names.astype(str)

    def take(self, name: str) -> pd.DataFrame:
        """Return the predictions of one liberty, or of the honest run, for all seeds; ``attrs`` hold the provenance.

        Raises
        ------
        MerlibError
            When no liberty is called `name`.
        """
        if name not in LIBERTIES:
            raise unknown_name("liberty", name, LIBERTIES)
        liberty = LIBERTIES[name]
        tried = range(len(self.settings)) if liberty.by_test else [0]
        runs = {index: [self._chosen(liberty, index, seed) for seed in self.experiment.seeds] for index in tried}
        earned = {index: np.mean([self._uf1(scores) for scores, _ in run]) for index, run in runs.items()}
        best = max(earned, key=lambda index: (earned[index], -index))
        frames = [self._rows(*run, seed) for run, seed in zip(runs[best], self.experiment.seeds, strict=True)]
        frame = pd.concat(frames, ignore_index=True)
        frame.insert(0, "experiment", liberty.title)
        frame.attrs = self._provenance(liberty, {str(index): round(float(value), 6) for index, value in earned.items()})
        return frame

    def _chosen(self, liberty: Liberty, candidate: int, seed: int) -> Scores:
        leaks = {**asdict(liberty.training), "candidate": candidate}
        scores, folds = self.scores(Training(**leaks), seed)
        parts = {"fold": folds, "subject": np.char.add(np.char.add(folds, "/"), self.samples.groups)}
        if liberty.epoch == "last":
            return scores[-1], folds
        return choose_epoch(scores, self.samples.labels, parts[liberty.epoch], liberty.epoch), folds

    def _uf1(self, scores: np.ndarray) -> float:
        return float(uf1_of_counts(counts_of(scores.argmax(-1), self.samples.labels, len(self.samples.classes))))

    def _rows(self, scores: np.ndarray, folds: np.ndarray, seed: int) -> pd.DataFrame:
        samples = self.samples
        columns = {"seed": seed, "fold": folds, "dataset": samples.datasets, "subject": samples.subjects}
        columns |= {"clip": samples.clips, "label": samples.labels, "prediction": scores.argmax(-1)}
        columns |= {f"score_{name}": scores[:, c] for c, name in enumerate(samples.classes)}
        return pd.DataFrame(columns)

    def _provenance(self, liberty: Liberty, earned: dict[str, float]) -> dict:
        experiment = self.experiment.to_dict() | {"label": liberty.title}
        if liberty.name != HONEST:
            experiment["protocol"] = liberty.name
        machine = trained_by("cpu")
        return {
            "experiment": experiment,
            "experiment_digest": hashlib.sha256(canonical_json(experiment).encode()).hexdigest(),
            "honest_protocol": self.experiment.protocol,
            "samples_digest": self.samples.digest,
            "source_digest": self.code,
            "data": self.samples.name,
            "synthetic": self.samples.synthetic,
            "unit": self.samples.unit,
            "notes": list(self.samples.notes),
            "classes": list(self.samples.classes),
            "train_seconds": 0.0,
            "origin": "leakage laboratory",
            "uf1_by_candidate": earned,
            **machine,
            "machines": [{**machine, "folds": len(self.experiment.seeds)}],
        }

    def uf1_by_epoch(self) -> pd.DataFrame:
        """Return UF1 of the honest run's test clips after every epoch, one column per seed.

        It shows what choosing an epoch by the test clips would give; no honest choice may use it.
        """
        runs = {seed: self.scores(Training(), seed)[0] for seed in self.experiment.seeds}
        return pd.DataFrame({f"seed {seed}": [self._uf1(one) for one in run] for seed, run in runs.items()})


def laboratory_folder() -> Path | None:
    """Return where committed runs of the laboratory lie, ``results/leaky``; None outside a checkout."""
    checkout = find_checkout()
    return checkout / "results" / FOLDER if checkout else None


def keep(frame: pd.DataFrame, name: str, model: str, folder: Path) -> Path:
    """Write predictions of the laboratory below `folder`, which must be called ``leaky``, and return the path.

    Raises
    ------
    MerlibError
        For predictions of licensed clips, and for a folder that is not called ``leaky``.
    """
    if folder.name != FOLDER:
        raise MerlibError(f"{folder} for leaky predictions.", f"a folder called {FOLDER}.", "name results/leaky.")
    if not frame.attrs["synthetic"] and not is_public(frame.attrs["data"]):
        found = f"predictions on {frame.attrs['data']}."
        raise MerlibError(found, "predictions on public maps or on the twin.", "keep them out of the repository.")
    data = frame.attrs["data"].replace("-", "_") + ("_twin" if frame.attrs["synthetic"] else "")
    path = folder / data / "predictions" / f"{model}-{name.rpartition(':')[2]}.parquet"
    write_parquet(frame.drop(columns="experiment"), dict(frame.attrs), path)
    note_sum(path, folder)
    return path


def run_laboratory(model: str, samples: Samples, cache: Path, folder: Path, say: Beat) -> None:
    """Take every liberty with a model in ten folds and three seeds, and write each below `folder` once it is done."""
    laboratory = Laboratory(laboratory_experiment(model, "groupkfold:10", (0, 1, 2)), samples, cache, say)
    for liberty in liberties_of(model):
        frame = laboratory.take(liberty.name)
        if liberty.name == HONEST and is_network(model):
            frame.attrs["uf1_by_epoch"] = laboratory.uf1_by_epoch().round(6).to_dict("list")
        say(f"kept {keep(frame, liberty.name, model, folder)}")


def kept(data: str, model: str, folder: Path | None = None) -> dict[str, pd.DataFrame]:
    """Return the committed predictions of the laboratory by liberty, in the order of `LIBERTIES`; there may be none."""
    folder = folder or laboratory_folder()
    found: dict[str, pd.DataFrame] = {}
    names: Iterable[str] = LIBERTIES if folder and folder.is_dir() else ()
    for name in names:
        path = folder / data / "predictions" / f"{model}-{name.rpartition(':')[2]}.parquet"
        if path.relative_to(folder).as_posix() in read_sums(folder):
            frame, meta = read_parquet(path, listed_sum(path, folder))
            frame.insert(0, "experiment", meta["experiment"]["label"])
            frame.attrs = meta
            found[name] = frame
    return found
