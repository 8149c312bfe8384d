"""Dropout whose numbers are drawn several times as fast as PyTorch's own mask."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def dropout(values: Tensor, p: float) -> Tensor:
    """Set values to zero with probability `p` and divide the rest by ``1 - p``, as `torch.nn.Dropout` in training.

    PyTorch's generator, which was seeded for this fold, draws the seed of a numpy generator, which draws the numbers.
    """
    if not 0 < p < 1:
        return functional.dropout(values, p)
    seed = int(torch.randint(2**62, ()))
    numbers = np.random.Generator(np.random.SFC64(seed)).random(values.shape, dtype=np.float32)
    return values * torch.from_numpy(numbers).ge_(p).div_(1 - p)
