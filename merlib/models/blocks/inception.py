"""The small inception block on optical flow (Dual-Inception's, reused by AM3F-FlowNet and Dual-ATME).

Sources: AM3F-FlowNet Sec. 3.2.1 and Fig. 2; Dual-ATME Sec. 3.2.2 and Fig. 4.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Inception(nn.Module):
    """Four parallel scales, concatenated, then 2x2 max pooling.

    The scales: 1x1; 1x1 then 3x3; 1x1 then 5x5; 3x3 max pooling then 1x1. Each yields `filters` channels.
    Batch norm after each convolution is our choice where the papers are silent (AM3F-A17); without it a
    network of this depth trains slowly at the published learning rate of 1e-4.

    Parameters
    ----------
    in_channels : int
        Channels of the input (N, in_channels, H, W).
    filters : int
        Filters per scale; the output is (N, 4 * filters, H // 2, W // 2).
    """

    def __init__(self, in_channels: int, filters: int):
        super().__init__()
        self.out_channels = 4 * filters
        self.scale1 = _conv(in_channels, filters, 1)
        self.scale3 = nn.Sequential(_conv(in_channels, filters, 1), _conv(filters, filters, 3))
        self.scale5 = nn.Sequential(_conv(in_channels, filters, 1), _conv(filters, filters, 5))
        self.pooled = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), _conv(in_channels, filters, 1))
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the pooled features (N, 4 * filters, H // 2, W // 2) of `x` (N, in_channels, H, W)."""
        scales = [self.scale1(x), self.scale3(x), self.scale5(x), self.pooled(x)]
        return self.pool(torch.cat(scales, 1))
