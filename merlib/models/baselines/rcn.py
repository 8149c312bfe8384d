"""RCN (Xia et al. 2020): shallow recurrent convolutional networks that read small flow maps.

Input ``flow`` (N, 3, H, W), 60 x 60 in the paper, 28 x 28 on the public maps. With f features and a pooled side p, and
with sides rounded down in the plain stem and up in the wide one::

    stem, plain (a, s)    5x5 conv, batch norm, ReLU, 2x2 max pool, dropout     (N, f, (H - 4) / 2, (W - 4) / 2)
    stem, wide (w, c, f)  three 3x3 convs of stride 3 and dilation 1, 2 and 3,
                          each ReLU, batch norm, dropout; concatenated          (N, f/2 + f/4 + f/4, H / 3, W / 3)
    block                 one 1x1 conv A and one 3x3 conv B, B used repeatedly  same shape
    2x2 max pool, dropout, average pool to p x p                                (N, f, p, p)
    linear                                                                      (N, classes)

Blocks, A and B each followed by batch norm and ReLU, B being one layer with one batch norm (shared weights)::

    recurrent (a, w)      y = A(x);  y = B(x + y), twice
    dense (s, c, f)       y = A(x);  z = B(x + y);  e = B(x + y + z);  out = B(x + y + z + e)

Attention has no parameters of its own. For each class, a pooled map is multiplied by the classifier's row, reshaped to
(f, p, p); the mean over channels is stretched to 0..1 in each sample. The mean over classes is the attention
(N, 1, p, p). The variants compute it from different maps and apply it at different places::

    a   from the stem's output, multiplies the pooled features behind the block
    c   from the input itself, with the row averaged over its features; multiplies the stem's output
    f   from the block's input, multiplies A(x)

Source: Z. Xia, W. Peng, H.-Q. Khor, X. Feng, G. Zhao, "Revealing the invisible with model and data shrinking for
composite-database micro-expression recognition", IEEE Transactions on Image Processing 2020, and the layers that the
authors' published code executes. Parameters with three classes: 55,747 (a, s) and 52,675 (w, c, f) at f = 64 and p = 7,
the code's default; 15,331 and 13,795 at f = 32 and p = 5, the authors' README and ours.

Decisions where the sources are silent or do not run:

Stretch  Where attention is flat, stretching divides zero by zero. A small number is added to the denominator.
Streams  In the authors' code of RCN_f one stream of the wide stem is used twice and the third never. We use all three.
Scale    c and f multiply maps larger than p x p. Attention is resized to these by nearest neighbours, as in the code.
Size     ``size`` resizes the maps first; by default they are read in the size they come in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError, unknown_name
from merlib.models.blocks.input_check import take_input

EPSILON = 1e-6
SMALLEST = 10  # pixels; of a map this small, stem and pooling leave one to two positions on each side


class Variant(NamedTuple):
    """What sets one network of the family apart: the stem, the block, and what attention is computed from."""

    wide: bool
    dense: bool
    attention: str | None


VARIANTS: dict[str, Variant] = {
    "a": Variant(wide=False, dense=False, attention="stem"),
    "s": Variant(wide=False, dense=True, attention=None),
    "w": Variant(wide=True, dense=False, attention=None),
    "c": Variant(wide=True, dense=True, attention="input"),
    "f": Variant(wide=True, dense=True, attention="block"),
}


class WideStem(nn.Module):
    """Three parallel 3x3 convolutions that see 3, 5 and 7 pixels, side by side."""

    def __init__(self, features: int, dropout: float):
        super().__init__()
        parts = (features - 2 * (features // 4), features // 4, features // 4)
        self.streams = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(3, part, 3, stride=3, padding=reach, dilation=reach),
                nn.ReLU(inplace=True),
                nn.BatchNorm2d(part),
                nn.Dropout(dropout),
            )
            for reach, part in enumerate(parts, start=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, features, H / 3, W / 3) from `x` (N, 3, H, W)."""
        return torch.cat([stream(x) for stream in self.streams], 1)


class RecurrentBlock(nn.Module):
    """A 1x1 convolution, then one 3x3 convolution that is applied repeatedly with the same weights.

    Parameters
    ----------
    features : int
        Channels of input and output.
    dense : bool
        Apply the 3x3 convolution three times, each time to the sum of the input and all outputs so far. Otherwise it is
        applied twice, to the input plus the last output.
    """

    def __init__(self, features: int, dense: bool):
        super().__init__()
        self.dense = dense
        self.first = nn.Sequential(nn.Conv2d(features, features, 1), nn.BatchNorm2d(features), nn.ReLU())
        self.again = nn.Sequential(nn.Conv2d(features, features, 3, padding=1), nn.BatchNorm2d(features), nn.ReLU())

    def forward(self, x: Tensor, attention: Tensor | None = None) -> Tensor:
        """Return (N, features, H, W) from `x` of that shape; `attention` (N, 1, H, W) multiplies A(x)."""
        y = self.first(x)
        if attention is not None:
            y = y * attention
        if not self.dense:
            y = self.again(x + y)
            return self.again(x + y)
        total = x + y
        for _ in range(2):
            total = total + self.again(total)
        return self.again(total)


class RCN(nn.Module):
    """The recurrent convolutional networks RCN_a, RCN_s, RCN_w, RCN_c and RCN_f.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    variant : {'a', 's', 'w', 'c', 'f'}
        Which of them, see `VARIANTS`.
    features : int
        f, channels of every map; at least four.
    pool : int
        p, side of the pooled map that the classifier reads.
    size : int or None
        Side to which maps are resized; ``None`` reads them in the size they come in.
    dropout : float
        Probability of dropout behind the stem and behind the block.

    Raises
    ------
    MerlibError
        When an option is unknown or too small, or the input is missing or is not (N, 3, H, W).
    """

    name = "rcn"
    input_name = "flow"

    def __init__(
        self,
        classes: int = 3,
        variant: str = "a",
        features: int = 32,
        pool: int = 5,
        size: int | None = None,
        dropout: float = 0.5,
    ):
        super().__init__()
        if variant not in VARIANTS:
            raise unknown_name("variant of rcn", variant, VARIANTS)
        if features < 4 or pool < 1:
            raise MerlibError(f"rcn: {features} features, pool {pool}.", "4 features and pool 1, or more.", "raise it.")
        self.variant, self.pool, self.size, self.features = VARIANTS[variant], pool, size, features
        self.stem = WideStem(features, dropout) if self.variant.wide else _plain_stem(features, dropout)
        self.block = RecurrentBlock(features, self.variant.dense)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(features * pool * pool, classes)
        self._initialise()

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return logits (N, classes)."""
        x = take_input(self.name, inputs, "flow", (3, None, None))
        if self.size is not None and x.shape[-2:] != (self.size, self.size):
            x = functional.interpolate(x, size=(self.size, self.size), mode="bilinear", align_corners=False)
        if min(x.shape[-2:]) < SMALLEST:
            found = f"rcn: maps of {x.shape[-2]} x {x.shape[-1]} pixels."
            raise MerlibError(found, f"{SMALLEST} x {SMALLEST} or more.", "draw them larger with the option size=28.")
        source, attention = self.variant.attention, None
        stem = self.stem(x)  # (N, f, h, w)
        if source == "input":
            stem = stem * _drawn(self.attention_map(x), stem)
        if source == "block":
            attention = _drawn(self.attention_map(stem), stem)  # (N, 1, h, w)
        features = self.dropout(functional.max_pool2d(self.block(stem, attention), 2))  # (N, f, h / 2, w / 2)
        features = functional.adaptive_avg_pool2d(features, self.pool)  # (N, f, p, p)
        if source == "stem":
            features = features * self.attention_map(stem)
        return self.classifier(features.flatten(1))

    def attention_map(self, x: Tensor) -> Tensor:
        """Return the attention (N, 1, p, p), in 0..1, that the classifier's weights give to maps `x` (N, C, H, W).

        C is the number of features; for any other C the weights are averaged over their features first.
        """
        rows = self.classifier.weight.unflatten(1, (self.features, self.pool, self.pool))  # (classes, f, p, p)
        if x.shape[1] != self.features or self.variant.attention == "input":
            rows = rows.mean(1, keepdim=True)  # (classes, 1, p, p)
        pooled = functional.adaptive_avg_pool2d(x, self.pool)  # (N, C, p, p)
        maps = (pooled[:, None] * rows).mean(2)  # (N, classes, p, p)
        low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
        return ((maps - low) / (high - low + EPSILON)).mean(1, keepdim=True)

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)


def _plain_stem(features: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, features, 5), nn.BatchNorm2d(features), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(dropout)
    )


def _drawn(attention: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(attention, size=like.shape[-2:], mode="nearest")
