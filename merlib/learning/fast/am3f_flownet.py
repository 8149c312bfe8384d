"""AM3F-FlowNet's training step: fast inception blocks, and the fusion of all three branches in one call.

The readable module is the reference.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from merlib.learning.fast.dropout import dropout
from merlib.learning.fast.inception import inception
from merlib.models.am3f_flownet import AM3FFlowNet, AM3FOutput, Fusion, Reweighting
from merlib.models.blocks.attention import SpatialAttention
from merlib.models.blocks.input_check import take_input


def forward(model: AM3FFlowNet, inputs: dict[str, Tensor]) -> AM3FOutput:
    """Return logits (N, classes) and features (N, 3 C, 7, 7) in training mode, with the parameters of `model`."""
    flow = take_input("am3f_flownet", inputs, "flow", (3, 28, 28)).permute(1, 2, 3, 0).contiguous()
    branches = list(model.branches.values())  # u, v, os
    lows = [inception(branch.low, one) for branch, one in zip(branches, flow.split(1), strict=True)]
    highs = [inception(branch.high, low) for branch, low in zip(branches, lows, strict=True)]
    features = _samples_first(highs)
    if branches[0].fusion is not None:
        features = _fuse([branch.fusion for branch in branches], _samples_first(lows), features)  # (N, 3, C, 7, 7)
    if model.reweighting is not None:
        features = _reweight(model.reweighting, features)
    features = features.flatten(1, 2)
    return AM3FOutput(model.classifier(dropout(features.flatten(1), model.dropout.p)), features)


def _samples_first(maps: list[Tensor]) -> Tensor:
    """Return the maps (C, H, W, N) of each branch as one tensor (N, branches, C, H, W)."""
    return torch.stack(maps).permute(4, 0, 1, 2, 3).contiguous()


def _fuse(fusions: list[Fusion], low: Tensor, high: Tensor) -> Tensor:
    """Apply every branch's own `Fusion` to low (N, branches, C, 2H, 2W) and high (N, branches, C', H, W) features."""
    low = functional.max_pool2d(low.flatten(1, 2), 2).unflatten(1, low.shape[1:3])
    if fusions[0].low_attention is not None:
        low = low + _attend([each.low_attention for each in fusions], low) * low
        high = _attend([each.high_attention for each in fusions], high) * high
    return torch.cat([low, high], 2)


def _attend(attentions: list[SpatialAttention], features: Tensor) -> Tensor:
    """Return the attention (N, branches, 1, H, W) of each branch's own `SpatialAttention`, by one grouped convolution.

    `features` are (N, branches, C, H, W).
    """
    described = torch.stack([features.mean(2), features.amax(2)], 2)  # (N, branches, 2, H, W)
    kernels = torch.cat([each.conv.weight for each in attentions])
    padding, groups = attentions[0].conv.padding, len(attentions)
    return functional.conv2d(described.flatten(1, 2), kernels, None, 1, padding, 1, groups).sigmoid().unsqueeze(2)


def _reweight(reweighting: Reweighting, features: Tensor) -> Tensor:
    """Apply `Reweighting`; its shared MLP reads all averages and maxima at once, as rows of a matrix."""
    pooled = torch.stack([features.mean((3, 4)), features.amax((3, 4))])  # (2, N, flows, C)
    attention = reweighting.attention
    hidden = functional.linear(pooled, attention.squeeze.weight.flatten(1)).relu()
    scores = functional.linear(hidden, attention.excite.weight.flatten(1)).sum(0)  # (N, flows, C)
    weights = (scores.sigmoid() if attention.sigmoid else scores).softmax(1)
    return features + features * weights[..., None, None]
