"""Pre-activation residual unit and residual attention module (Wang et al. 2017), LARNet Sec. 3.1-3.3 and Table 2."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


def mixed_attention(scores: Tensor) -> Tensor:
    """Return Eq. 4: the sigmoid of every score (N, C, H, W), in 0..1."""
    return scores.sigmoid()


def channel_attention(scores: Tensor) -> Tensor:
    """Return Eq. 5: scores (N, C, H, W) divided by the length of the channel vector at each position, in -1..1."""
    return functional.normalize(scores, dim=1, eps=1e-6)


def spatial_attention(scores: Tensor) -> Tensor:
    """Return Eq. 6: each channel of (N, C, H, W) standardised over its positions, then a sigmoid."""
    deviation, mean = torch.std_mean(scores, (2, 3), correction=0, keepdim=True)
    return ((scores - mean) / deviation.clamp_min(1e-6)).sigmoid()


ATTENTION_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mixed": mixed_attention,
    "channel": channel_attention,
    "spatial": spatial_attention,
}


def residual_attention(mask: Tensor, trunk: Tensor) -> Tensor:
    """Return Eq. 3, ``(1 + M) F``: the trunk itself where the mask is zero."""
    return (1.0 + mask) * trunk


def naive_attention(mask: Tensor, trunk: Tensor) -> Tensor:
    """Return Eq. 1, ``M T``, with which the paper compares residual attention."""
    return mask * trunk


def _norm_relu(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class ResidualUnit(nn.Module):
    """Bottleneck ``x + F(x)``, batch norm and ReLU before each of the 1x1, 3x3 and 1x1 convolutions.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after; the bottleneck has a quarter of `out_channels` (Table 2: 64, 64, 256).
    stride : int
        Stride of the 3x3 convolution; where the shape changes, the shortcut is a 1x1 convolution of the active input.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1):
        super().__init__()
        narrow = max(1, out_channels // 4)
        self.activate = _norm_relu(in_channels)
        self.residual = nn.Sequential(
            nn.Conv2d(in_channels, narrow, 1, bias=False),
            _norm_relu(narrow),
            nn.Conv2d(narrow, narrow, 3, stride, padding=1, bias=False),
            _norm_relu(narrow),
            nn.Conv2d(narrow, out_channels, 1, bias=False),
        )
        changes = stride != 1 or in_channels != out_channels
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels, H / stride, W / stride) from (N, in_channels, H, W)."""
        active = self.activate(x)
        return self.residual(active) + (x if self.shortcut is None else self.shortcut(active))


class MaskBranch(nn.Module):
    """Soft mask: pool `depth` times, enlarge again with skip connections, then two 1x1 convolutions and an activation.

    Each step down, each skip connection and each step up has one residual unit (r = 1): ``3 depth - 1`` units in all.

    Parameters
    ----------
    channels : int
        Channels of the input and of the mask.
    depth : int
        Encoder depth: how often the map is halved.
    attention : {'mixed', 'channel', 'spatial'}
        Eq. 4, 5 or 6.
    """

    def __init__(self, channels: int, depth: int, attention: str = "mixed"):
        super().__init__()
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.down = nn.ModuleList(ResidualUnit(channels, channels) for _ in range(depth))
        self.skip = nn.ModuleList(ResidualUnit(channels, channels) for _ in range(depth - 1))
        self.up = nn.ModuleList(ResidualUnit(channels, channels) for _ in range(depth))
        self.score = nn.Sequential(
            _norm_relu(channels),
            nn.Conv2d(channels, channels, 1, bias=False),
            _norm_relu(channels),
            nn.Conv2d(channels, channels, 1, bias=False),
        )
        self.function = ATTENTION_FUNCTIONS[attention]

    def forward(self, x: Tensor) -> Tensor:
        """Return the mask M (N, C, H, W) of `x` (N, C, H, W)."""
        sizes, skips = [], []
        for level, down in enumerate(self.down):
            if level:
                skips.append(self.skip[level - 1](x))
            sizes.append(x.shape[-2:])
            x = down(self.pool(x))
        for level, up in enumerate(self.up):
            x = functional.interpolate(up(x), size=sizes.pop(), mode="bilinear", align_corners=False)
            if level < len(self.skip):
                x = x + skips.pop()
        return self.function(self.score(x))


class AttentionModule(nn.Module):
    """One unit, then the trunk (two units) and the mask in parallel, joined, then one unit: p = 1, t = 2, r = 1.

    Parameters
    ----------
    channels : int
        C, channels of input and output.
    depth : int
        Encoder depth of the mask: 3, 2, 1 from the first stage to the third.
    attention : {'mixed', 'channel', 'spatial'}
        Activation of the mask (Sec. 3.3).
    naive : bool
        Join by Eq. 1 instead of Eq. 3.
    """

    def __init__(self, channels: int, depth: int, attention: str = "mixed", naive: bool = False):
        super().__init__()
        self.first = ResidualUnit(channels, channels)
        self.trunk = nn.Sequential(ResidualUnit(channels, channels), ResidualUnit(channels, channels))
        self.mask = MaskBranch(channels, depth, attention)
        self.last = ResidualUnit(channels, channels)
        self.join = naive_attention if naive else residual_attention

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, H, W) from `x` (N, C, H, W)."""
        x = self.first(x)
        return self.last(self.join(self.mask(x), self.trunk(x)))
