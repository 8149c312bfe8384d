"""LARNet (Sensors 2021, 21, 1098): three residual attention networks in a chain, each reading the output of the last.

Input ``frames`` (N, 3, S, S), S = 224, single frames of a clip, each a row of its own (`clips.as_frames`). A clip's
class is the vote of its frames (`clip_vote`, and for predictions `learning.vote_by_clip`), which is our choice, since
the paper names no rule. A stage is the network of Wang et al. 2017, Table 2 of the paper, at width 64::

                     Attention-92 / -56            EmoResNet (width 32)
    stem             (N,   64, 56, 56)  7x7/2, pool  (N,   32, 16, 16)  5x5, pool
    unit, attention  (N,  256, 56, 56)  x 1 / x 1    (N,  128, 16, 16)  x 1   encoder depth 3 (EmoResNet 2)
    unit, attention  (N,  512, 28, 28)  x 2 / x 1    (N,  256,  8,  8)  x 1   depth 2 (1)
    unit, attention  (N, 1024, 14, 14)  x 3 / x 1    (N,  512,  4,  4)  x 1   depth 1 (1)
    three units      (N, 2048,  7,  7)               (N, 1024,  4,  4)
    average pool     (N, 2048)                       (N, 1024)
    classifier       (N, classes)                    (N, classes)

Decisions where the paper is silent or wrong:

LARNET-E8  How three stages that each end in a 7-way softmax feed each other is not said. Stages 1 and 2 are described
     with pictures of 224x224x3 as input and stage 3 with 32x32; "the outputs of each residual block are fed as
     inputs to the other", their last layers taken off. We project the last map of a stage to three channels (1x1
     convolution), resize it to the picture that the next stage reads, and add the frame itself. So the next stage
     keeps its printed input shape, gradients reach every stage, and no stage sees a 7x7 map alone.
     ``chain="features"`` leaves the frame out. The softmax layers of the first stages are kept as auxiliary outputs
     (`stage_logits`, `auxiliary_loss`), since each stage is described with one; `stage_heads` drops them.
     Paddings are those that give the printed sizes (3 for 7x7, 2 for 5x5).
START  Stage 1 is said to compute with ImageNet weights (Sec. 3.3). The paper does not say which, and the registry has
     none for Attention-92, so all stages start from random weights. "Froze their last layers" (Sec. 3) is read as
     leaving these layers out.
LARNET-E9  Mask and trunk are multiplied (Eq. 3), not concatenated; `naive` is Eq. 1.
LARNET-E13  Mixed attention is the sigmoid that Eq. 4 prints, nothing more.
LARNET-E1 to LARNET-E3  Sizes of ours with 1000 classes: Attention-56 31.8 M parameters and 6.27 G multiply-adds (Table
     2: 31.9, 6.2), Attention-92 52.5 M and 10.53 G (51.3, 10.4). The two differ by one module of 512 and two of 1024
     channels, which hold 20.66 M here and in the configuration that Wang et al. published; the table's difference is
     19.4 M, so its 51.3 is 2.3 % below the network it stands for.
INIT  Weights follow He's initialisation (Sec. 4.2.1), but the last convolution of each residual unit starts at a tenth
     of it, because the whole chain has 114 residual units. Without this the first stage's gradient was 10^4 times
     the last one's at the start (measured at width 4, 32 pixels), and eight frames were not learnt in 25 steps; with it
     they are.
LARNET-E6  Whether the paper split frames at random or kept subjects apart is not said. The protocol decides, and it
     offers both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError, unknown_name
from merlib.models.blocks.input_check import take_input
from merlib.models.blocks.residual import ATTENTION_FUNCTIONS, AttentionModule, ResidualUnit
from merlib.models.blocks.state_dicts import load_weights

# stage: (attention modules, encoder depths); Table 2 and Sec. 4.1.3
STAGES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "attention92": ((1, 2, 3), (3, 2, 1)),
    "attention56": ((1, 1, 1), (3, 2, 1)),
    "emoresnet": ((1, 1, 1), (2, 1, 1)),
}
CHAIN = ("attention92", "attention56", "emoresnet")
EMO_SIZE = 32  # side of the picture that EmoResNet reads
RESIDUAL_GAIN = 0.1


class Stage(nn.Module):
    """One residual attention network of Table 2.

    Parameters
    ----------
    name : {'attention92', 'attention56', 'emoresnet'}
        Which of them.
    width : int
        Channels of the stem; the last map has 32 times as many.
    classes : int or None
        Outputs of its classifier; ``None`` leaves it out.
    attention, naive, dropout
        See `LARNet`.
    """

    def __init__(self, name: str, width: int, classes: int | None, attention: str, naive: bool, dropout: float):
        super().__init__()
        modules, depths = STAGES[name]
        small = name == "emoresnet"
        kernel, stride, pool = (5, 1, nn.MaxPool2d(2)) if small else (7, 2, nn.MaxPool2d(3, stride=2, padding=1))
        convolution = nn.Conv2d(3, width, kernel, stride, padding=kernel // 2, bias=False)
        self.stem = nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True), pool)
        levels, channels = [], width
        for level, (count, depth) in enumerate(zip(modules, depths, strict=True)):
            wider = 4 * width * 2**level
            unit = ResidualUnit(channels, wider, stride=1 if level == 0 else 2)
            levels.append(nn.Sequential(unit, *(AttentionModule(wider, depth, attention, naive) for _ in range(count))))
            channels = wider
        self.levels = nn.ModuleList(levels)
        self.out_channels = 32 * width
        self.last = nn.Sequential(
            ResidualUnit(channels, self.out_channels, stride=1 if small else 2),
            ResidualUnit(self.out_channels, self.out_channels),
            ResidualUnit(self.out_channels, self.out_channels),
            nn.BatchNorm2d(self.out_channels),
            nn.ReLU(inplace=True),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = None if classes is None else nn.Linear(self.out_channels, classes)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the last map (N, 32 width, s, s) and the logits (N, classes) of `picture` (N, 3, S, S)."""
        x = self.stem(picture)
        for level in self.levels:
            x = level(x)
        x = self.last(x)
        logits = None if self.classifier is None else self.classifier(self.dropout(x.mean((2, 3))))
        return x, logits


class LARNetOutput(NamedTuple):
    """What the network returns.

    `logits` (N, classes) of the last stage; `stage_logits`, those of the stages before it, (N, K - 1, classes), or
    ``None``; `features` (N, 32 width, s, s), the last map of the last stage.
    """

    logits: Tensor
    stage_logits: Tensor | None
    features: Tensor


class LARNet(nn.Module):
    """LARNet, or through `stages` any part of it, such as Attention-56 alone.

    Parameters
    ----------
    classes : int
        Number of emotion classes; 1000 for the counts of Table 2.
    attention : {'mixed', 'channel', 'spatial'}
        Activation of the mask, Eq. 4-6 and Table 1.
    width : int
        Channels of the stem of Attention-92 and -56; EmoResNet has half of it. 64 in the paper, 4 on a laptop.
    image_size : int
        S, a multiple of 32; 224 in the paper, 64 on a laptop.
    stages : tuple of str
        Names of `STAGES` in the order they are chained.
    chain : {'residual', 'features'}
        Whether a later stage reads the frame too (LARNET-E8).
    stage_heads : bool
        Give the earlier stages a classifier of their own (LARNET-E8).
    naive : bool
        Join mask and trunk by Eq. 1 instead of Eq. 3.
    dropout : float
        Before each classifier; 0 as printed in Sec. 4.1.
    reads : {'frames', 'flow'}
        ``flow`` reads maps (N, 3, H, W) of u, v and strain, resized to S x S, in place of frames. This is not in the
        paper, whose network sees no motion.

    Raises
    ------
    MerlibError
        When an option is unknown, or the input is missing or not (N, 3, S, S).
    """

    name = "larnet"
    input_name = "frames"  # an instance built with reads="flow" names flow

    def __init__(
        self,
        classes: int = 3,
        attention: str = "mixed",
        width: int = 64,
        image_size: int = 224,
        stages: tuple[str, ...] = CHAIN,
        chain: str = "residual",
        stage_heads: bool = True,
        naive: bool = False,
        dropout: float = 0.0,
        reads: str = "frames",
    ):
        super().__init__()
        if reads not in ("frames", "flow"):
            raise unknown_name("input of larnet", reads, ("frames", "flow"))
        if attention not in ATTENTION_FUNCTIONS:
            raise unknown_name("attention of larnet", attention, ATTENTION_FUNCTIONS)
        if chain not in ("residual", "features"):
            raise unknown_name("chain of larnet", chain, ("residual", "features"))
        for stage in stages:
            if stage not in STAGES:
                raise unknown_name("stage of larnet", stage, STAGES)
        if not stages or image_size % 32 or image_size < 32:
            found = f"larnet: image_size {image_size}, stages {tuple(stages)}."
            raise MerlibError(found, "a multiple of 32, and one stage or more.", "choose 64 or 224.")
        self.input_name, self.image_size, self.chain = reads, image_size, chain
        self.sizes = tuple(EMO_SIZE if name == "emoresnet" else image_size for name in stages)
        self.stages, self.bridges = nn.ModuleList(), nn.ModuleList()
        for number, name in enumerate(stages):
            narrow = max(1, width // 2) if name == "emoresnet" else width
            head = classes if stage_heads or number == len(stages) - 1 else None
            if number:
                self.bridges.append(nn.Conv2d(self.stages[-1].out_channels, 3, 1))
            self.stages.append(Stage(name, narrow, head, attention, naive, dropout))
        self._initialise()

    def forward(self, inputs: Mapping[str, Tensor]) -> LARNetOutput:
        """Return logits (N, classes), those of the earlier stages, and the last feature map."""
        frames = self._picture(inputs)  # (N, 3, S, S)
        features, logits = self.stages[0](_resize(frames, self.sizes[0]))
        earlier = []
        for stage, bridge, size in zip(self.stages[1:], self.bridges, self.sizes[1:], strict=True):
            earlier.append(logits)
            picture = _resize(bridge(features), size)  # (N, 3, size, size)
            if self.chain == "residual":
                picture = picture + _resize(frames, size)
            features, logits = stage(picture)
        kept = [one for one in earlier if one is not None]
        return LARNetOutput(logits, torch.stack(kept, 1) if kept else None, features)

    def _picture(self, inputs: Mapping[str, Tensor]) -> Tensor:
        if self.input_name == "flow":
            return _resize(take_input(self.name, inputs, "flow", (3, None, None)), self.image_size)
        action = "make each frame a row (clips.as_frames), of that size."
        return take_input(self.name, inputs, "frames", (3, self.image_size, self.image_size), action)

    def _initialise(self) -> None:
        for module in self.stages.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        for module in self.stages.modules():
            if isinstance(module, ResidualUnit):
                module.residual[-1].weight.data *= RESIDUAL_GAIN

    def auxiliary_loss(self, outputs: LARNetOutput, labels: Tensor) -> Tensor:
        """Return for each row the mean cross entropy of the earlier stages' own classifiers, (N,); LARNET-E8.

        It is zero when no earlier stage has a classifier.
        """
        if outputs.stage_logits is None:
            return outputs.logits.new_zeros(len(outputs.logits))
        count = outputs.stage_logits.shape[1]
        rows = functional.cross_entropy(
            outputs.stage_logits.flatten(0, 1), labels.repeat_interleave(count), reduction="none"
        )
        return rows.unflatten(0, (-1, count)).mean(1)

    def load_weights(self, state: Mapping[str, Tensor]) -> None:
        """Copy a state dict of the same options and classes into the network, all of it or an error."""
        load_weights(self.name, self, state)

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Copy a LARNet pretrained on other frames or classes; the classifiers of all stages stay as they are."""
        heads = tuple(f"stages.{number}.classifier." for number in range(len(self.stages)))
        load_weights(self.name, self, state, skip=heads)


def clip_vote(scores: np.ndarray, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let the frames of each clip vote for its class; a tie goes to the larger mean score.

    Parameters
    ----------
    scores : ndarray (F, C)
        Class probabilities of each frame.
    clips : ndarray (F,)
        The clip each frame belongs to; name clips so that they differ between subjects.

    Returns
    -------
    names : ndarray (K,)
        The clips, sorted.
    share : ndarray (K, C)
        Share of the clip's frames that voted for each class, plus a thousandth of their mean score, divided by
        1.001: its largest entry is the clip's class, and rows sum to one.
    """
    names, index = np.unique(np.asarray(clips), return_inverse=True)
    votes = np.eye(scores.shape[1])[scores.argmax(1)] + 1e-3 * scores
    total = np.zeros((len(names), scores.shape[1]))
    np.add.at(total, index, votes)
    return names, total / np.bincount(index)[:, None] / 1.001


def _resize(picture: Tensor, size: int) -> Tensor:
    if picture.shape[-2:] == (size, size):
        return picture
    return functional.interpolate(picture, size=(size, size), mode="bilinear", align_corners=False)
