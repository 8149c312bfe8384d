"""MMNet (Li et al. 2022): one branch reads the difference of apex and onset, another where the onset's features lie.

Input ``onset_apex`` (N, 2, 3, S, S), the onset and the apex frame as RGB, S = 224::

    motion    apex - onset                           (N,   3, 224, 224)
              3x3 conv /2, batch norm, ReLU          (N, 180, 112, 112)
              3x3 conv, batch norm, ReLU             (N, 128, 112, 112)
              CA block                               (N, 128, 112, 112)
              CA block /2                            (N, 128,  56,  56)
              CA block /2                            (N, 256,  28,  28)
              CA block /2                            (N, 512,  14,  14)
    position  onset, shrunk                          (N,   3,  14,  14)
              1x1 conv, learned positions            (N, 196, 512)
              three transformer blocks, layer norm   (N, 512,  14,  14)
    sum of both, flattened                           (N, 100352)
    linear                                           (N, classes)

A CA (continuous attention) block is a residual block whose output is multiplied by a mask over positions. The mask is
``sigmoid(BN(w1 mean_c + w2 max_c))`` times the mask of the block before, so that a position which one block suppresses
stays suppressed in the blocks after it.

Source: H. Li, M. Sui, Z. Zhu, F. Zhao, "MMNet: muscle motion-guided network for micro-expression recognition", IJCAI
2022, and the layers that the authors' published code executes. Parameters: 9,241,719 with three classes.

Decisions where the sources are silent or disagree:

Groups   The code splits the first convolution into two groups, which three channels do not allow. One group is used.
Classes  The code keeps five outputs for three classes. We have as many outputs as classes.
Shrink   How the onset becomes 14 x 14 depends on the version of a library. We average, so that every pixel counts.
Scaling  The code uses ImageNet's mean and deviation. Here the recipe standardises by the training fold.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.models.blocks.input_check import take_input

SHRINKS = 16  # the motion branch and the positions both end at S / 16
DEPTH = 3
DROP_PATH = 0.3  # of the last transformer block; the first has none


class ContinuousAttention(nn.Module):
    """A residual block multiplied by a mask that is nowhere above the mask of the block before it.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after.
    stride : int
        Of the 3x3 convolution and of the shortcut.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int):
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )
        self.score = nn.Sequential(nn.Conv2d(2, 1, 1, bias=False), nn.BatchNorm2d(1), nn.Sigmoid())

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return features (N, out, h, w) and mask (N, 1, h, w), from those before: (N, in, H, W) and (N, 1, H, W)."""
        x = (self.residual(x) + self.shortcut(x)).relu()
        now = self.score(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1))  # (N, 1, h, w)
        if mask is not None:
            now = now * functional.max_pool2d(mask, 3, stride=2, padding=1)
        return x * now, now


class TransformerBlock(nn.Module):
    """Pre-norm attention and perceptron on tokens, each skipped at random for a whole sample while training.

    Parameters
    ----------
    width, heads : int
        Width of a token, and into how many heads, which attend separately, it is divided.
    drop : float
        Probability that a sample skips the attention, and likewise the perceptron.
    """

    def __init__(self, width: int, heads: int, drop: float):
        super().__init__()
        self.heads, self.drop = heads, drop
        self.norms = nn.ModuleList(nn.LayerNorm(width, eps=1e-6) for _ in range(2))
        self.queries_keys_values, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.perceptron = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, width) from `x` of that shape."""
        parts = self.queries_keys_values(self.norms[0](x)).chunk(3, -1)  # (N, L, width) each
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)  # (N, heads, L, d)
        attended = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)  # (N, L, width)
        x = x + self._dropped(self.out(attended))
        return x + self._dropped(self.perceptron(self.norms[1](x)))

    def _dropped(self, x: Tensor) -> Tensor:
        if not self.training or not self.drop:
            return x
        keep = 1 - self.drop
        return x * (torch.rand(len(x), 1, 1, device=x.device) < keep) / keep


class MMNet(nn.Module):
    """Muscle motion-guided network: the sum of a motion branch and a position branch, then a linear classifier.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    width : int
        Channels of the first CA block; the last has four times as many, a multiple of `heads`. 128 as published.
    stem : int
        Channels of the first convolution; 180 as published.
    size : int
        S, a multiple of 16; 224 as published.
    heads : int
        Attention heads of each transformer block.

    Raises
    ------
    MerlibError
        When an option does not fit, or the input is missing or is not (N, 2, 3, S, S).
    """

    name = "mmnet"
    input_name = "onset_apex"

    def __init__(self, classes: int = 3, width: int = 128, stem: int = 180, size: int = 224, heads: int = 4):
        super().__init__()
        if size % SHRINKS or size < SHRINKS or (4 * width) % heads:
            found = f"mmnet: size {size}, width {width}, {heads} heads."
            raise MerlibError(
                found, "a size that 16 divides, four widths that the heads divide.", "choose 224, 128 and 4."
            )
        self.size = size
        side, last = size // SHRINKS, 4 * width
        self.stem = nn.Sequential(_conv_norm_relu(3, stem, 2), _conv_norm_relu(stem, width, 1))
        shapes = [(width, width, 1), (width, width, 2), (width, 2 * width, 2), (2 * width, last, 2)]
        self.blocks = nn.ModuleList(ContinuousAttention(*shape) for shape in shapes)
        self.patches = nn.Conv2d(3, last, 1)
        self.positions = nn.Parameter(torch.empty(1, side * side, last))
        drops = [DROP_PATH * number / (DEPTH - 1) for number in range(DEPTH)]
        self.transformer = nn.Sequential(*(TransformerBlock(last, heads, drop) for drop in drops))
        self.norm = nn.LayerNorm(last, eps=1e-6)
        self.classifier = nn.Linear(last * side * side, classes)
        self._initialise()

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return logits (N, classes)."""
        frames = take_input(self.name, inputs, "onset_apex", (2, 3, self.size, self.size))
        onset, apex = frames[:, 0], frames[:, 1]  # (N, 3, 224, 224) each
        motion, _ = self.motion(apex - onset)  # (N, 512, 14, 14)
        return self.classifier((motion + self.position(onset)).flatten(1))

    def motion(self, difference: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the motion branch's map (N, 512, S/16, S/16) and its four masks, from apex less onset (N, 3, S, S)."""
        x, masks = self.stem(difference), []  # (N, 128, 112, 112)
        for block in self.blocks:
            x, mask = block(x, masks[-1] if masks else None)
            masks.append(mask)
        return x, masks

    def position(self, onset: Tensor) -> Tensor:
        """Return the position branch's map (N, 512, S/16, S/16), where things lie on this face, from its onset frame.

        Parameters
        ----------
        onset : Tensor (N, 3, S, S)
            The onset frames.
        """
        small = functional.avg_pool2d(onset, SHRINKS)  # (N, 3, 14, 14)
        patches = self.patches(small)  # (N, 512, 14, 14)
        tokens = patches.flatten(2).transpose(1, 2) + self.positions  # (N, 196, 512)
        return self.norm(self.transformer(tokens)).transpose(1, 2).unflatten(2, patches.shape[-2:])

    def _initialise(self) -> None:
        for module in (*self.stem.modules(), *self.blocks.modules()):
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.trunc_normal_(self.positions, std=0.02)
        for module in self.transformer.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)


def _conv_norm_relu(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
