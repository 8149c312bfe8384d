"""Dual-Inception (Zhou, Mao and Xue 2019): two streams of inception blocks, one for each component of the flow.

Input ``flow`` (N, 3, 28, 28), of which u and v are read; strain is left aside::

    u, v                     (N,  1, 28, 28) each, into a stream of its own
    inception 6, max pool    (N, 24, 14, 14)   1x1; 1x1 > 3x3; 1x1 > 5x5; 3x3 max pool > 1x1
    inception 16, max pool   (N, 64,  7,  7)
    concatenate, flatten     (N, 6272)
    linear, ReLU             (N, 1024)
    linear                   (N, classes)

Source: L. Zhou, Q. Mao, L. Xue, "Dual-Inception network for cross-database micro-expression recognition", FG 2019.
Layer sizes are those of the authors' published code. AM3F-FlowNet and Dual-ATME took their blocks from this network and
added batch norm (AM3F-A17); here the same block is used without it. Parameters: 6,449,867 with three classes and one
channel per stream. Off-TANet states 6.45 million.

Decisions where the sources are silent or disagree:

Motion   The authors take the flow between the onset and the middle frame of a clip. The public maps hold the flow
         between onset and apex, which is what every other row of a table reads; choose ``apex="middle"`` in the
         preprocessing of your own clips for the authors' version.
Channel  The authors read each component as a picture of three channels, which makes 6,449,963 parameters. The public
         maps hold one channel for each component.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from merlib.models.blocks.inception import Inception
from merlib.models.blocks.input_check import take_input

FLOWS = ("u", "v")  # the first two channels of the input


def _plain(in_channels: int, filters: int) -> Inception:
    """Return the shared inception block without its batch norms."""
    block = Inception(in_channels, filters)
    layers = [part for part in block.modules() if isinstance(part, nn.Sequential)]
    for path in layers:
        for index, layer in enumerate(path):
            if isinstance(layer, nn.BatchNorm2d):
                path[index] = nn.Identity()
    return block


class DualInception(nn.Module):
    """Two streams of two inception blocks each, joined by one hidden linear layer.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    filters : tuple of int
        Filters per scale in the first and second inception block.
    hidden : int
        Width of the hidden linear layer.

    Raises
    ------
    MerlibError
        When the input is missing or is not (N, 3, 28, 28).
    """

    name = "dual_inception"
    input_name = "flow"

    def __init__(self, classes: int = 3, filters: tuple[int, int] = (6, 16), hidden: int = 1024):
        super().__init__()
        low, high = filters
        self.streams = nn.ModuleDict({flow: nn.Sequential(_plain(1, low), _plain(4 * low, high)) for flow in FLOWS})
        self.classifier = nn.Sequential(
            nn.Linear(len(FLOWS) * 4 * high * 7 * 7, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, classes)
        )

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return logits (N, classes)."""
        flow = take_input(self.name, inputs, "flow", (3, 28, 28))
        streams = [stream(flow[:, i : i + 1]) for i, stream in enumerate(self.streams.values())]  # (N, 64, 7, 7) each
        return self.classifier(torch.cat(streams, 1).flatten(1))
