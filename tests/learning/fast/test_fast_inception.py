"""The fast inception block is the readable one's: values, gradients, running statistics, ties, upside-down channels."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from merlib.errors import MerlibError
from merlib.learning.fast.inception import inception
from merlib.models.blocks.inception import Inception


def blocks(inputs, filters):
    torch.manual_seed(0)
    block = Inception(inputs, filters).train()
    for layer in block.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight)  # about half negative: the maximum is then the minimum before batch norm
            nn.init.normal_(layer.bias)
    with torch.no_grad():
        block.scale1[1].weight[0] = 0.0  # a flat channel, whose four values tie
    return copy.deepcopy(block).double(), block


# AM3F's two blocks, Dual-ATME's, an odd number of filters; batches below, at and beyond a vector of 16, and one whose
# rows are worked on in three parts
@pytest.mark.long
@pytest.mark.parametrize(
    ("inputs", "filters", "side", "n"),
    [(1, 6, 28, 8), (24, 16, 14, 8), (3, 6, 28, 33), (24, 12, 14, 16), (2, 3, 6, 3), (3, 6, 28, 200)],
)
def test_it_is_the_readable_block_in_double_precision(inputs, filters, side, n):
    readable, block = blocks(inputs, filters)
    x = torch.randn(n, inputs, side, side).relu()  # zeros tie in both poolings
    g = torch.randn(n, 4 * filters, side // 2, side // 2) / (n * side)  # as large as a mean loss's
    one, other = x.double().requires_grad_(), x.permute(1, 2, 3, 0).contiguous().requires_grad_()
    expected, found = readable(one), inception(block, other)
    torch.testing.assert_close(found.permute(3, 0, 1, 2).double(), expected, atol=1e-5, rtol=1e-5)
    expected.backward(g.double())
    found.backward(g.permute(1, 2, 3, 0))
    torch.testing.assert_close(other.grad.permute(3, 0, 1, 2).double(), one.grad, atol=1e-4, rtol=1e-4)
    parameters = dict(block.named_parameters())
    for name, parameter in readable.named_parameters():
        if name.endswith(".0.bias"):  # an offset before batch norm moves nothing; PyTorch's gradient is rounding
            assert parameter.grad.abs().max() < 1e-12
            assert not parameters[name].grad.any()  # zero, not none: weight decay acts on what has a gradient
            continue
        torch.testing.assert_close(parameters[name].grad.double(), parameter.grad, atol=1e-4, rtol=1e-4, msg=name)
    for (name, expected), (_, found) in zip(readable.named_buffers(), block.named_buffers(), strict=True):
        torch.testing.assert_close(found.to(expected), expected, atol=1e-5, rtol=1e-5, msg=name)


def test_the_first_of_equal_neighbours_counts_as_in_pytorch():
    from merlib.learning.fast.kernels.pooling import pool_neighbours, unpool_neighbours

    torch.manual_seed(0)
    x = torch.randint(0, 3, (5, 4, 6, 7)).float().requires_grad_()  # N, C, H, W; few values, many ties
    g = torch.randn(5, 4, 6, 7)
    expected = nn.functional.max_pool2d(x, 3, stride=1, padding=1)
    expected.backward(g)
    maps = x.detach().permute(1, 2, 3, 0).contiguous().flatten(1)
    pooled, places, back = torch.empty_like(maps), torch.empty(maps.shape, dtype=torch.int8), torch.zeros_like(maps)
    pool_neighbours(maps.numpy(), pooled.numpy(), places.numpy(), 6, 7, 5)
    unpool_neighbours(g.permute(1, 2, 3, 0).flatten(1).numpy(), places.numpy(), back.numpy(), 6, 7, 5)
    torch.testing.assert_close(pooled, expected.detach().permute(1, 2, 3, 0).flatten(1), rtol=0, atol=0)
    torch.testing.assert_close(back, x.grad.permute(1, 2, 3, 0).flatten(1))


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_not_a_number_is_the_largest_neighbour_as_in_pytorch(share):
    from merlib.learning.fast.kernels.pooling import pool_neighbours

    torch.manual_seed(0)
    x = torch.randn(5, 4, 6, 7)
    x[torch.rand(x.shape) < share] = torch.nan
    expected, indices = nn.functional.max_pool2d(x, 3, stride=1, padding=1, return_indices=True)
    maps = x.permute(1, 2, 3, 0).contiguous().flatten(1)
    pooled, places = torch.empty_like(maps), torch.empty(maps.shape, dtype=torch.int8)
    pool_neighbours(maps.numpy(), pooled.numpy(), places.numpy(), 6, 7, 5)
    torch.testing.assert_close(pooled, expected.permute(1, 2, 3, 0).flatten(1), equal_nan=True, rtol=0, atol=0)
    places = places.view(4, 6, 7, 5).permute(3, 0, 1, 2).long()
    down, right = places // 3 - 1, places % 3 - 1
    assert torch.equal(indices, torch.arange(42).view(6, 7) + 7 * down + right)


def test_a_diverged_training_is_seen():
    _, block = blocks(2, 4)
    x = torch.randn(2, 8, 8, 5)
    x[0, 3, 3, 0] = torch.nan
    assert inception(block, x).isnan().any()


def test_a_part_of_the_inputs_may_need_no_gradient():
    _, block = blocks(1, 6)
    inception(block, torch.randn(1, 28, 28, 4)).sum().backward()
    assert all(p.grad is not None for p in block.parameters())


def test_odd_sides_are_refused():
    _, block = blocks(1, 6)
    with pytest.raises(MerlibError, match="28 x 27"):
        inception(block, torch.randn(1, 28, 27, 4))


@pytest.mark.parametrize("moment", ["norms.moments", "windows.rectify_moments"])
def test_a_large_mean_costs_no_digits(moment):
    module, _, name = moment.partition(".")
    values = torch.arange(5000.0) % 7 / 100 + 200  # variance 4e-4 around 200.03; their squares leave no such digit
    module = __import__(f"merlib.learning.fast.kernels.{module}", fromlist=[name])
    mean, variance = getattr(module, name)(values.numpy())
    assert mean == pytest.approx(values.double().mean().item(), abs=1e-6)
    assert variance == pytest.approx(values.double().var(correction=0).item(), rel=1e-4)
    outlier = torch.zeros(230_400)  # a nearly dead channel
    outlier[0] = 255.3
    mean, variance = getattr(module, name)(outlier.numpy())
    assert mean == pytest.approx(outlier.double().mean().item(), rel=1e-3)
    assert variance == pytest.approx(outlier.double().var(correction=0).item(), rel=1e-2)
