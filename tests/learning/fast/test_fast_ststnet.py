"""The fast step of STSTNet is the readable module's: logits, gradients, running statistics."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional

from merlib.learning.fast import fast_forward
from merlib.models import build_model


def both(order="bgr", turned=False, n=37):
    torch.manual_seed(0)
    model = build_model("ststnet", classes=3, dropout=0.0, channel_order=order)
    if turned:
        with torch.no_grad():
            model.norms[1].weight[2] = -0.5  # batch norm turns the channel upside down: its maximum is the minimum
            model.norms[0].weight[1] = 0.0  # a flat channel: all values tie and the first counts
    twin = copy.deepcopy(model).to(memory_format=torch.channels_last)
    return model, twin, {"flow": 255 * torch.rand(n, 3, 28, 28)}, torch.randint(0, 3, (n,))


@pytest.mark.parametrize("order", ["bgr", "rgb"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("n", [2, 37, 130])  # less than a vector, vectors with a rest, many
def test_logits_gradients_and_statistics_are_the_module_s(order, turned, n):
    model, twin, inputs, truth = both(order, turned, n)
    slow, fast = model(inputs), fast_forward(twin)(inputs)
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=1e-5)
    functional.cross_entropy(slow, truth).backward()
    functional.cross_entropy(fast, truth).backward()
    for (name, one), (_, other) in zip(model.named_parameters(), twin.named_parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, atol=1e-4, rtol=1e-4, msg=lambda m, name=name: f"{name}: {m}")
    for (name, one), (_, other) in zip(model.named_buffers(), twin.named_buffers(), strict=True):
        torch.testing.assert_close(other, one, atol=1e-4, rtol=1e-4, msg=lambda m, name=name: f"{name}: {m}")
