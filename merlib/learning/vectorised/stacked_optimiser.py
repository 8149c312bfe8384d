"""Adam, AdamW and SGD on the stacked parameters of many folds, each with its own number of steps."""

from __future__ import annotations

import torch
from torch import Tensor

from merlib.errors import MerlibError
from merlib.learning.recipes import Recipe

EPSILON = 1e-8


class StackedOptimiser:
    """The recipe's optimiser, elementwise as `torch.optim` computes it; a fold that is not active keeps its state.

    Parameters
    ----------
    recipe : Recipe
        ``adam`` or ``adamw`` with betas and weight decay, or ``sgd`` with momentum, Nesterov and weight decay.
    parameters : dict of str to Tensor (F, ...)
        Stacked parameters, changed in place.

    Raises
    ------
    MerlibError
        When the optimiser is unknown.
    """

    def __init__(self, recipe: Recipe, parameters: dict[str, Tensor]):
        if recipe.optimiser not in ("adam", "adamw", "sgd"):
            raise MerlibError(f"optimiser {recipe.optimiser!r}.", "adam, adamw or sgd.", "correct the recipe.")
        self.recipe, self.parameters = recipe, list(parameters.values())
        self.first = [torch.zeros_like(each) for each in self.parameters]
        self.second = [torch.zeros_like(each) for each in self.parameters] if recipe.optimiser != "sgd" else []
        self.steps = torch.zeros(len(self.parameters[0]), device=self.parameters[0].device)

    @torch.no_grad()
    def step(self, rate: float, active: Tensor) -> None:
        """Change the parameters of the folds where `active` (F,) is true, from their gradients.

        Parameters
        ----------
        rate : float
            Learning rate of this epoch.
        active : Tensor (F,) of bool
            A fold without a batch in this step keeps its parameters, its averages and its number of steps.
        """
        self.steps += active
        for index, parameter in enumerate(self.parameters):
            if parameter.grad is None:
                continue
            shape = (-1, *[1] * (parameter.ndim - 1))
            decay = self.recipe.weight_decay * parameter
            apart = self.recipe.optimiser == "adamw"  # there decay acts on the parameter, not through the averages
            gradient = parameter.grad if apart else parameter.grad + decay
            change = (self._sgd if self.recipe.optimiser == "sgd" else self._adam)(index, gradient, active.view(shape))
            parameter -= rate * torch.where(active.view(shape), change + decay if apart else change, 0.0)

    def _adam(self, index: int, gradient: Tensor, active: Tensor) -> Tensor:
        low, high = self.recipe.betas
        steps = self.steps.clamp_min(1).view(active.shape)
        first = self.first[index].lerp_(gradient, (1 - low) * active.to(gradient.dtype))
        second = self.second[index].lerp_(gradient.square(), (1 - high) * active.to(gradient.dtype))
        return first / (1 - low**steps) / ((second / (1 - high**steps)).sqrt() + EPSILON)

    def _sgd(self, index: int, gradient: Tensor, active: Tensor) -> Tensor:
        momentum = self.recipe.momentum
        self.first[index] = torch.where(active, momentum * self.first[index] + gradient, self.first[index])
        return gradient + momentum * self.first[index] if self.recipe.nesterov else self.first[index]
