"""Sine and cosine positions (Vaswani et al. 2017), UAMRN Sec. 4.3."""

from __future__ import annotations

import torch
from torch import Tensor


def sinusoidal_positions(length: int, width: int) -> Tensor:
    """Return PE (length, width): ``PE[p, 2d] = sin(p / 10000^(2d / width))``, ``PE[p, 2d + 1]`` the cosine.

    Parameters
    ----------
    length : int
        Positions, counted from zero.
    width : int
        Dimensions of the model; an odd width ends with a sine.
    """
    position = torch.arange(length, dtype=torch.float64)[:, None]
    rate = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    table = torch.empty(length, width)
    table[:, 0::2] = (position * rate).sin().float()
    table[:, 1::2] = (position * rate).cos().float()[:, : width // 2]
    return table
