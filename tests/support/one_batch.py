"""What every network must pass: learn one batch by heart, and hand a gradient to every parameter."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from merlib.learning.losses import bind_loss, class_prior
from merlib.learning.recipes import RECIPES

LEARNT = 0.1  # mean loss at which training stops early


def logits_of(output):
    return output if isinstance(output, torch.Tensor) else output.logits


def cross_entropy(model, output, labels) -> Tensor:
    return functional.cross_entropy(logits_of(output), labels)


def loss_of(name: str) -> Callable[..., Tensor]:
    """Return the mean loss by which the recipe of that name trains, with the model's own loss where it has one."""
    recipe = RECIPES[name]
    rows_of = bind_loss(recipe.loss, recipe.loss_options)

    def loss(model, output, labels) -> Tensor:
        logits = logits_of(output)
        rows = rows_of(logits, labels, class_prior(labels, logits.shape[1]))
        if recipe.auxiliary_weight:
            rows = rows + recipe.auxiliary_weight * model.auxiliary_loss(output, labels)
        return rows.mean()

    return loss


def accuracy_after_overfitting(
    model, inputs, labels, steps=60, learning_rate=2e-3, inference=False, loss=cross_entropy
) -> float:
    """Train on one batch and return the accuracy on it without dropout, with batch statistics unless `inference`."""
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    model.train()
    for _ in range(steps):
        optimiser.zero_grad()
        mean = loss(model, model(inputs), labels)
        if mean < LEARNT:
            break
        mean.backward()
        optimiser.step()
    if inference:
        model.eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    with torch.no_grad():
        return (logits_of(model(inputs)).argmax(1) == labels).float().mean().item()


def parameters_without_gradient(model, inputs, labels, loss=cross_entropy) -> list[str]:
    """Return the names of parameters that no gradient reaches; a bias before batch norm rightly gets zero."""
    model.zero_grad()
    loss(model, model(inputs), labels).backward()
    learned = {name: p for name, p in model.named_parameters() if p.requires_grad}
    return [name for name, p in learned.items() if p.grad is None or (p.dim() > 1 and not p.grad.abs().sum() > 0)]
