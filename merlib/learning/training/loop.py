"""Train one network on one fold: the readable loop that every faster path is tested against.

The network after the last epoch is the result. The test fold is read once, after training, and decides nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.fast import fast_forward
from merlib.learning.folds import Fold
from merlib.learning.losses import bind_loss, class_prior, inference_adjustment
from merlib.learning.recipes import Recipe, epochs_and_steps
from merlib.learning.training.augmentation import augment_inputs, deviations
from merlib.learning.training.layout import layout_of, place, place_model
from merlib.learning.training.normaliser import Normaliser
from merlib.learning.training.shared_step_adam import SharedStepAdam
from merlib.models import build_model

Beat = Callable[[float], None]
VALUES_AT_ONCE = 2**23  # input values scored together, so that a test fold of long sequences fits in memory


@dataclass
class FoldResult:
    """The result of one fold: class probabilities (n_test, C) of the test rows, training curves by epoch, and model.

    `chosen` holds the parameters that an estimator chose inside its training fold, by name.
    """

    scores: np.ndarray
    curves: dict[str, list[float]] = field(default_factory=dict)
    model: object | None = None
    chosen: dict[str, float] = field(default_factory=dict)


def fold_seed(seed: int, fold: str) -> int:
    """Return the seed of one fold, which depends neither on other folds and their order nor on the worker."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{fold}".encode()).digest()[:7], "big")


def batches(order: Tensor, size: int) -> Iterator[Tensor]:
    """Cut `order` (N,) into batches; a last batch of one joins the batch before it (AM3F-A20)."""
    starts = list(range(0, len(order), size))
    if len(starts) > 1 and len(order) - starts[-1] == 1:
        starts.pop()
    for i, start in enumerate(starts):
        yield order[start : starts[i + 1] if i + 1 < len(starts) else len(order)]


def build_optimiser(recipe: Recipe, model: nn.Module, device: str = "cpu") -> torch.optim.Optimizer:
    """Return the recipe's optimiser over the model's parameters; an unknown one is a MerlibError."""
    if recipe.optimiser == "adam":
        settings = model.parameters(), recipe.learning_rate, recipe.betas
        if device == "cpu":
            return SharedStepAdam(*settings, weight_decay=recipe.weight_decay)
        return torch.optim.Adam(*settings, weight_decay=recipe.weight_decay, fused=True)
    if recipe.optimiser == "adamw":
        settings = model.parameters(), recipe.learning_rate, recipe.betas
        return torch.optim.AdamW(*settings, weight_decay=recipe.weight_decay, fused=True)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(
            model.parameters(),
            recipe.learning_rate,
            recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=recipe.nesterov,
        )
    raise MerlibError(f"optimiser {recipe.optimiser!r}.", "adam, adamw or sgd.", "correct the recipe.")


def build_schedule(recipe: Recipe, optimiser: torch.optim.Optimizer):
    """Return the recipe's learning-rate schedule, stepped once per epoch; an unknown one is a MerlibError."""
    schedules = torch.optim.lr_scheduler
    if recipe.schedule == "constant":
        return schedules.ConstantLR(optimiser, factor=1.0)
    if recipe.schedule == "cosine":
        return schedules.CosineAnnealingLR(optimiser, T_max=recipe.epochs)
    if recipe.schedule == "step" and recipe.decay_epochs:
        falls = range(recipe.step_epochs, recipe.decay_epochs + 1, recipe.step_epochs)
        return schedules.MultiStepLR(optimiser, list(falls), recipe.step_factor)
    if recipe.schedule == "step":
        return schedules.StepLR(optimiser, recipe.step_epochs, recipe.step_factor)
    raise MerlibError(f"schedule {recipe.schedule!r}.", "constant, cosine or step.", "correct the recipe.")


def logits_of(outputs: Tensor | tuple) -> Tensor:
    """Return the logits (N, C) of a model's output: the tensor itself or the first field of a named tuple."""
    return outputs if isinstance(outputs, Tensor) else outputs[0]


def check_classes(model: str, logits: Tensor, classes: int) -> Tensor:
    """Return `logits` (N, C) when C is the number of classes, else raise an error that names the model and both."""
    if logits.ndim != 2 or logits.shape[1] != classes:
        raise MerlibError(
            f"{model}: logits {tuple(logits.shape)} for labels of {classes} classes.",
            f"logits (N, {classes}).",
            "build the model with as many classes as the samples have.",
        )
    return logits


def _order(rows: int, shuffle: bool, random: torch.Generator) -> Tensor:
    return torch.randperm(rows, generator=random) if shuffle else torch.arange(rows)


def as_tensors(samples: Samples, rows: np.ndarray) -> dict[str, Tensor]:
    """Return the inputs of `rows` as float32 tensors, in that order."""
    return {name: torch.from_numpy(np.array(values[rows], np.float32)) for name, values in samples.inputs.items()}


def needed_inputs(model: nn.Module, samples: Samples) -> Samples:
    """Keep only the inputs a model names in `input_names` (or `input_name`).

    Raises
    ------
    MerlibError
        When the samples lack one of them.
    """
    names = getattr(model, "input_names", None) or (getattr(model, "input_name", None),)
    if None in names:
        return samples
    for name in names:
        if name not in samples.inputs:
            who = getattr(model, "name", type(model).__name__)
            raise MerlibError(
                f"{who}: samples {samples.name} with {', '.join(samples.inputs)}.",
                f"samples with {', '.join(names)}.",
                f"compute {name} from the clips, or choose a model that reads what there is.",
            )
    kept = {name: values for name, values in samples.inputs.items() if name in names}
    return samples if len(kept) == len(samples.inputs) else samples.with_inputs(kept)


def train_fold(
    experiment: Experiment,
    samples: Samples,
    fold: Fold,
    seed: int,
    beat: Beat | None = None,
    device: str = "cpu",
    *,
    start: dict[str, Tensor] | None = None,
) -> FoldResult:
    """Train the experiment's network on one fold and score its test rows with the last epoch.

    Parameters
    ----------
    experiment, samples, fold, seed
        What to train, on which rows, from which seed.
    beat : callable, optional
        Told the share of the work done, from 0 to 1, after each epoch.
    device : str
        A torch device.
    start : dict of str to Tensor, optional
        Weights of the experiment's start (`starts.read_start`), which take the place of the network's first ones.

    Raises
    ------
    MerlibError
        When the loss or a score is not finite (the message names fold, seed and epoch), when the start does not fit,
        and when samples, model and recipe do not go together.
    """
    recipe, classes = experiment.recipe, len(samples.classes)
    torch.manual_seed(fold_seed(seed, fold.name))
    random = torch.Generator().manual_seed(fold_seed(seed, fold.name + ":data"))
    model = build_model(experiment.model, classes=classes, **experiment.options)
    if experiment.start:
        from merlib.learning.store.starts import begin

        begin(model, experiment, start)
    model, layout = place_model(model, device), layout_of(model, device)
    samples = needed_inputs(model, samples)
    train = as_tensors(samples, fold.train)
    labels = torch.from_numpy(samples.labels[fold.train])
    normalise = Normaliser(recipe.normalisation, train)
    spread = deviations(train, recipe.augmentation, samples.unit)
    prior = class_prior(labels, classes).to(device)
    loss_of = bind_loss(recipe.loss, recipe.loss_options)
    optimiser = build_optimiser(recipe, model, device)
    schedule = build_schedule(recipe, optimiser)
    step = fast_forward(model) if device == "cpu" else model
    curves: dict[str, list[float]] = {"loss": [], "accuracy": []}
    epochs, steps = epochs_and_steps(recipe, len(labels))
    for epoch in range(epochs):
        model.train()
        order = torch.cat([_order(len(labels), recipe.shuffle, random) for _ in range(recipe.copies)])
        total, correct, shown = 0.0, 0, 0
        for rows in islice(batches(order, recipe.batch_size), steps):
            inputs = {name: values[rows] for name, values in train.items()}
            inputs = augment_inputs(inputs, recipe.augmentation, samples.unit, random, spread)
            inputs = {name: place(values, device, layout) for name, values in normalise(inputs).items()}
            truth = labels[rows].to(device)
            outputs = step(inputs)
            logits = check_classes(experiment.model, logits_of(outputs), classes)
            loss = loss_of(logits, truth, prior).mean()
            if recipe.auxiliary_weight:
                loss = loss + recipe.auxiliary_weight * model.auxiliary_loss(outputs, truth).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            total += loss.item() * len(rows)
            correct += int((logits.argmax(1) == truth).sum())
            shown, steps = shown + len(rows), steps - 1
        if not np.isfinite(total):
            raise _diverged(f"loss {total} in epoch {epoch + 1}", experiment, fold, seed)
        schedule.step()
        curves["loss"].append(total / shown)
        curves["accuracy"].append(correct / shown)
        if beat is not None:
            beat((epoch + 1) / epochs)
    shift = None
    if recipe.adjusted_inference:
        shift = inference_adjustment(recipe.loss, recipe.loss_options, prior)
    scores = score(model, normalise(as_tensors(samples, fold.test)), device, shift=shift)
    if not np.isfinite(scores).all():
        raise _diverged("scores that are not finite after the last epoch", experiment, fold, seed)
    return FoldResult(scores, curves, model)


def _diverged(what: str, experiment: Experiment, fold: Fold, seed: int) -> MerlibError:
    return MerlibError(
        f"{what} of fold {fold.name}, seed {seed}, {experiment.label}.",
        "finite numbers.",
        "lower the learning rate or check that fold's inputs.",
    )


@torch.no_grad()
def score(
    model: nn.Module,
    inputs: dict[str, Tensor],
    device: str = "cpu",
    batch: int = 256,
    shift: Tensor | None = None,
) -> np.ndarray:
    """Return class probabilities (N, C) of normalised inputs.

    They are the softmax of the raw logits, or of the logits plus `shift` (C,) (AM3F-A15). At most `batch` rows are
    scored together, fewer where they hold more than `VALUES_AT_ONCE` values.
    """
    model.eval()
    n = len(next(iter(inputs.values())))
    batch = max(1, min(batch, VALUES_AT_ONCE // max(1, sum(v[:1].numel() for v in inputs.values()))))
    parts = []
    for i in range(0, n, batch):
        logits = logits_of(model({k: v[i : i + batch].to(device) for k, v in inputs.items()}))
        parts.append((logits if shift is None else logits + shift).softmax(1).cpu())
    return torch.cat(parts).double().numpy()
