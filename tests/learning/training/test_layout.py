"""Maps lie channels-last while a network trains, but for networks that PyTorch would train past the end of a buffer."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from merlib.learning.training.layout import layout_of, place, place_model
from merlib.models import build_model


def test_filters_of_maps_lie_channels_last_and_those_of_clips_as_they_are():
    both = torch.nn.ModuleList([torch.nn.Conv2d(3, 4, 3), torch.nn.Conv3d(3, 4, 3)])
    before = [p.clone() for p in both.parameters()]
    maps, clips = place_model(both, "cpu")
    assert maps.weight.is_contiguous(memory_format=torch.channels_last)
    assert clips.weight.is_contiguous()
    assert all(torch.equal(a, b) for a, b in zip(before, both.parameters(), strict=True))


@pytest.mark.parametrize(
    ("convolution", "layout"),
    [
        (nn.Conv2d(8, 4, 1, stride=2), torch.contiguous_format),
        (nn.Conv2d(32, 4, 1, stride=2, groups=4), torch.contiguous_format),  # each group reads 8 channels
        (nn.Conv2d(16, 4, 1, stride=2), torch.channels_last),
        (nn.Conv2d(8, 4, 1), torch.channels_last),
        (nn.Conv2d(8, 4, 3, stride=2), torch.channels_last),
    ],
)
def test_strided_1x1_filters_of_few_channels_are_not_trained_channels_last(convolution, layout):
    model = nn.Sequential(nn.Conv2d(3, 8, 3), convolution)
    assert layout_of(model, "cpu") is layout
    assert layout_of(model, "cuda") is torch.channels_last
    assert place_model(model, "cpu")[0].weight.is_contiguous(memory_format=layout)
    assert place(torch.zeros(2, 3, 8, 8), "cpu", layout).is_contiguous(memory_format=layout)


@pytest.mark.parametrize(("width", "layout"), [(8, torch.contiguous_format), (64, torch.channels_last)])
def test_astnet_of_full_width_lies_channels_last_and_the_narrow_one_of_short_profiles_does_not(width, layout):
    assert layout_of(build_model("astnet", classes=3, width=width), "cpu") is layout


def test_a_network_may_ask_for_the_usual_layout():
    model = nn.Sequential(nn.Conv2d(3, 8, 3))
    model.channels_last = False
    assert layout_of(model, "cpu") is torch.contiguous_format
