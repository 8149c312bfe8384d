"""AM3F-FlowNet (Fu et al., Entropy 2023, 25, 1064): three flow branches, two attentions, one classifier.

Input ``flow`` (N, 3, 28, 28), channels u, v, optical strain, each read by a branch of its own (Sec. 4.3)::

    u, v, os        (N, 1, 28, 28) each
    inception 6     (N, 24, 14, 14)      Sec. 3.2.1, Fig. 2
    inception 16    (N, 64,  7,  7)
    MSFF            (N, 88,  7,  7)      Sec. 3.2.2, Fig. 3   low (24) and high (64) features
    MOFRW           (N, 264, 7,  7)      Sec. 3.2.3, Fig. 4, Eq. 2   three branches
    classifier      (N, classes)

Decisions where the paper is silent or wrong:

AM3F-A14  Eq. 1 gives a 2x2 tensor, but the network reads one channel. We hand over the tensor's magnitude (CROSS-X3),
     which is computed before the maps reach this network.
AM3F-A15  The prior of LASCE adjusts logits in training only; inference uses raw logits (see `learning.losses`).
AM3F-A16  Sign of u under a flip, jitter and normalisation belong to the recipe (see `learning.recipes`).
AM3F-A17  6 and 16 filters per scale as printed; batch norm inside the block, 2x2 max pooling after it.
AM3F-A18  Table 4's rows are options: `multi_scale`, `msff`, `mofrw`. Without `multi_scale` only the high
     features remain, so there is nothing to fuse and MSFF is off too.
AM3F-A19  The paper gives neither the seeds nor the choice of the epoch. Both belong to the protocol, which names its
     seeds and takes the last epoch.
MSFF  The paper says that "the features are subjected to a summing operation with the enhanced features". We read this
     as ``low + SAM(low) * low`` for the low features and ``SAM(high) * high`` for the high ones.
MOFRW  Eq. 2 writes one CAM for all three flows, so its weights are shared; CAM keeps its sigmoid.
SIZES  The kernel of SAM (7 x 7) and the reduction of CAM (16) are not printed: both are CBAM's own and our choice.
CROP  The paper crops SAMM alone, since CASME II and SMIC come cropped, and resizes all faces to 170 x 140 (Sec. 3.1.1).
HEAD  The paper does not describe the classifier. Ours flattens the maps and applies dropout .5 and a single linear
     layer, because some 400 clips can train few parameters only.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.models.blocks.attention import ChannelAttention, SpatialAttention
from merlib.models.blocks.inception import Inception
from merlib.models.blocks.input_check import take_input

FLOWS = ("u", "v", "os")


class Fusion(nn.Module):
    """MSFF: join the low features (halved in size) and the high features of one branch.

    Parameters
    ----------
    attention : bool
        Whether SAM weights both levels; ``False`` is the row "without MSFF" of Table 4.
    """

    def __init__(self, attention: bool = True):
        super().__init__()
        self.low_attention = SpatialAttention() if attention else None
        self.high_attention = SpatialAttention() if attention else None

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """Return (N, C_low + C_high, H, W) from low (N, C_low, 2H, 2W) and high (N, C_high, H, W)."""
        low = functional.max_pool2d(low, 2)  # (N, 24, 7, 7)
        if self.low_attention is not None:
            low = low + self.low_attention(low) * low
            high = self.high_attention(high) * high
        return torch.cat([low, high], 1)  # (N, 88, 7, 7)


class Branch(nn.Module):
    """One flow's path: two inception blocks and, with `multi_scale`, the fusion of both levels."""

    def __init__(self, filters: tuple[int, int], multi_scale: bool, msff: bool):
        super().__init__()
        self.low = Inception(1, filters[0])
        self.high = Inception(self.low.out_channels, filters[1])
        self.fusion = Fusion(attention=msff) if multi_scale else None
        self.out_channels = self.high.out_channels + (self.low.out_channels if multi_scale else 0)

    def forward(self, flow: Tensor) -> Tensor:
        """Return (N, out_channels, 7, 7) from one flow (N, 1, 28, 28)."""
        low = self.low(flow)  # (N, 24, 14, 14)
        high = self.high(low)  # (N, 64, 7, 7)
        return high if self.fusion is None else self.fusion(low, high)


class Reweighting(nn.Module):
    """MOFRW, Eq. 2: channel attention that competes across the three flows.

    ``Z_i = CAM(F_i);  att_i = exp(Z_i) / sum_j exp(Z_j);  Out = F + Cat(F_i * att_i)``
    """

    def __init__(self, channels: int, flows: int = len(FLOWS), reduction: int = 16):
        super().__init__()
        self.flows = flows
        self.attention = ChannelAttention(channels, reduction)

    def weights(self, features: Tensor) -> Tensor:
        """Return att (N, flows, C, 1, 1) of `features` (N, flows, C, H, W); sums to one over the flows."""
        n, flows, c, h, w = features.shape
        scores = self.attention(features.reshape(n * flows, c, h, w))  # (N * flows, C, 1, 1)
        return scores.reshape(n, flows, c, 1, 1).softmax(1)

    def forward(self, features: Tensor) -> Tensor:
        """Return the reweighted features, same shape (N, flows, C, H, W)."""
        return features + features * self.weights(features)


class AM3FOutput(NamedTuple):
    """What the network returns: `logits` (N, classes) and `features` (N, 264, 7, 7) before the head."""

    logits: Tensor
    features: Tensor


class AM3FFlowNet(nn.Module):
    """AM3F-FlowNet and, through its options, the variants of Table 4.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    multi_scale : bool
        Use the low features beside the high ones.
    msff : bool
        Weight both levels by spatial attention (needs `multi_scale`).
    mofrw : bool
        Reweight the three flows (Eq. 2).
    filters : tuple of int
        Filters per scale in the first and second inception block.
    dropout : float
        Dropout before the classifier.

    Raises
    ------
    MerlibError
        When the input is missing or is not (N, 3, 28, 28).
    """

    input_name = "flow"

    def __init__(
        self,
        classes: int = 3,
        multi_scale: bool = True,
        msff: bool = True,
        mofrw: bool = True,
        filters: tuple[int, int] = (6, 16),
        dropout: float = 0.5,
    ):
        super().__init__()
        self.branches = nn.ModuleDict({name: Branch(tuple(filters), multi_scale, msff) for name in FLOWS})
        channels = self.branches["u"].out_channels
        self.reweighting = Reweighting(channels) if mofrw else None
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(len(FLOWS) * channels * 7 * 7, classes)

    def forward(self, inputs: dict[str, Tensor]) -> AM3FOutput:
        """Return logits (N, classes) and the last feature maps (N, 3 C, 7, 7)."""
        flow = take_input("am3f_flownet", inputs, "flow", (3, 28, 28))
        branches = zip(self.branches.values(), flow.split(1, dim=1), strict=True)  # u, v, os (N, 1, 28, 28)
        features = torch.stack([branch(one) for branch, one in branches], 1)  # (N, 3, 88, 7, 7)
        if self.reweighting is not None:
            features = self.reweighting(features)
        features = features.flatten(1, 2)  # (N, 264, 7, 7)
        return AM3FOutput(self.classifier(self.dropout(features.flatten(1))), features)
