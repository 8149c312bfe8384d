"""Channel attention, spatial attention and CBAM (Woo et al. 2018), used by AM3F-FlowNet, Dual-ATME and ASTNet.

Sources: AM3F-FlowNet Sec. 3.2.2-3.2.3 (its reference [6]), Dual-ATME Sec. 3.3.2 (Eq. 6-8), ASTNet Sec. 3.3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ChannelAttention(nn.Module):
    """CAM: one weight per channel, from average- and max-pooled descriptors through one shared MLP.

    ``Z = sigmoid(W1 relu(W0 avg(F)) + W1 relu(W0 max(F)))``, W0: C -> C/r, W1: C/r -> C, no biases.

    Parameters
    ----------
    channels : int
        C, channels of the input (N, C, H, W).
    reduction : int
        r; at least one hidden unit is kept.
    sigmoid : bool
        Whether the score passes a sigmoid; ``False`` returns the raw score.
    """

    def __init__(self, channels: int, reduction: int = 16, sigmoid: bool = True):
        super().__init__()
        hidden = max(1, channels // reduction)
        self.squeeze = nn.Conv2d(channels, hidden, 1, bias=False)
        self.excite = nn.Conv2d(hidden, channels, 1, bias=False)
        self.sigmoid = sigmoid

    def forward(self, features: Tensor) -> Tensor:
        """Return the attention (N, C, 1, 1) of `features` (N, C, H, W)."""
        average = features.mean((2, 3), keepdim=True)  # (N, C, 1, 1)
        maximum = features.amax((2, 3), keepdim=True)  # (N, C, 1, 1)
        score = self.excite(self.squeeze(average).relu()) + self.excite(self.squeeze(maximum).relu())
        return score.sigmoid() if self.sigmoid else score


class SpatialAttention(nn.Module):
    """SAM: one weight per position, from the channels' average and maximum through one convolution.

    ``M = sigmoid(conv_k([avg_c(F); max_c(F)]))``, no bias.

    Parameters
    ----------
    kernel_size : int
        k, odd; 7 as in CBAM.
    """

    def __init__(self, kernel_size: int = 7):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return the attention (N, 1, H, W) of `features` (N, C, H, W)."""
        average = features.mean(1, keepdim=True)  # (N, 1, H, W)
        maximum = features.amax(1, keepdim=True)  # (N, 1, H, W)
        return self.conv(torch.cat([average, maximum], 1)).sigmoid()


class CBAM(nn.Module):
    """Channel attention, then spatial attention, each multiplied onto the features.

    With both parts it has ``2 C max(1, C // r) + 2 k^2`` parameters.

    Parameters
    ----------
    channels : int
        C of the input (N, C, H, W).
    reduction, kernel_size : int
        Passed on to the two parts.
    channel, spatial : bool
        Parts to use (the ablations of ASTNet Table 6 and Dual-ATME Table 1 switch them off).
    """

    def __init__(
        self,
        channels: int,
        reduction: int = 16,
        kernel_size: int = 7,
        channel: bool = True,
        spatial: bool = True,
    ):
        super().__init__()
        self.channel = ChannelAttention(channels, reduction) if channel else None
        self.spatial = SpatialAttention(kernel_size) if spatial else None

    def forward(self, features: Tensor) -> Tensor:
        """Return the reweighted features, same shape (N, C, H, W)."""
        if self.channel is not None:
            features = features * self.channel(features)
        if self.spatial is not None:
            features = features * self.spatial(features)
        return features
