"""Adam for networks of many small parameters, bit for bit equal to PyTorch's fused Adam.

`torch.optim.Adam` keeps a tensor with the number of steps for each parameter and raises each by an addition of its own.
For AM3F's 154 parameters this takes longer than Adam itself. Here parameters with the same number of steps share one.
"""

from __future__ import annotations

from collections import defaultdict

import torch


class SharedStepAdam(torch.optim.Adam):
    """`torch.optim.Adam` with ``fused=True`` whose counts of steps are integers; one group of parameters on the CPU.

    Its state has no ``step`` tensors, so it cannot be saved and loaded; a fold is trained in one go.
    """

    def __init__(self, parameters, rate: float, betas: tuple[float, float], weight_decay: float):
        super().__init__(parameters, rate, betas, weight_decay=weight_decay, fused=True)
        (group,) = self.param_groups
        self._steps = [0] * len(group["params"])
        self._first = [torch.zeros_like(each, memory_format=torch.preserve_format) for each in group["params"]]
        self._second = [torch.zeros_like(each, memory_format=torch.preserve_format) for each in group["params"]]

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters that have a gradient."""
        (group,) = self.param_groups
        together = defaultdict(list)  # parameters by the number of steps that they have taken
        for index, parameter in enumerate(group["params"]):
            if parameter.grad is not None:
                self._steps[index] += 1
                together[self._steps[index]].append(index)
        for steps, indices in together.items():
            parameters = [group["params"][index] for index in indices]
            torch._fused_adam_(
                parameters,
                [parameter.grad for parameter in parameters],
                [self._first[index] for index in indices],
                [self._second[index] for index in indices],
                [],
                [torch.tensor(float(steps))] * len(indices),
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=group["weight_decay"],
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )
