"""UAMRN (Wei et al., Entropy 2022, 24, 1271): sparse attention over magnified apex frames, uncertainty-weighted loss.

Input ``front`` (N, 32, 1024), computed once per clip by `blocks.front_layers.front_features` from ``magnified``
(N, 32, 3, 224, 224); or ``magnified`` itself with ``reads="magnified"``::

    front layers       (N * 32, 256, 14, 14)   ResNet-18 to its third stage, frozen; Sec. 4.3
    pooled 2x2, flat   (N, 32, 1024)           UAMRN-F13
    + positions        (N, 32, 1024)           sines and cosines, Sec. 4.3
    3 x SSA block      (N, 32, 1024)           2 heads of 512, LSH: 3 hyper-planes, 4 tables; Sec. 3.2, Table 1
    mean over factors  (N, 1024)
    mean and variance  (N, classes) each       Eq. 7

Decisions where the paper is silent or wrong:

UAMRN-F1  32 factors from 2 to 12 (`FACTORS`), as in the authors' code; the range printed in Table 1 has twelve.
UAMRN-F2 to UAMRN-F4  See `models.blocks.lsh_attention`.
UAMRN-F5  The scalar weight of Eq. 9 is the mean over classes of the vector of Eq. 8. Not printed: M (`monte_carlo`, 5),
     the rate of dropout (.1) and its place (behind the attention of each block, before the heads).
UAMRN-F6  The weight multiplies the loss as printed. If the gradient flowed through the weight, the loss could fall by
     shrinking the weight alone, so it is detached; `weight_gradient` lets it flow. Eq. 7 takes the probabilities of
     the loss from the mean, so with a detached weight the variance would learn nothing. It learns through the sampled
     prediction ``y = mean + sqrt(variance) e`` that Sec. 3.3 describes below Eq. 7. Under either reading a falling loss
     does not prove learning: gamma multiplies cross entropy, so a network that grows certain, by smaller variances and
     less spread between passes, lowers the product even where the cross entropy stays the same. `monte_carlo=0` is
     the row "Deterministic" of Table 5, without variance and weight. Eq. 9 is cross entropy plus
     `UAMRN.auxiliary_loss` at weight 1; weight 0 leaves plain cross entropy.
UAMRN-F13  256 maps of 14x14 are averaged to 2x2, which gives the 1024 of the model without a projection; other sizes
     get a linear one. Q and K are projected apart (`shared_qk`); hyper-planes are drawn once and kept, so that
     inference repeats (`resample` draws new ones at each training step, as Algorithm 1 may be read).
BLOCK  A block is attention, output projection, dropout, sum with its input, layer norm; the paper names no
     feed-forward part, so `feed_forward` is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError, unknown_name
from merlib.models.blocks.front_layers import FrontLayers
from merlib.models.blocks.input_check import take_input
from merlib.models.blocks.positions import sinusoidal_positions
from merlib.models.blocks.ssa import SSABlock
from merlib.models.blocks.state_dicts import load_weights

LENGTH = 32
FACTORS = tuple(2 + 10 * i / (LENGTH - 1) for i in range(LENGTH))


class UAMRNOutput(NamedTuple):
    """What the network returns.

    `logits` (N, classes): the mean, in uncertainty-aware training a sample around it; `mean` and `variance`
    (N, classes) of Eq. 7, no variance when deterministic; `sample_weight` (N,): gamma of Eq. 9 in training, else
    ones; `kept` (N, blocks): fraction of pairs each block attended to.
    """

    logits: Tensor
    mean: Tensor
    variance: Tensor | None
    sample_weight: Tensor
    kept: Tensor


class UAMRN(nn.Module):
    """UAMRN and, through its options, the rows of Tables 5 and 6.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    attention : {'sparse', 'full'}
        Row of Table 6.
    monte_carlo : int
        M, passes with dropout that estimate the weight in training; 0 trains deterministically (Table 5).
    weight_gradient : bool
        Let the gradient flow through the weight (UAMRN-F6).
    reads : {'front', 'magnified'}
        Cached features, or pictures that pass the network's own frozen front layers.
    length : int
        L, magnifications per clip.
    front_size : int
        Features per magnification when they are cached.
    front_width : int
        Channels of the front layers' first stage when pictures are read.
    width, heads, tables, planes, blocks : int
        Sizes of Table 1: d_model, n_h, n_t, n_p and the number of SSA blocks.
    masked, shared_qk, resample, feed_forward
        See `blocks.ssa.SSABlock`.
    dropout : float
        Probability of dropout in the blocks and before the heads.

    Raises
    ------
    MerlibError
        When an option is unknown, or the input is missing, too short or of another shape.
    """

    name = "uamrn"
    input_names = ("front",)  # an instance built with reads="magnified" names that

    def __init__(
        self,
        classes: int = 3,
        attention: str = "sparse",
        monte_carlo: int = 5,
        weight_gradient: bool = False,
        reads: str = "front",
        length: int = LENGTH,
        front_size: int = 1024,
        front_width: int = 64,
        width: int = 1024,
        heads: int = 2,
        tables: int = 4,
        planes: int = 3,
        blocks: int = 3,
        masked: bool = False,
        shared_qk: bool = False,
        resample: bool = False,
        feed_forward: int = 0,
        dropout: float = 0.1,
    ):
        super().__init__()
        if attention not in ("sparse", "full"):
            raise unknown_name("attention of uamrn", attention, ("sparse", "full"))
        if reads not in ("front", "magnified"):
            raise unknown_name("input of uamrn", reads, ("front", "magnified"))
        if width % heads:
            raise MerlibError(f"uamrn: width {width} for {heads} heads.", "a multiple.", "change one of them.")
        self.input_names, self.length = (reads,), length
        self.monte_carlo, self.weight_gradient = monte_carlo, weight_gradient
        self.front = FrontLayers(front_width) if reads == "magnified" else None
        self.front_size = front_size if self.front is None else self.front.out_features
        self.projection = nn.Identity() if self.front_size == width else nn.Linear(self.front_size, width)
        self.register_buffer("positions", sinusoidal_positions(length, width), persistent=False)
        options = (attention == "sparse", masked, shared_qk, resample, dropout, feed_forward)
        self.blocks = nn.ModuleList(SSABlock(width, heads, tables, planes, *options) for _ in range(blocks))
        self.dropout = nn.Dropout(dropout)
        self.mean = nn.Linear(width, classes)
        self.variance = nn.Linear(width, classes) if monte_carlo else None

    def sequence(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the first block reads, (N, L, width): features with their positions."""
        if self.front is None:
            features = take_input(self.name, inputs, "front", (self.length, self.front_size))
        else:
            features = self.front(take_input(self.name, inputs, "magnified", (self.length, 3, None, None)))
        return self.projection(features) + self.positions

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """Return mean and variance (N, classes) of Eq. 7 from `x` (N, L, width), and the fractions kept."""
        kept = []
        for block in self.blocks:
            x, fraction = block(x)  # (N, L, width)
            kept.append(fraction)
        pooled = self.dropout(x.mean(1))  # (N, width)
        variance = None if self.variance is None else functional.softplus(self.variance(pooled))
        return self.mean(pooled), variance, torch.stack(kept, 1)

    def monte_carlo_passes(self, x: Tensor, passes: int) -> tuple[Tensor, Tensor]:
        """Return means and variances (M, N, classes) of `passes` predictions, each with its own dropout."""
        pairs = [self.predict(x)[:2] for _ in range(passes)]
        return torch.stack([mean for mean, _ in pairs]), torch.stack([variance for _, variance in pairs])

    def forward(self, inputs: Mapping[str, Tensor]) -> UAMRNOutput:
        """Return logits (N, classes), their mean and variance, the weight of each row and the fraction kept."""
        x = self.sequence(inputs)
        mean, variance, kept = self.predict(x)
        if not self.training or variance is None:
            return UAMRNOutput(mean, mean, variance, mean.new_ones(len(mean)), kept)
        logits = mean + variance.clamp_min(1e-12).sqrt() * torch.randn_like(mean)
        with torch.set_grad_enabled(self.weight_gradient and torch.is_grad_enabled()):
            weight = uncertainty(*self.monte_carlo_passes(x, self.monte_carlo)).mean(-1)  # UAMRN-F5
        return UAMRNOutput(logits, mean, variance, weight, kept)

    def auxiliary_loss(self, outputs: UAMRNOutput, labels: Tensor) -> Tensor:
        """Return ``(gamma - 1) CE`` of each row (N,), which at weight 1 turns cross entropy into the loss of Eq. 9.

        It is zero when training is deterministic, since every weight is one then.
        """
        return uncertainty_weighted_loss(outputs.logits, labels, outputs.sample_weight - 1.0)

    def attention_maps(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """Return each block's attention matrix (N, heads, L, L), zero outside the kept pairs (Fig. 4)."""
        x, maps = self.sequence(inputs), []
        for block in self.blocks:
            maps.append(block.weights(x))
            x = block(x)[0]
        return maps

    def load_weights(self, state: Mapping[str, Tensor]) -> None:
        """Copy a state dict of the same options and classes into the network, all of it or an error."""
        load_weights(self.name, self, state)


def uncertainty(means: Tensor, variances: Tensor) -> Tensor:
    """Return gamma (N, C), Eq. 8: variance of the M sampled means plus the mean of their variances.

    Parameters
    ----------
    means, variances : Tensor (M, N, C)
        From `UAMRN.monte_carlo_passes`; the variance over M divides by M.
    """
    return means.var(0, correction=0) + variances.mean(0)


def uncertainty_weighted_loss(logits: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    """Return the rows (N,) of Eq. 9: cross entropy of `logits` (N, C) times the `weight` (N,) of each sample.

    Raises
    ------
    MerlibError
        When labels and logits disagree in number, or a label has no class.
    """
    try:  # labels are not checked beforehand: when many folds run as one program, their values cannot be read
        entropy = functional.cross_entropy(logits, labels, reduction="none")
    except (IndexError, ValueError) as error:
        classes = logits.shape[-1]
        found = f"uamrn: {len(labels)} labels up to {int(labels.max())} for logits {tuple(logits.shape)}."
        action = "build the model with that many classes."
        raise MerlibError(found, f"{len(logits)} labels below {classes}.", action) from error
    return weight * entropy
