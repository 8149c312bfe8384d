"""The classifier's linear layer gives PyTorch's numbers by either library, and a processor always takes the same."""

from __future__ import annotations

import pytest
import torch

from merlib.learning.fast import linear as fast

BOTH = [
    fast.Linear,
    pytest.param(
        fast.LinearByOneDNN,
        marks=pytest.mark.skipif(fast._by_onednn is None, reason="this build of PyTorch has no oneDNN"),
    ),
]


@pytest.mark.parametrize("function", BOTH)
@pytest.mark.parametrize(("clips", "inputs", "outputs"), [(128, 4704, 64), (7, 33, 5), (1, 48, 3)])
def test_logits_and_gradients_are_pytorch_s(function, clips, inputs, outputs):
    torch.manual_seed(0)
    x = torch.randn(clips, inputs, requires_grad=True)
    layer = torch.nn.Linear(inputs, outputs)
    upstream = torch.randn(clips, outputs)
    expected = layer(x)
    wanted = torch.autograd.grad(expected, (x, layer.weight, layer.bias), upstream)
    found = function.apply(x, layer.weight, layer.bias)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    for ours, theirs in zip(torch.autograd.grad(found, (x, layer.weight, layer.bias), upstream), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("function", BOTH)
def test_the_same_product_has_the_same_bits(function):
    torch.manual_seed(0)
    x, layer = torch.randn(128, 4704), torch.nn.Linear(4704, 64)
    first, second = (function.apply(x, layer.weight, layer.bias) for _ in range(2))
    assert torch.equal(first, second)


def test_a_layer_goes_to_the_library_chosen_for_the_processor(monkeypatch):
    seen = []
    for name in ("Linear", "LinearByOneDNN"):
        monkeypatch.setattr(getattr(fast, name), "apply", lambda *given, name=name: seen.append(name))
    for chosen in (False, True):
        monkeypatch.setattr(fast, "BY_ONEDNN", chosen)
        fast.linear(torch.nn.Linear(3, 2), torch.zeros(1, 3))
    assert seen == ["Linear", "LinearByOneDNN"]
