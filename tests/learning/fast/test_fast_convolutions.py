"""All loops of a convolution give PyTorch's numbers, whatever the blocks and rows; each is used where it belongs."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from merlib.learning.fast import inception
from merlib.learning.fast.kernels import blocked, convolution


def slow(*shape):
    return pytest.param(*shape, marks=pytest.mark.slow)  # compiles loops that no network has


# outputs in blocks of 12, 8, 6, 4, 2 and 1, with and without a last one that overlaps; rows that blocks fill, that the
# last one shares, that are just long enough; maps worked on in parts of rows and of a row
@pytest.mark.long
@pytest.mark.parametrize(
    ("inputs", "outputs", "height", "width", "n"),
    [
        (2, 24, 3, 14, 32),
        slow(3, 16, 4, 14, 8),
        slow(6, 10, 5, 28, 11),
        slow(1, 4, 2, 16, 4),
        (5, 7, 3, 13, 5),
        (2, 3, 1, 7, 13),
        slow(2, 1, 7, 28, 11),
        (1, 2, 2, 28, 200),
    ],
)
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("loops", [blocked, convolution])
def test_a_convolution_is_pytorchs(loops, kernel, inputs, outputs, height, width, n):
    torch.manual_seed(0)
    x, offset = torch.randn(n, inputs, height, width), torch.randn(outputs)
    weight = torch.randn(inputs, outputs, kernel, kernel).transpose(0, 1)
    padded = apart(functional.pad(x, (2, 2, 2, 2)).permute(1, 2, 3, 0).flatten(1))
    around = torch.full((outputs + 2, height * width * n + 8), torch.nan)
    maps = around[1:-1, :-8]
    loops.convolve(padded.numpy(), weight.numpy(), offset.numpy(), maps.numpy(), height, width, n)
    expected = functional.conv2d(x.double(), weight.double(), offset.double(), padding=kernel // 2)
    torch.testing.assert_close(maps.double(), expected.permute(1, 2, 3, 0).flatten(1), atol=1e-5, rtol=1e-5)
    maps.fill_(torch.nan)
    assert around.isnan().all()  # nothing else was written


def apart(maps):
    # the same numbers in rows that do not touch
    return torch.cat([maps, torch.full((len(maps), 8), torch.nan)], 1)[:, :-8]


@pytest.mark.long
@pytest.mark.parametrize(
    ("inputs", "outputs", "count"), [(3, 18, 640), (24, 36, 75), (5, 7, 64), (12, 24, 1000), (1, 3, 129), (2, 1, 65)]
)
def test_a_pointwise_convolution_is_a_product(inputs, outputs, count):
    torch.manual_seed(0)
    maps, weight = apart(torch.randn(inputs, count)), torch.randn(outputs, inputs)
    around = torch.full((outputs + 2, count + 8), torch.nan)
    out = around[1:-1, :-8]
    blocked.pointwise(maps.numpy(), weight.numpy(), out.numpy())
    torch.testing.assert_close(out.double(), weight.double() @ maps.double(), atol=1e-5, rtol=1e-5)
    out.fill_(torch.nan)
    assert around.isnan().all()  # nothing else was written


@pytest.mark.long
def test_blocks_are_for_processors_and_rows_that_fill_them(monkeypatch):
    called, results = {}, {}
    for loops, name in [(blocked, "convolve"), (blocked, "pointwise"), (convolution, "convolve")]:
        own = getattr(loops, name)
        monkeypatch.setattr(loops, name, lambda *a, own=own, each=(loops, name): called[fits].append(each) or own(*a))
    torch.manual_seed(0)
    block, x = inception.Inception(2, 4).train(), torch.randn(2, 6, 8, 8, requires_grad=True)
    for fits in (True, False):
        called[fits] = []
        monkeypatch.setattr(blocked, "fits", lambda width, n, fits=fits: (width, n) == (8, 8) and fits)
        out = inception.inception(block, x)
        results[fits] = out.detach(), *torch.autograd.grad(out.square().sum(), x)
    products, convolutions = [(blocked, "pointwise")] * 2, [(blocked, "convolve")] * 2
    assert called[True] == [*products, *convolutions, *convolutions, *products]
    assert called[False] == [(convolution, "convolve")] * 4
    for blocks, loops in zip(results[True], results[False], strict=True):
        torch.testing.assert_close(blocks, loops, atol=1e-5, rtol=1e-5)


def test_rows_shorter_than_a_block_do_not_fit(monkeypatch):
    monkeypatch.setattr(blocked, "_WIDE", True)
    assert blocked.fits(8, 8)
    assert not blocked.fits(7, 9)
    monkeypatch.setattr(blocked, "_WIDE", False)
    assert not blocked.fits(28, 128)
