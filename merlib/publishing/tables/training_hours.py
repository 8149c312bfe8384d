"""How long the unabridged training of a network takes on this machine, computed from a few steps of full size."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import torch

from merlib.learning.losses import bind_loss, class_prior
from merlib.learning.recipes import Recipe, epochs_and_steps
from merlib.learning.training.layout import layout_of, place, place_model
from merlib.learning.training.loop import build_optimiser, logits_of
from merlib.models import build_model
from merlib.one_thread import one_thread


def step_seconds(
    model: str,
    shapes: Mapping[str, tuple[int, ...]],
    recipe: Recipe,
    classes: int = 5,
    rows: int = 1,
    steps: int = 10,
    options: Mapping[str, object] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median seconds per row of a training step, on random inputs and one thread, after a warm-up.

    Parameters
    ----------
    model : str
        Name of the network, built with `options` or its own defaults, which are the paper's.
    shapes : mapping of str to tuple
        Shape of one row of each input, such as ``{"flow_sequence": (10, 3, 224, 224)}``.
    recipe : Recipe
        The recipe whose loss and optimiser are used.
    classes, rows, steps : int
        Number of classes, rows per step (a whole batch of full size may not fit in memory), and steps that are timed.
    options : mapping, optional
        Options of the model.
    clock : callable
        Returns seconds; take ``time.process_time`` where other programs run.
    """
    with one_thread():
        torch.manual_seed(0)
        network = place_model(build_model(model, classes=classes, **(options or {})), "cpu").train()
        optimiser = build_optimiser(recipe, network)
        layout = layout_of(network, "cpu")
        inputs = {name: place(torch.rand(rows, *shape), "cpu", layout) for name, shape in shapes.items()}
        labels, times = torch.arange(rows) % classes, []
        loss_of, prior = bind_loss(recipe.loss, recipe.loss_options), class_prior(labels, classes)
        for _ in range(steps + 1):
            begun = clock()
            loss = loss_of(logits_of(network(inputs)), labels, prior).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            times.append(clock() - begun)
    return statistics.median(times[1:]) / rows


def fold_hours(seconds: float, recipe: Recipe, rows: int) -> float:
    """Return the hours that training on a fold of `rows` rows takes, at `seconds` per row and step."""
    return epochs_and_steps(recipe, rows)[1] * min(recipe.batch_size, rows * recipe.copies) * seconds / 3600
