"""The inception block: four scales side by side, each with its own reach."""

from __future__ import annotations

import torch

from merlib.models.blocks.inception import Inception


def test_output_has_four_times_the_filters_at_half_the_size():
    assert Inception(3, 6)(torch.randn(2, 3, 28, 28)).shape == (2, 24, 14, 14)
    assert Inception(24, 12)(torch.randn(2, 24, 14, 14)).shape == (2, 48, 7, 7)


def test_its_parameters_are_those_of_the_convolutions_and_norms_it_names():
    i, f = 3, 6
    convolutions = 4 * (i * f + f) + (9 * f * f + f) + (25 * f * f + f)
    assert sum(p.numel() for p in Inception(i, f).parameters()) == convolutions + 6 * 2 * f


def test_each_scale_reaches_as_far_as_its_kernel_and_no_farther():
    block = Inception(1, 2).eval()
    for module in block.modules():  # no unit may be dead: positive weights on a positive map
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.constant_(module.weight, 0.1)
            torch.nn.init.zeros_(module.bias)
    flat = torch.ones(1, 1, 15, 15)
    touched = flat.clone()
    touched[0, 0, 7, 7] = 5
    with torch.no_grad():
        reach = {}
        for name in ("scale1", "scale3", "scale5", "pooled"):
            scale = getattr(block, name)
            rows = (scale(touched) - scale(flat)).abs().sum((0, 1, 3)).nonzero().flatten()
            reach[name] = rows.amax().item() - rows.amin().item() + 1
    assert reach == {"scale1": 1, "scale3": 3, "scale5": 5, "pooled": 3}


def test_the_four_scales_are_concatenated_in_order_and_pooled_by_the_maximum():
    block = Inception(1, 1).eval()
    x = torch.randn(1, 1, 4, 4)
    with torch.no_grad():
        whole = torch.cat([block.scale1(x), block.scale3(x), block.scale5(x), block.pooled(x)], 1)
        expected = whole.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))
        torch.testing.assert_close(block(x), expected)
