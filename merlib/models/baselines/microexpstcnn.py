"""MicroExpSTCNN (Reddy et al. 2019): one three-dimensional convolution over a whole clip of grey faces.

Input ``frames`` (N, T, 3, S, S), T frames of a clip from onset to offset as RGB, T = 18 and S = 64::

    mean of the three colours            (N,  1, 18, 64, 64)
    conv 32 of 15 frames x 3 x 3, ReLU   (N, 32,  4, 62, 62)
    3x3x3 max pool, dropout              (N, 32,  1, 20, 20)
    flatten                              (N, 12800)
    linear, ReLU, dropout                (N, 128)
    linear                               (N, classes)

Source: S. P. T. Reddy, S. T. Karri, S. R. Dubey, S. Mukherjee, "Spontaneous facial micro-expression recognition using
3D spatiotemporal convolutional neural networks", IJCNN 2019, and the layers of the authors' published code. Parameters
with three classes: 1,643,267 for 18 frames (their SMIC), 44,241,667 for 96 (their CAS(ME)^2). It is not the "3D-CNN" of
UAMRN's tables, which is that of Zhi et al. 2019.

Decisions where the sources are silent or disagree:

Frames   The authors read the first 18 frames of a clip, or frames 72 to 167, whatever happens in them. We read 18
         frames at equal steps from onset to offset (``preprocessing("frames", size=64, length=18)``), so that the apex
         lies between them.
Grey     Grey is the mean of the three colours. The recipe standardises each of them by the training fold, where the
         authors subtract one mean from all frames and divide by the maximum.
Split    Their 80/20 split shares people and keeps the best epoch of the test side. Here people are split and the last
         epoch counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from merlib.errors import MerlibError
from merlib.models.blocks.input_check import take_input

KERNEL = (15, 3, 3)  # frames, rows, columns
POOL = 3


class MicroExpSTCNN(nn.Module):
    """A spatiotemporal convolution, one pooling, two linear layers.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    length : int
        T, frames of a clip; at least 17, so that the convolution leaves the three that the pooling needs.
    size : int
        S, side of a frame; 64 as published, at least 5.
    filters : int
        Filters of the convolution.
    hidden : int
        Width of the first linear layer.
    dropout : float
        Probability of dropout behind the pooling and behind the first linear layer.

    Raises
    ------
    MerlibError
        When a clip would be too short or too small, or the input is missing or is not (N, T, 3, S, S).
    """

    name = "microexpstcnn"
    input_name = "frames"

    def __init__(
        self,
        classes: int = 3,
        length: int = 18,
        size: int = 64,
        filters: int = 32,
        hidden: int = 128,
        dropout: float = 0.5,
    ):
        super().__init__()
        sides = [(side - kernel + 1) // POOL for side, kernel in zip((length, size, size), KERNEL, strict=True)]
        if min(sides) < 1:
            found = f"microexpstcnn: {length} frames of {size} x {size}."
            raise MerlibError(found, "17 frames of 5 x 5 or more.", "choose 18 frames of 64 x 64.")
        self.length, self.size = length, size
        self.features = nn.Sequential(
            nn.Conv3d(1, filters, KERNEL), nn.ReLU(inplace=True), nn.MaxPool3d(POOL), nn.Dropout(dropout)
        )
        self.classifier = nn.Sequential(
            nn.Linear(filters * sides[0] * sides[1] * sides[2], hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return logits (N, classes)."""
        action = f"compute {self.length} frames a clip in that size."
        frames = take_input(self.name, inputs, "frames", (self.length, 3, self.size, self.size), action)
        grey = frames.mean(2)[:, None]  # (N, 1, 18, 64, 64)
        return self.classifier(self.features(grey).flatten(1))
