"""STSTNet (Liong et al., FG 2019), the shallow triple-stream peer, as its authors' PyTorch script has it.

Input ``flow`` (N, 3, 28, 28). Three streams of one 3x3 convolution each (3, 5, 8 filters, padding 2)::

    convolution, ReLU, batch norm     (N, f, 30, 30)
    3x3 max pool, stride 3, padding 1 (N, f, 10, 10)   then dropout .5
    concatenate 3 + 5 + 8             (N, 16, 10, 10)
    2x2 average pool                  (N, 16, 5, 5)
    linear 400 -> classes

The published script reads maps with OpenCV, so its channels are B, G, R = strain, v, u; `channel_order`
keeps that order, which matters when published weights are loaded by layer order.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import unknown_name
from merlib.models.blocks.input_check import take_input

FILTERS = (3, 5, 8)
CHANNEL_ORDERS = ("bgr", "rgb")


class STSTNet(nn.Module):
    """Shallow triple-stream network.

    Parameters
    ----------
    classes : int
        Number of classes.
    dropout : float
        Dropout after each stream's pooling.
    channel_order : {'bgr', 'rgb'}
        ``bgr`` reads strain, v, u as the published script does; ``rgb`` reads u, v, strain.

    Raises
    ------
    MerlibError
        When the channel order is unknown, or the input is missing or is not (N, 3, 28, 28).
    """

    input_name = "flow"

    def __init__(self, classes: int = 3, dropout: float = 0.5, channel_order: str = "bgr"):
        super().__init__()
        if channel_order not in CHANNEL_ORDERS:
            raise unknown_name("channel order of ststnet", channel_order, CHANNEL_ORDERS)
        self.convolutions = nn.ModuleList(nn.Conv2d(3, filters, 3, padding=2) for filters in FILTERS)
        self.norms = nn.ModuleList(nn.BatchNorm2d(filters) for filters in FILTERS)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(sum(FILTERS) * 5 * 5, classes)
        self.channel_order = channel_order

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return logits (N, classes)."""
        x = take_input("ststnet", inputs, "flow", (3, 28, 28))
        if self.channel_order == "bgr":
            x = x.flip(1)  # strain, v, u
        streams = []
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            stream = norm(convolution(x).relu())  # (N, f, 30, 30)
            streams.append(self.dropout(functional.max_pool2d(stream, 3, stride=3, padding=1)))
        features = functional.avg_pool2d(torch.cat(streams, 1), 2)  # (N, 16, 5, 5)
        return self.classifier(features.flatten(1))
