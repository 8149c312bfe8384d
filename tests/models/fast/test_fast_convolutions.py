"""Both loops of a convolution give PyTorch's numbers, whatever the blocks and rows; each is used where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from merlib.models.fast import inception
from merlib.models.fast.kernels import blocked, convolution


# outputs in blocks of 12, 8, 6, 4, 2 and 1; rows that blocks fill, that the last one shares, that are just long enough
@pytest.mark.parametrize(
    ("inputs", "outputs", "height", "width", "n"),
    [(2, 24, 3, 14, 32), (3, 16, 4, 14, 8), (6, 6, 5, 28, 11), (1, 4, 2, 16, 4), (5, 10, 3, 13, 5), (2, 5, 1, 7, 13)],
)
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("loops", [blocked, convolution])
def test_a_convolution_is_pytorchs(loops, kernel, inputs, outputs, height, width, n):
    torch.manual_seed(0)
    x, weight, offset = (
        torch.randn(n, inputs, height, width),
        torch.randn(outputs, inputs, kernel, kernel),
        torch.randn(outputs),
    )
    padded = functional.pad(x, (2, 2, 2, 2)).permute(1, 2, 3, 0).flatten(1).contiguous()
    around = torch.full((outputs + 2, height * width * n), torch.nan)  # a write outside is seen
    maps = around[1:-1]
    loops.convolve(*(each.numpy() for each in (padded, weight, offset, maps)), height, width, n)
    expected = functional.conv2d(x.double(), weight.double(), offset.double(), padding=kernel // 2)
    torch.testing.assert_close(maps.double(), expected.permute(1, 2, 3, 0).flatten(1), atol=1e-5, rtol=1e-5)
    assert around[0].isnan().all()
    assert around[-1].isnan().all()


@pytest.mark.parametrize(("fits", "used", "unused"), [(True, blocked, convolution), (False, convolution, blocked)])
def test_blocks_are_for_processors_and_rows_that_fill_them(monkeypatch, fits, used, unused):
    called = []
    monkeypatch.setattr(blocked, "fits", lambda width, n: called.append((width, n)) or fits)
    monkeypatch.setattr(used, "convolve", lambda *arguments: called.append(used))
    monkeypatch.setattr(unused, "convolve", None)
    block = inception.Inception(2, 4).train()
    x = torch.randn(2, 6, 8, 5)
    inception.inception(block, x)
    assert called == [(8, 5), used, used]


def test_rows_shorter_than_a_block_do_not_fit(monkeypatch):
    monkeypatch.setattr(blocked, "_WIDE", True)
    assert blocked.fits(8, 8)
    assert not blocked.fits(7, 9)
    monkeypatch.setattr(blocked, "_WIDE", False)
    assert not blocked.fits(28, 128)


def test_offsets_alone_fill_the_maps():
    maps = np.zeros((2, 64 * 3), np.float32)
    padded, weight = np.zeros((1, 7 * 12 * 8), np.float32), np.ones((2, 1, 3, 3), np.float32)
    blocked.convolve(padded, weight, np.array([1, 2], np.float32), maps, 3, 8, 8)
    assert (maps == [[1], [2]]).all()
