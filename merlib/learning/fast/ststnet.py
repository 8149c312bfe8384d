"""STSTNet's training step, which computes its three streams in one call; the readable module stays the reference."""

from __future__ import annotations

from torch import Tensor

from merlib.learning.fast.conv_relu_norm_pool import conv_relu_norm_pool
from merlib.learning.fast.dropout import dropout
from merlib.models.baselines.ststnet import STSTNet
from merlib.models.blocks.input_check import take_input


def forward(model: STSTNet, inputs: dict[str, Tensor]) -> Tensor:
    """Return logits (N, classes) in training mode; parameters and running statistics are those of `model`."""
    x = take_input("ststnet", inputs, "flow", (3, 28, 28))
    order = [2, 1, 0] if model.channel_order == "bgr" else [0, 1, 2]
    pooled = conv_relu_norm_pool(x, list(model.convolutions), list(model.norms), order)  # (16, 10, 10, N)
    up, down = dropout(pooled, model.dropout.p).unflatten(1, (5, 2)).unbind(2)
    left, right = (up + down).unflatten(2, (5, 2)).unbind(3)  # slices, whose mean is the 2 x 2 average pooling
    return model.classifier((0.25 * (left + right)).flatten(0, 2).t())
