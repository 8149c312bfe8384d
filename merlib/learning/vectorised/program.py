"""Train many folds as one program: the path for a GPU, which a single small network would leave nearly idle.

The parameters of all folds are stacked and `torch.vmap` runs the readable module over them, so that a step of 68 folds
is one step. Each fold computes what `training.loop.train_fold` computes: from the same first weights, with the same
order of rows, and with the normalisation and prior of its own training rows. A fold whose last batch is shorter or
missing is handled as such (`masked_norm`, `stacked_optimiser`). Dropout and augmentation draw other random numbers, so
results agree within the spread of seeds, not to the bit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold
from merlib.learning.losses import bind_loss, class_prior, inference_adjustment
from merlib.learning.training.augmentation import augment_inputs, deviations
from merlib.learning.training.loop import (
    FoldResult,
    _diverged,
    _order,
    as_tensors,
    batches,
    build_schedule,
    check_classes,
    fold_seed,
    logits_of,
    needed_inputs,
    score,
)
from merlib.learning.training.normaliser import Normaliser
from merlib.learning.vectorised.masked_norm import counting, with_masked_norms
from merlib.learning.vectorised.stacked_optimiser import StackedOptimiser
from merlib.models import build_model

PRECISIONS = ("float32", "tf32", "bf16")


def train_folds(
    experiment: Experiment,
    samples: Samples,
    tasks: Sequence[tuple[Fold, int]],
    beat: Callable[[float], None] | None = None,
    device: str = "cpu",
    *,
    start: dict[str, Tensor] | None = None,
    precision: str = "float32",
) -> list[FoldResult]:
    """Train the experiment's network on all folds at once and score each fold's test rows with the last epoch.

    Parameters
    ----------
    experiment, samples
        What to train, on which rows.
    tasks : sequence of (Fold, int)
        Folds and seeds. The random numbers of dropout and augmentation depend on which are trained together.
    beat : callable, optional
        Told the share of the work done, from 0 to 1, after each epoch.
    device : str
        A torch device.
    start : dict of str to Tensor, optional
        Weights of the experiment's start, as in `training.loop.train_fold`.
    precision : {'float32', 'tf32', 'bf16'}
        ``tf32`` lets a GPU multiply with 10 bits of mantissa, ``bf16`` computes layers in bfloat16.

    Returns
    -------
    list of FoldResult
        In the order of `tasks`.

    Raises
    ------
    MerlibError
        When a loss or a score is not finite (the message names fold, seed and epoch), when the precision is unknown,
        and when the recipe counts iterations instead of epochs.
    """
    if precision not in PRECISIONS:
        raise MerlibError(f"precision {precision!r}.", f"one of {', '.join(PRECISIONS)}.", "choose one of them.")
    recipe = experiment.recipe
    if recipe.iterations:
        found = f"{recipe.iterations:,} steps whatever the number of rows."
        raise MerlibError(found, "a recipe that counts epochs.", "train such folds one by one.")
    with torch.random.fork_rng(devices=[] if device == "cpu" else None), _multiplying(precision):
        program = _Program(experiment, samples, tasks, device, start, precision)
        schedule = build_schedule(recipe, program.pace)
        for epoch in range(recipe.epochs):
            program.train_epoch(epoch)
            schedule.step()
            if beat is not None:
                beat((epoch + 1) / recipe.epochs)
        return program.results()


@contextmanager
def _multiplying(precision: str) -> Iterator[None]:
    """Set the precision in which float32 matrices are multiplied until the block ends."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _all_at_once(normalisers: list[Normaliser], device: str) -> Normaliser:
    """Return a normaliser of batches (folds, rows, ...) that scales each fold by its own statistics."""
    stacked = copy.copy(normalisers[0])
    stacked.statistics = {}
    for name in normalisers[0].statistics:
        pairs = zip(*(each.statistics[name] for each in normalisers), strict=True)
        stacked.statistics[name] = tuple(torch.stack(each)[:, None].to(device) for each in pairs)
    return stacked


class _Judged(nn.Module):
    """A network together with its auxiliary loss, so that one functional call gives its parameters to both."""

    def __init__(self, network: nn.Module, auxiliary: bool):
        super().__init__()
        self.network, self.auxiliary = network, auxiliary

    def forward(self, inputs: dict[str, Tensor], truth: Tensor) -> tuple:
        outputs = self.network(inputs)
        return outputs, self.network.auxiliary_loss(outputs, truth) if self.auxiliary else None


class _Program:
    """The stacked networks, the rows that they share, and the state of each fold's training."""

    def __init__(self, experiment, samples, tasks, device, start, precision):
        recipe, classes = experiment.recipe, len(samples.classes)
        self.experiment, self.tasks, self.device, self.precision = experiment, list(tasks), device, precision
        self.models = [self._first_weights(fold, seed, classes, start) for fold, seed in self.tasks]
        self.skeleton = _Judged(with_masked_norms(copy.deepcopy(self.models[0])), bool(recipe.auxiliary_weight))
        self.skeleton.to("meta").train()
        self.samples = needed_inputs(self.models[0], samples)
        parameters, buffers = stack_module_state(self.models)
        self.parameters = {k: v.detach().to(device).requires_grad_() for k, v in parameters.items()}
        self.buffers = {k: v.to(device) for k, v in buffers.items()}
        self.optimiser = StackedOptimiser(recipe, self.parameters)
        self.pace = torch.optim.SGD([nn.Parameter(torch.zeros(1))], recipe.learning_rate)  # only carries the rate
        self.loss_of = bind_loss(recipe.loss, recipe.loss_options)
        self.inputs = {k: v.to(device) for k, v in as_tensors(self.samples, np.arange(len(samples))).items()}
        self.labels = torch.from_numpy(self.samples.labels).to(device)
        self.normalisers = [
            Normaliser(recipe.normalisation, as_tensors(self.samples, fold.train)) for fold, _ in self.tasks
        ]
        self.normalise = _all_at_once(self.normalisers, device)
        self.spread = self._deviations()
        own = [torch.from_numpy(self.samples.labels[fold.train]) for fold, _ in self.tasks]
        self.prior = torch.stack([class_prior(each, classes) for each in own]).to(device)
        self.orders = [torch.Generator().manual_seed(fold_seed(s, f.name + ":data")) for f, s in self.tasks]
        together = fold_seed(0, ",".join(f"{seed}:{fold.name}" for fold, seed in self.tasks))
        self.chance = torch.Generator(device).manual_seed(together)
        torch.manual_seed(together)
        self.curves = [{"loss": [], "accuracy": []} for _ in self.tasks]

    def _first_weights(self, fold: Fold, seed: int, classes: int, start) -> nn.Module:
        torch.manual_seed(fold_seed(seed, fold.name))
        model = build_model(self.experiment.model, classes=classes, **self.experiment.options)
        if self.experiment.start:
            from merlib.learning.store.starts import begin

            begin(model, self.experiment, start)
        return model

    def _deviations(self) -> dict[str, Tensor]:
        """Return `deviations` of each fold's own training rows, (folds, ..., C, 1, 1)."""
        steps, unit = self.experiment.recipe.augmentation, self.samples.unit
        own = [deviations(as_tensors(self.samples, fold.train), steps, unit) for fold, _ in self.tasks]
        return {name: torch.cat([each[name] for each in own]).to(self.device) for name in own[0]}

    def train_epoch(self, epoch: int) -> None:
        """Train all folds for one epoch of their own rows."""
        rate = self.pace.param_groups[0]["lr"]
        rows, mask = (each.to(self.device) for each in self._epoch_rows())
        self.pace.step()  # it changes nothing; PyTorch warns when a schedule is stepped before its optimiser
        loss, correct = torch.zeros((2, len(self.tasks)), dtype=torch.float64, device=self.device)
        for index, counts in zip(rows, mask, strict=True):
            losses, right = self._step(index, counts, rate)
            loss += losses * counts.sum(1)
            correct += right
        shown = mask.sum((0, 2)).double()
        for curve, mean, accuracy in zip(self.curves, (loss / shown).tolist(), (correct / shown).tolist(), strict=True):
            curve["loss"].append(mean)
            curve["accuracy"].append(accuracy)
        self._check(torch.isfinite(loss).tolist(), f"a loss that is not finite in epoch {epoch + 1}")

    def _epoch_rows(self) -> tuple[Tensor, Tensor]:
        """Return rows (steps, folds, batch) of the samples and which of them count, 1 or 0."""
        recipe, plans = self.experiment.recipe, []
        for (fold, _), random in zip(self.tasks, self.orders, strict=True):
            orders = [_order(len(fold.train), recipe.shuffle, random) for _ in range(recipe.copies)]
            train = torch.from_numpy(np.asarray(fold.train))
            plans.append([train[each] for each in batches(torch.cat(orders), recipe.batch_size)])
        shape = (max(map(len, plans)), len(plans), max(len(each) for plan in plans for each in plan))
        rows, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape)
        for column, plan in enumerate(plans):
            rows[:, column] = plan[0][0]  # what fills the shape is a training row of the same fold
            for step, each in enumerate(plan):
                rows[step, column, : len(each)] = each
                mask[step, column, : len(each)] = 1
        return rows, mask

    def _step(self, index: Tensor, counts: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        inputs = self._batch(index)
        truth = self.labels[index]
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.precision == "bf16"):
            losses, right = torch.vmap(self._loss, randomness="different")(
                self.parameters, self.buffers, inputs, truth, counts, self.prior
            )
        losses.sum().backward()
        self.optimiser.step(rate, counts.sum(1) > 0)
        for parameter in self.parameters.values():
            parameter.grad = None
        return losses.detach(), right

    def _batch(self, index: Tensor) -> dict[str, Tensor]:
        """Return the augmented, normalised inputs (folds, batch, ...) of the rows `index`."""
        recipe = self.experiment.recipe
        chosen = {name: values[index.flatten()] for name, values in self.inputs.items()}
        spread = {name: values.repeat_interleave(index.shape[1], 0) for name, values in self.spread.items()}
        with torch.device(self.device):
            chosen = augment_inputs(chosen, recipe.augmentation, self.samples.unit, self.chance, spread)
        return self.normalise({name: values.unflatten(0, index.shape) for name, values in chosen.items()})

    def _loss(self, parameters, buffers, inputs, truth, counts, prior) -> tuple[Tensor, Tensor]:
        """Return one fold's mean loss over the rows that count, and how many of them are classified correctly."""
        recipe = self.experiment.recipe
        state = {f"network.{name}": value for name, value in (parameters | buffers).items()}
        with counting(counts):
            outputs, auxiliary = functional_call(self.skeleton, state, (inputs, truth))
        logits = check_classes(self.experiment.model, logits_of(outputs), len(self.samples.classes))
        rows = self.loss_of(logits, truth, prior)
        if recipe.auxiliary_weight:
            rows = rows + recipe.auxiliary_weight * auxiliary
        told = ((logits.argmax(1) == truth) * counts).sum()
        return (rows * counts).sum() / counts.sum().clamp_min(1), told

    def results(self) -> list[FoldResult]:
        """Return each fold's scores of its test rows, curves and network."""
        recipe, found = self.experiment.recipe, []
        for i, ((fold, _), model) in enumerate(zip(self.tasks, self.models, strict=True)):
            state = {name: values[i].detach() for name, values in (self.parameters | self.buffers).items()}
            model.load_state_dict({name: state[name] for name in model.state_dict()})  # without non-persistent buffers
            shift = None
            if recipe.adjusted_inference:
                shift = inference_adjustment(recipe.loss, recipe.loss_options, self.prior[i])
            test = self.normalisers[i](as_tensors(self.samples, fold.test))
            scores = score(model.to(self.device), test, self.device, shift=shift)
            found.append(FoldResult(scores, self.curves[i], model))
        finite = [bool(np.isfinite(each.scores).all()) for each in found]
        self._check(finite, "scores that are not finite after the last epoch")
        return found

    def _check(self, finite: list[bool], what: str) -> None:
        for good, (fold, seed) in zip(finite, self.tasks, strict=True):
            if not good:
                raise _diverged(what, self.experiment, fold, seed)
