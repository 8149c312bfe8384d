"""CapsuleNet (Van Quang, Chun and Tokuyama 2019): ResNet's first stages and capsules on the apex frame alone.

Input ``apex`` (N, 3, S, S), the apex frame as RGB in 0..1, S = 224. The network sees this picture and no motion::

    ResNet-18 to its third stage, without max pool    (N, 256, S/8, S/8)           28 x 28
    9x9 conv 256, ReLU                                (N, 256, S/8 - 8, ...)       20 x 20
    9x9 conv 256, stride 2                            (N, 256, 6, 6)
    eight channels of a position are a capsule        (N, 1152, 8)                 squashed
    routing by agreement, three iterations            (N, classes, 16)             squashed
    length of each capsule                            (N, classes)                 the logits

A squashed capsule has the direction of s and the length ``|s|^2 / (1 + |s|^2)``. Routing (Sabour, Frosst and Hinton
2017) starts from equal shares, and gives each lower capsule's vote to those upper capsules that agree with it::

    u_ij = W_ij u_i;   c_i = softmax_j(b_i);   v_j = squash(sum_i c_ij u_ij);   b_ij = b_ij + u_ij . v_j

Source: N. Van Quang, J. Chun, T. Tokuyama, "CapsuleNet for micro-expression recognition", FG 2019, and the layers of
the authors' published code. Parameters: 13,842,496 with three classes. It is trained by the margin loss on lengths
(`learning.losses`). Since lengths lie in 0..1, a softmax of them gives nearly equal scores, of which only the order
means something.

Decisions where the sources are silent or disagree:

Capsules   Eight neighbouring channels of one position form a capsule, as in the paper of Sabour, Frosst and Hinton.
Gradient   Votes are detached from the graph in all but the last iteration, as in the authors' code.
Start      The authors start from ImageNet (``Experiment(start="resnet18-imagenet")``).
Copies     The authors balance the classes by adding frames around the apex, and choose the epoch on the test person. We
           read the apex of each clip and take the last epoch. They also rotate test frames at random, which we do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from merlib.errors import MerlibError
from merlib.models.blocks.input_check import take_input
from merlib.models.blocks.resnet import ResNet18
from merlib.models.blocks.state_dicts import load_weights

KERNEL = 9
LOWER, UPPER = 8, 16  # values of a capsule before and after routing
STAGES = 3
EPSILON = 1e-9


def squash(s: Tensor) -> Tensor:
    """Return vectors (..., D) of the direction of `s` (..., D) and the length ``|s|^2 / (1 + |s|^2)``, below 1."""
    square = s.square().sum(-1, keepdim=True)
    return s * (square / (1 + square)) / (square + EPSILON).sqrt()


def route(votes: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Route the votes of lower capsules to upper ones by agreement.

    Parameters
    ----------
    votes : Tensor (N, upper, lower, D)
        What each lower capsule predicts for each upper one.
    iterations : int
        At least one; with one, every upper capsule gets an equal share.

    Returns
    -------
    capsules : Tensor (N, upper, D)
        Squashed, lengths below 1.
    shares : Tensor (N, upper, lower)
        Of the last iteration; they sum to one over the upper capsules.
    """
    agreement = votes.new_zeros(votes.shape[:3])  # b (N, upper, lower)
    seen = votes.detach()
    for _ in range(iterations - 1):
        capsules = squash((agreement.softmax(1)[..., None] * seen).sum(2))  # (N, upper, D)
        agreement = agreement + (seen * capsules[:, :, None]).sum(-1)
    shares = agreement.softmax(1)
    return squash((shares[..., None] * votes).sum(2)), shares


class CapsuleNetOutput(NamedTuple):
    """What the network returns: `logits` (N, classes), the lengths of `capsules` (N, classes, 16)."""

    logits: Tensor
    capsules: Tensor


class CapsuleNet(nn.Module):
    """Capsules on the features of ResNet-18.

    Parameters
    ----------
    classes : int
        Number of emotion classes, one capsule each.
    width : int
        Channels of ResNet's first stage; the capsules' convolutions have four times as many. 64 as published.
    size : int
        S, a multiple of 8 and at least 136; 224 as published.
    iterations : int
        Iterations of the routing, one or more; 3 as published.

    Raises
    ------
    MerlibError
        When an option does not fit, or the input is missing or is not (N, 3, S, S).
    """

    name = "capsulenet"
    input_name = "apex"
    channels_last = False  # PyTorch 2.13's 9 x 9 convolutions to a single place break the heap in that layout (CPU)

    def __init__(self, classes: int = 3, width: int = 64, size: int = 224, iterations: int = 3):
        super().__init__()
        side = (size // 8 - KERNEL + 1 - KERNEL) // 2 + 1
        if size % 8 or side < 1:
            raise MerlibError(f"capsulenet: size {size}.", "a multiple of 8, 136 or more.", "choose 136 or 224.")
        if iterations < 1 or width % 2:
            found = f"capsulenet: {iterations} iterations, width {width}."
            raise MerlibError(found, "one iteration or more, an even width.", "choose 3 and 64.")
        self.size, self.iterations = size, iterations
        self.resnet = ResNet18(classes=None, width=width, stages=STAGES)
        self.resnet.maxpool = nn.Identity()
        channels = self.resnet.out_channels
        self.convolution = nn.Sequential(nn.Conv2d(channels, channels, KERNEL), nn.ReLU(inplace=True))
        self.primary = nn.Conv2d(channels, channels, KERNEL, stride=2)
        lower = channels // LOWER * side * side
        self.votes = nn.Parameter(0.01 * torch.randn(classes, lower, UPPER, LOWER))  # W_ij

    def forward(self, inputs: Mapping[str, Tensor]) -> CapsuleNetOutput:
        """Return the capsules' lengths as logits (N, classes), and the capsules (N, classes, 16)."""
        action = "compute the apex frames in that size."
        x = take_input(self.name, inputs, "apex", (3, self.size, self.size), action).contiguous()
        x = self.primary(self.convolution(self.resnet(x)))  # (N, 256, 6, 6)
        lower = squash(x.unflatten(1, (-1, LOWER)).movedim(2, -1).flatten(1, 3))  # (N, 1152, 8)
        votes = torch.einsum("jidk,nik->njid", self.votes, lower)  # (N, classes, 1152, 16)
        capsules, _ = route(votes, self.iterations)  # (N, classes, 16)
        return CapsuleNetOutput((capsules.square().sum(-1) + EPSILON).sqrt(), capsules)

    def load_resnet(self, state: Mapping[str, Tensor]) -> None:
        """Copy ResNet-18 weights under torchvision's names (ImageNet); last stage and classifier are not used."""
        load_weights(f"{self.name} (ResNet-18)", self.resnet, state, skip=("layer4.", "fc."))
