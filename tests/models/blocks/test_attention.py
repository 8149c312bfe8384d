"""CAM, SAM and CBAM, worked out by hand on tiny maps."""

from __future__ import annotations

from math import exp

import pytest
import torch

from merlib.models.am3f_flownet import Reweighting
from merlib.models.blocks.attention import CBAM, ChannelAttention, SpatialAttention


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def test_cam_by_hand_on_two_channels_of_two_pixels():
    cam = ChannelAttention(2, reduction=2)
    with torch.no_grad():
        cam.squeeze.weight[:] = torch.tensor([1.0, -1.0]).reshape(1, 2, 1, 1)
        cam.excite.weight[:] = torch.tensor([0.5, -0.25]).reshape(2, 1, 1, 1)
    features = torch.tensor([[[[1.0, 5.0]], [[2.0, 2.0]]]])  # means 3 and 2, maxima 5 and 2
    # hidden: relu(3 - 2) = 1 and relu(5 - 2) = 3, so the score is 4 * (.5, -.25)
    expected = [sigmoid(2.0), sigmoid(-1.0)]
    torch.testing.assert_close(cam(features).flatten(), torch.tensor(expected))
    cam.sigmoid = False
    torch.testing.assert_close(cam(features).flatten(), torch.tensor([2.0, -1.0]))


def test_cam_rectifies_each_descriptor_before_they_are_added():
    cam = ChannelAttention(1, sigmoid=False)
    with torch.no_grad():
        cam.squeeze.weight[:] = cam.excite.weight[:] = 1
    features = torch.tensor([[[[-6.0, 2.0]]]])  # mean -2, maximum 2: relu gives 0 and 2, not relu(0) = 0
    assert cam(features).item() == 2.0


def test_sam_by_hand_on_three_channels():
    sam = SpatialAttention(kernel_size=3)
    with torch.no_grad():
        sam.conv.weight.zero_()
        sam.conv.weight[0, 0, 1, 1] = 1.0  # the average, in place
        sam.conv.weight[0, 1, 1, 0] = 1.0  # the maximum, from the left neighbour
    features = torch.tensor([[[[1.0, 0.0]], [[2.0, 3.0]], [[6.0, -3.0]]]])  # averages 3, 0; maxima 6, 3
    torch.testing.assert_close(sam(features).flatten(), torch.tensor([sigmoid(3.0), sigmoid(0.0 + 6.0)]))


def test_cbam_attends_on_channels_first_and_the_positions_see_the_result():
    torch.manual_seed(0)
    cbam = CBAM(4, reduction=2, kernel_size=3)
    x = torch.randn(2, 4, 5, 5)
    weighted = x * cbam.channel(x)
    torch.testing.assert_close(cbam(x), weighted * cbam.spatial(weighted))
    other_order = x * cbam.spatial(x)
    assert not torch.allclose(cbam(x), other_order * cbam.channel(other_order))


@pytest.mark.parametrize(("channels", "reduction", "kernel"), [(48, 16, 3), (48, 16, 7), (512, 16, 7), (8, 16, 7)])
def test_cbam_has_exactly_the_parameters_of_its_formula(channels, reduction, kernel):
    count = sum(p.numel() for p in CBAM(channels, reduction, kernel).parameters())
    assert count == 2 * channels * max(1, channels // reduction) + 2 * kernel**2


def test_a_part_that_is_off_leaves_the_other_alone_and_has_no_parameters():
    x = torch.randn(2, 16, 5, 5)
    channel, spatial = CBAM(16, spatial=False), CBAM(16, channel=False)
    torch.testing.assert_close(channel(x), x * channel.channel(x))
    torch.testing.assert_close(spatial(x), x * spatial.spatial(x))
    torch.testing.assert_close(CBAM(16, channel=False, spatial=False)(x), x)
    assert sum(p.numel() for p in channel.parameters()) == 32
    assert sum(p.numel() for p in spatial.parameters()) == 98


def test_attention_across_flows_sums_to_one_and_adds_to_the_features():
    torch.manual_seed(0)
    block = Reweighting(16)
    features = torch.randn(2, 3, 16, 4, 4)
    weights = block.weights(features)
    torch.testing.assert_close(weights.sum(1), torch.ones(2, 16, 1, 1))
    torch.testing.assert_close(block(features), features * (1 + weights))
