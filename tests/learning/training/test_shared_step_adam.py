"""Adam with shared counts of steps is PyTorch's fused Adam, bit for bit."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from merlib.learning.recipes import RECIPES
from merlib.learning.training.loop import build_optimiser
from merlib.learning.training.shared_step_adam import SharedStepAdam


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(5 * 16, 3))


@pytest.mark.parametrize(("betas", "decay"), [((0.9, 0.999), 0.0), ((0.5, 0.99), 1e-2)])
def test_parameters_are_pytorch_s_to_the_bit(betas, decay):
    model = network().to(memory_format=torch.channels_last)
    twin = copy.deepcopy(model)
    theirs = torch.optim.Adam(model.parameters(), 1e-2, betas, weight_decay=decay, fused=True)
    ours = SharedStepAdam(twin.parameters(), 1e-2, betas, weight_decay=decay)
    schedules = [torch.optim.lr_scheduler.StepLR(each, 5, 0.1) for each in (theirs, ours)]
    start = [each.clone() for each in model.parameters()]
    for step in range(12):
        for index, (one, other) in enumerate(zip(model.parameters(), twin.parameters(), strict=True)):
            # the kernels sit two steps out: they then count fewer steps than the rest, and their memory stands still
            one.grad = None if index == 0 and step in (3, 7) else torch.randn_like(one)
            other.grad = one.grad
        for optimiser, schedule in zip((theirs, ours), schedules, strict=True):
            optimiser.step()
            schedule.step()
        assert all(map(torch.equal, twin.parameters(), model.parameters())), f"step {step + 1}"
    assert not any(map(torch.equal, twin.parameters(), start))


def test_a_parameter_without_gradient_stays():
    line = nn.Linear(2, 1)
    kept, moved = line.weight.detach().clone(), line.bias.detach().clone()
    optimiser = SharedStepAdam(line.parameters(), 0.1, (0.9, 0.999), weight_decay=0.5)
    line.bias.grad = torch.ones(1)
    optimiser.step()
    assert torch.equal(line.weight, kept)
    assert line.bias.item() == pytest.approx(moved.item() - 0.1, abs=1e-6)  # Adam's first step is as long as the rate


def test_recipes_train_with_it_on_the_processor_alone():
    assert type(build_optimiser(RECIPES["am3f_flownet"], network())) is SharedStepAdam
    assert type(build_optimiser(RECIPES["am3f_flownet"], network(), "cuda")) is torch.optim.Adam
