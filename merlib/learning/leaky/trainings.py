"""Trainings that leak: LEAKY, and called by `merlib.learning.leaky.laboratory` alone.

Without a leak, `network_scores` gives the same scores as `training.loop.train_fold`, and `estimator_scores` the same as
`training.estimators.fit_fold`, bit for bit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from merlib.clips.samples import Samples
from merlib.learning.experiment import Experiment
from merlib.learning.fast import fast_forward
from merlib.learning.folds import Fold, make_folds
from merlib.learning.leaky.liberties import Training
from merlib.learning.losses import bind_loss, class_prior
from merlib.learning.training.augmentation import augment_inputs, deviations, mirror
from merlib.learning.training.layout import layout_of, place, place_model
from merlib.learning.training.loop import (
    as_tensors,
    batches,
    build_optimiser,
    build_schedule,
    fold_seed,
    logits_of,
    needed_inputs,
    score,
)
from merlib.learning.training.normaliser import Normaliser
from merlib.models import build_model
from merlib.scoring.metrics import uf1_of_counts


def leaky_rows(samples: Samples, protocol: str, training: Training, seed: int) -> tuple[Samples, list[Fold]]:
    """Return the rows (all clips, then their mirrored copies where copies leak) and the folds over them.

    Every clip is tested once and unmirrored; copies are only trained on. Folds keep the names of the honest ones, and
    with them their random streams. Without a leak these are the samples and the folds of `make_folds`.
    """
    folds, n = make_folds(protocol, samples), len(samples)
    random = np.random.default_rng((seed, 2019))
    if training.clips_dealt:
        dealt, start = random.permutation(n), 0
        sides = []
        for fold in folds:
            sides.append(np.sort(dealt[start : start + len(fold.test)]))
            start += len(fold.test)
        rest = [np.setdiff1d(np.arange(n), side) for side in sides]
        folds = [Fold(fold.name, *pair) for fold, *pair in zip(folds, rest, sides, strict=True)]
    if not training.copies_first:
        return samples, folds
    flow = np.asarray(samples.inputs["flow"])
    copied = replace(
        samples,
        inputs={"flow": np.concatenate([flow, mirror(flow, samples.unit)])},
        **{name: np.tile(getattr(samples, name), 2) for name in ("labels", "subjects", "datasets")},
        clips=np.concatenate([samples.clips, np.char.add(samples.clips, " (copy)")]),
    )
    crossed = []
    for fold in folds:
        kept = random.permutation(fold.train)[: len(fold.train) - len(fold.test)]
        rows = np.concatenate([fold.train, n + fold.test, n + kept])
        crossed.append(Fold(fold.name, np.sort(rows), fold.test))
    return copied, crossed


def network_scores(
    experiment: Experiment, samples: Samples, fold: Fold, seed: int, training: Training, clips: int
) -> np.ndarray:
    """Train one fold as `train_fold` does, with the leaks of `training`, and score its test rows after every epoch.

    `clips` is the number of clips, after which the mirrored copies lie. Returns scores (epochs, tests, classes).
    """
    recipe, classes = experiment.recipe, len(samples.classes)
    torch.manual_seed(fold_seed(seed, fold.name))
    random = torch.Generator().manual_seed(fold_seed(seed, fold.name + ":data"))
    model = place_model(build_model(experiment.model, classes=classes, **experiment.options), "cpu")
    layout = layout_of(model, "cpu")
    samples = needed_inputs(model, samples)
    train, labels = as_tensors(samples, fold.train), torch.from_numpy(samples.labels[fold.train])
    everybody = np.arange(clips)
    normalise = Normaliser(recipe.normalisation, as_tensors(samples, everybody) if training.scaled_by_all else train)
    counted = torch.from_numpy(samples.labels[everybody]) if training.prior_of_all else labels
    prior, loss_of = class_prior(counted, classes), bind_loss(recipe.loss, recipe.loss_options)
    spread = deviations(train, recipe.augmentation, samples.unit)
    optimiser = build_optimiser(recipe, model)
    schedule, step = build_schedule(recipe, optimiser), fast_forward(model)
    tests, shown, scores = normalise(as_tensors(samples, fold.test)), clips - len(fold.test), []
    for _ in range(recipe.epochs):
        model.train()
        order = torch.randperm(len(labels), generator=random) if recipe.shuffle else torch.arange(len(labels))
        for rows in batches(order[:shown], recipe.batch_size):
            inputs = {name: values[rows] for name, values in train.items()}
            inputs = augment_inputs(inputs, recipe.augmentation, samples.unit, random, spread)
            outputs = step({name: place(values, "cpu", layout) for name, values in normalise(inputs).items()})
            loss = loss_of(logits_of(outputs), labels[rows], prior).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        schedule.step()
        scores.append(score(model, tests))
    return np.stack(scores)


def estimator_scores(
    experiment: Experiment, samples: Samples, fold: Fold, seed: int, training: Training, clips: int
) -> np.ndarray:
    """Fit the linear baseline on one fold, with the leaks of `training`, and return scores (1, tests, classes)."""
    line = build_model(experiment.model, classes=len(samples.classes), **experiment.options)
    flow, labels = np.asarray(samples.inputs["flow"]), samples.labels
    x, y = flow[fold.train], labels[fold.train]
    if not training.copies_first:  # otherwise the copies are among the rows already
        x, y = np.concatenate([x, mirror(x, samples.unit)]), np.concatenate([y, y])
    scaled = np.concatenate([flow[:clips], mirror(flow[:clips], samples.unit)]) if training.scaled_by_all else x
    scaler = StandardScaler().fit(scaled.reshape(len(scaled), -1))
    logistic = clone(line[-1])
    if training.prior_of_all:
        frequency = np.bincount(labels[:clips], minlength=len(samples.classes))
        logistic.set_params(class_weight={c: clips / (len(frequency) * k) for c, k in enumerate(frequency) if k})
    logistic.fit(scaler.transform(x.reshape(len(x), -1)), y)
    scores = np.zeros((1, len(fold.test), len(samples.classes)))
    tests = flow[fold.test]
    scores[0][:, logistic.classes_] = logistic.predict_proba(scaler.transform(tests.reshape(len(tests), -1)))
    return scores


def counts_of(predictions: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the confusion counts (classes, classes): rows are the truth, columns the prediction."""
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, predictions), 1)
    return counts


def choose_epoch(scores: np.ndarray, labels: np.ndarray, parts: np.ndarray, by: str) -> np.ndarray:
    """Return the scores (N, classes), in each part those of the epoch that did best on it; this choice is the leak.

    Parameters
    ----------
    scores : array (epochs, N, classes)
        Scores of every clip after every epoch.
    labels : int array (N,)
        The true classes, by which the epoch is chosen.
    parts : str array (N,)
        Test fold, or test person, of each clip.
    by : {'fold', 'subject'}
        For a fold UF1 decides, for a person the number of clips classified correctly; of equal epochs the last wins.
    """
    chosen = np.empty_like(scores[0])
    for part in np.unique(parts):
        rows = np.flatnonzero(parts == part)
        told = scores[:, rows].argmax(-1)
        if by == "fold":
            earned = np.array([uf1_of_counts(counts_of(one, labels[rows], scores.shape[2])) for one in told])
        else:
            earned = (told == labels[rows]).sum(1)
        chosen[rows] = scores[np.flatnonzero(earned == earned.max())[-1], rows]
    return chosen
