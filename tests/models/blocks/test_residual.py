"""Residual attention by hand: the three activations, the joining of mask and trunk, the depth of the mask."""

from __future__ import annotations

from math import exp

import pytest
import torch

from merlib.models.blocks.residual import (
    AttentionModule,
    MaskBranch,
    ResidualUnit,
    channel_attention,
    mixed_attention,
    naive_attention,
    residual_attention,
    spatial_attention,
)


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


SCORES = torch.tensor([[[[3.0, 0.0]], [[4.0, -2.0]]]])  # one row, two channels, two positions


def test_mixed_attention_is_the_sigmoid_of_each_score():
    expected = torch.tensor([[[[sigmoid(3), 0.5]], [[sigmoid(4), sigmoid(-2)]]]])
    torch.testing.assert_close(mixed_attention(SCORES), expected)


def test_channel_attention_divides_by_the_length_of_the_channel_vector():
    expected = torch.tensor([[[[0.6, 0.0]], [[0.8, -1.0]]]])  # lengths 5 and 2
    torch.testing.assert_close(channel_attention(SCORES), expected)


def test_spatial_attention_standardises_each_channel_over_its_positions():
    # channel one: mean 1.5, deviation 1.5; channel two: mean 1, deviation 3; both become 1 and -1
    expected = torch.tensor([sigmoid(1), sigmoid(-1)]).expand(1, 2, 1, 2)
    torch.testing.assert_close(spatial_attention(SCORES), expected)
    assert spatial_attention(torch.full((1, 1, 3, 3), 7.0)).eq(0.5).all()


def test_where_the_mask_is_zero_the_trunk_passes_unchanged_and_naive_attention_loses_it():
    trunk, mask = torch.randn(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)
    assert torch.equal(residual_attention(mask, trunk), trunk)
    assert not naive_attention(mask, trunk).any()
    torch.testing.assert_close(residual_attention(mask + 0.5, trunk), 1.5 * trunk)


def test_a_module_with_a_silenced_mask_is_its_trunk():
    torch.manual_seed(0)
    module = AttentionModule(8, depth=2, attention="channel").eval()  # zero scores give a zero mask
    torch.nn.init.zeros_(module.mask.score[-1].weight)
    x = torch.randn(2, 8, 8, 8)
    torch.testing.assert_close(module(x), module.last(module.trunk(module.first(x))))


def test_a_unit_without_residual_is_the_identity_or_its_shortcut():
    same, wider = ResidualUnit(8, 8).eval(), ResidualUnit(8, 16, stride=2).eval()
    for unit in (same, wider):
        torch.nn.init.zeros_(unit.residual[-1].weight)
    x = torch.randn(2, 8, 6, 6)
    assert torch.equal(same(x), x)
    torch.testing.assert_close(wider(x), wider.shortcut(wider.activate(x)))
    assert wider(x).shape == (2, 16, 3, 3)


def test_a_unit_has_the_parameters_of_a_quarter_wide_bottleneck():
    count = sum(p.numel() for p in ResidualUnit(64, 256).parameters())
    convolutions = 64 * 64 + 9 * 64 * 64 + 64 * 256 + 64 * 256
    assert count == convolutions + 2 * (64 + 64 + 64)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_mask_goes_down_as_deep_as_it_says_and_comes_back(depth):
    mask = MaskBranch(4, depth).eval()
    sizes = []
    for unit in mask.down:
        unit.register_forward_hook(lambda _m, _i, out: sizes.append(out.shape[-1]))
    x = torch.randn(2, 4, 56, 56)
    out = mask(x)
    assert sizes == [28, 14, 7][:depth]
    assert out.shape == x.shape
    assert 0 <= out.min() <= out.max() <= 1
    units = [m for m in mask.modules() if isinstance(m, ResidualUnit)]
    assert len(units) == 3 * depth - 1


def test_a_mask_of_depth_one_pools_by_the_maximum_and_comes_back_by_bilinear_interpolation():
    mask = MaskBranch(1, 1).eval()
    for unit in (mask.down[0], mask.up[0]):
        torch.nn.init.zeros_(unit.residual[-1].weight)  # a unit is then the identity
    mask.score, mask.function = torch.nn.Identity(), torch.nn.Identity()
    x = torch.zeros(1, 1, 1, 4)
    x[0, 0, 0, 3] = 4.0  # maxima over the neighbours of columns 0 and 2: 0 and 4
    torch.testing.assert_close(mask(x).flatten(), torch.tensor([0.0, 1.0, 3.0, 4.0]))


def test_each_skip_meets_the_map_of_its_own_size_and_changes_the_mask():
    torch.manual_seed(0)
    mask = MaskBranch(4, 3).eval()
    x = torch.randn(1, 4, 16, 16)
    before = mask(x)
    for skip in mask.skip:
        saved = skip.residual[-1].weight.clone()
        with torch.no_grad():
            skip.residual[-1].weight += 1
        assert not torch.allclose(mask(x), before)
        with torch.no_grad():
            skip.residual[-1].weight[:] = saved
    torch.testing.assert_close(mask(x), before)
