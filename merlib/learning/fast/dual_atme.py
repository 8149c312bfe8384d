"""Dual-ATME's training step: fast inception blocks, and a fast first layer and dropout of its classifier.

The readable module is the reference.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from merlib.learning.fast.dropout import dropout
from merlib.learning.fast.inception import inception
from merlib.learning.fast.linear import linear
from merlib.models.blocks.input_check import take_input
from merlib.models.dual_atme import DualATME, DualATMEOutput


def forward(model: DualATME, inputs: Mapping[str, Tensor]) -> DualATMEOutput:
    """Return logits (N, classes) and both branches' features in training mode, with the parameters of `model`."""
    features = {}
    for name, (low, high) in model.inceptions.items():
        x = take_input(model.name, inputs, name, (3, 28, 28)).permute(1, 2, 3, 0).contiguous()
        x = inception(high, inception(low, x)).permute(3, 0, 1, 2).contiguous()  # (N, 48, 7, 7)
        features[name] = model.attention[name](x) if name in model.attention else x
    fused = torch.cat([*features.values()], 1)  # (N, 96, 7, 7)
    wide, norm, relu, drop, last = model.classifier
    hidden = dropout(relu(norm(linear(wide, fused.flatten(1)))), drop.p)
    return DualATMEOutput(last(hidden), features.get("flow"), features.get("puzzle"))
