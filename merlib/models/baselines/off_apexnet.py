"""OFF-ApexNet (Gan et al. 2019): two shallow convolutional streams, one for each component of the flow.

Input ``flow`` (N, 3, H, H) with H = 28, of which u and v are read; strain is left aside::

    u, v                    (N,  1, 28, 28) each, into a stream of its own
    5x5 conv 6, ReLU        (N,  6, 28, 28)   padding 2
    2x2 max pool            (N,  6, 14, 14)
    5x5 conv 16, ReLU       (N, 16, 14, 14)   padding 2
    2x2 max pool            (N, 16,  7,  7)
    concatenate, flatten    (N, 1568)
    linear, ReLU, dropout   (N, 1024)         twice
    linear                  (N, classes)

Source: Y. S. Gan, S.-T. Liong, W.-C. Yau, Y.-C. Huang, L.-K. Tan, "OFF-ApexNet on micro-expression recognition system",
Signal Processing: Image Communication 74 (2019). Layer sizes are those of the code published with Off-TANet, which
states 2.66 million parameters; ours are 2,664,475 with three classes.

Decisions where the sources are silent or disagree:

ReLU     That code has none behind the convolutions, so each stream would be linear apart from its pooling. We add it.
Streams  The code of another benchmark (meb) reads u and v in one stream of 3x3 convolutions with a single linear layer
         of 1024; its 807,909 parameters are not those of the paper's network.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from merlib.models.blocks.input_check import take_input

FLOWS = ("u", "v")  # the first two channels of the input


def _stream(filters: tuple[int, int]) -> nn.Sequential:
    low, high = filters
    return nn.Sequential(
        nn.Conv2d(1, low, 5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(low, high, 5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )


class OFFApexNet(nn.Module):
    """Two streams of two convolutions each, joined by two linear layers.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    filters : tuple of int
        Filters of the first and the second convolution of a stream.
    hidden : int
        Width of both linear layers.
    dropout : float
        Probability of dropout behind each of them.

    Raises
    ------
    MerlibError
        When the input is missing or is not (N, 3, 28, 28).
    """

    name = "off_apexnet"
    input_name = "flow"

    def __init__(self, classes: int = 3, filters: tuple[int, int] = (6, 16), hidden: int = 1024, dropout: float = 0.5):
        super().__init__()
        self.streams = nn.ModuleDict({flow: _stream(tuple(filters)) for flow in FLOWS})
        self.classifier = nn.Sequential(
            nn.Linear(len(FLOWS) * filters[1] * 7 * 7, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return logits (N, classes)."""
        flow = take_input(self.name, inputs, "flow", (3, 28, 28))
        streams = [stream(flow[:, i : i + 1]) for i, stream in enumerate(self.streams.values())]  # (N, 16, 7, 7) each
        return self.classifier(torch.cat(streams, 1).flatten(1))
