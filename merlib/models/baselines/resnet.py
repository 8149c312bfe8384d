"""ResNet-18 (He et al. 2016) on one flow map: the standard network of computer vision as a baseline.

Input ``flow`` (N, 3, H, W), channels u, v and strain in place of red, green and blue, resized to the side S first::

    resized to side S        (N,   3, S,    S)      112 by default
    7x7 conv /2, max pool    (N,  64, S/4,  S/4)
    four stages              (N, 512, S/32, S/32)
    average pool, linear     (N, classes)

Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016; its use on maps of
112 x 112 pixels with ImageNet weights is that of the public benchmark meb. Parameters: 11,178,051 with three classes.

Decisions where the sources are silent or disagree:

Size   Maps of 28 x 28 shrink to a single position in the last stage, so that three of the four stages see next to
       nothing of where motion is. We resize maps to 112 x 112; ``size=None`` reads them as they are, at an eighth of
       the cost.
Start  ImageNet weights are a start (``Experiment(start="resnet18-imagenet")``), not a part of the network.
Target Dual-ATME prints the same twelve numbers for ResNet18 and for LBP-TOP, so neither row is a safe target.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.models.blocks.input_check import take_input
from merlib.models.blocks.resnet import ResNet18
from merlib.models.blocks.state_dicts import load_weights

SMALLEST = 8  # pixels: below, the stem's pooling leaves nothing to look at


class ResNet18OnMaps(nn.Module):
    """ResNet-18 whose picture is a flow map.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    size : int or None
        Side to which maps are resized; ``None`` reads them in the size they come in.
    width : int
        Channels of the first stage; 64 as published.

    Raises
    ------
    MerlibError
        When the size is too small, or the input is missing or is not (N, 3, H, W).
    """

    name = "resnet18"
    input_name = "flow"

    def __init__(self, classes: int = 3, size: int | None = 112, width: int = 64):
        super().__init__()
        if size is not None and size < SMALLEST:
            found = f"resnet18: size {size}."
            raise MerlibError(
                found, f"{SMALLEST} pixels or more.", "choose 28, 112 or 224, or None for maps as they come."
            )
        self.size = size
        self.resnet = ResNet18(classes, width)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return logits (N, classes)."""
        flow = take_input(self.name, inputs, "flow", (3, None, None))
        if self.size is not None and flow.shape[-2:] != (self.size, self.size):
            flow = functional.interpolate(flow, size=(self.size, self.size), mode="bilinear", align_corners=False)
        return self.resnet(flow)

    def load_resnet(self, state: Mapping[str, Tensor]) -> None:
        """Copy ResNet-18 weights under torchvision's names (ImageNet); the classifier stays as it is."""
        load_weights(f"{self.name} (ResNet-18)", self.resnet, state, skip=("fc.",))

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Copy the weights of this network pretrained on other classes; the classifier stays as it is."""
        load_weights(self.name, self, state, skip=("resnet.fc.",))
