"""LARNet's layers are those that the forward pass computes; what counts as large and as empty is worked out by hand."""

from __future__ import annotations

import pytest
import torch

from merlib.explaining.hidden_layers import empty_share, heat, hidden_layers, mean_absolute_response
from merlib.models import build_model


def test_layers_are_those_of_the_pass_and_no_hook_stays():
    torch.manual_seed(0)
    model = build_model("larnet", width=2, image_size=32, stages=("attention56", "emoresnet")).train()
    frames = torch.rand(2, 3, 32, 32)
    layers = hidden_layers(model, {"frames": frames})
    assert list(layers) == [(stage, name) for stage in (1, 2) for name in ("level 1", "level 2", "level 3", "last")]
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())
    with torch.no_grad():
        torch.testing.assert_close(layers[2, "last"], model.eval()({"frames": frames}).features)


def test_response_and_empty_slots_by_hand():
    maps = torch.tensor([[[[2.0, -2.0]], [[0.0, 0.0]], [[0.01, 0.0]]]])  # three maps of 1 x 2
    assert mean_absolute_response({(1, "last"): maps}).tolist() == pytest.approx([4.01 / 6])
    assert empty_share({(1, "last"): maps}).to_numpy().tolist() == [pytest.approx([2 / 3])]
    assert empty_share({(1, "last"): maps}, below=0.004).to_numpy().tolist() == [pytest.approx([1 / 3])]
    assert empty_share({(1, "last"): torch.zeros(1, 2, 2, 2)}).to_numpy().tolist() == [[1.0]]


def test_heat_is_the_mean_over_channels_of_the_size_of_the_response():
    maps = torch.tensor([[[[1.0]], [[-3.0]]]])
    assert heat(maps, (2, 2)).tolist() == [[[2.0, 2.0], [2.0, 2.0]]]
