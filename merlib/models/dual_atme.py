"""Dual-ATME (Zhou et al., Entropy 2023, 25, 460): one branch attends to the whole face, one reads a puzzle of regions.

Inputs ``flow`` (N, 3, 28, 28) and ``puzzle`` (N, 3, 28, 28), channels u, v, optical strain (Sec. 3.2.3)::

    branch (AARS reads flow, HARS reads puzzle)          Sec. 3.3.1, Fig. 4
      inception 6        (N, 24, 14, 14)
      inception 12       (N, 48,  7,  7)
    CBAM on AARS         (N, 48,  7,  7)   V_e           Sec. 3.3.2, Eq. 6-8, Fig. 5
    concatenate          (N, 96,  7,  7)                 Sec. 3.4
    linear, BN, ReLU, dropout .5   (N, 1024)
    linear               (N, classes)

``L = L_cls + lambda (1 - cos(V_e, V_p))`` (Eq. 9-11). `DualATME.auxiliary_loss` returns the term in brackets; lambda
belongs to the recipe (.01 in the paper, Table 5).

Decisions where the paper is silent or wrong:

AM3F-A17  Batch norm inside the inception blocks, which neither paper mentions.
DUAL-ATME-C8  The puzzle is cut before it reaches this network: by landmarks (room `faces`), or by the fixed boxes of
     `clips.puzzle` where there are no landmarks.
DUAL-ATME-C9  Eq. 10 has no negatives although Sec. 3.1 speaks of them; the equation is implemented.
DUAL-ATME-C10  SAM has the convolution that Eq. 7 leaves out. Both features end in a ReLU, so the similarity lies in [0,
     1] unless they are first brought to -1..1 as Sec. 3.3.3 says: `rescale`, off as in the authors' code.
DUAL-ATME-D5  The authors' code shares one CBAM between both branches; the paper attends on the upper branch alone, and
     so do we. `shared_cbam` is the code's variant.
DUAL-ATME-D6  Kernel of SAM, reduction of CAM and the width of the first linear layer are not printed: 3, 16 and 1024
     as in the code (CBAM's own paper has 7).
DUAL-ATME-C16  Sec. 3.3.2 speaks of an MLP with two hidden layers in CAM. Ours has one, as in CBAM's own paper and in
     the authors' code.
SIZE  The paper prints the 28 x 28 of the network's input, but not the size of the pictures that flow is measured on.
DUAL-ATME-D2 to DUAL-ATME-D4  Schedule, betas and flip belong to the recipe.

The four rows of Table 1 are `TABLE1_OPTIONS`; the region pairs of Table 4 are options of the puzzle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError, unknown_name
from merlib.models.blocks.attention import CBAM
from merlib.models.blocks.inception import Inception
from merlib.models.blocks.input_check import take_input
from merlib.models.blocks.state_dicts import load_weights

BRANCHES = {"hars": ("puzzle",), "aars": ("flow",), "both": ("flow", "puzzle")}

# Table 1, row by row
TABLE1_OPTIONS: dict[str, dict[str, object]] = {
    "HARS": {"branches": "hars"},
    "AARS": {"branches": "aars"},
    "HARS with attention + AARS": {"branches": "both", "hars_attention": True},
    "HARS + AARS": {"branches": "both"},
}


class DualATMEOutput(NamedTuple):
    """What the network returns.

    `logits` (N, classes); `full_face` V_e and `puzzle` V_p (N, 48, 7, 7), ``None`` for a branch that is off.
    """

    logits: Tensor
    full_face: Tensor | None
    puzzle: Tensor | None


class DualATME(nn.Module):
    """Dual-ATME and, through its options, the rows of Table 1 and the variant of the authors' code.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    branches : {'both', 'hars', 'aars'}
        Read the puzzle (HARS), the whole face (AARS) or both.
    aars_attention, hars_attention : bool
        CBAM at the end of that branch.
    shared_cbam : bool
        One CBAM for both branches (DUAL-ATME-D5); needs both branches, and attends on both.
    filters : tuple of int
        Filters per scale in the first and second inception block.
    hidden : int
        Width of the first linear layer (DUAL-ATME-D6).
    dropout : float
        Dropout after the first linear layer.
    reduction, kernel_size : int
        CBAM's channel reduction and the side of its spatial kernel (DUAL-ATME-D6).
    rescale : bool
        Bring each sample's features to -1..1 before the similarity is taken (DUAL-ATME-C10).

    Raises
    ------
    MerlibError
        When an option is unknown or contradictory, or an input is missing or not (N, 3, 28, 28).
    """

    name = "dual_atme"
    input_names = ("flow", "puzzle")  # an instance names only those that it reads

    def __init__(
        self,
        classes: int = 3,
        branches: str = "both",
        aars_attention: bool = True,
        hars_attention: bool = False,
        shared_cbam: bool = False,
        filters: tuple[int, int] = (6, 12),
        hidden: int = 1024,
        dropout: float = 0.5,
        reduction: int = 16,
        kernel_size: int = 3,
        rescale: bool = False,
    ):
        super().__init__()
        if branches not in BRANCHES:
            raise unknown_name("branches of dual_atme", branches, BRANCHES)
        if shared_cbam and branches != "both":
            raise MerlibError(
                f"dual_atme: shared_cbam with branches {branches!r}.",
                "branches 'both'.",
                "leave one of them out.",
            )
        self.input_names = BRANCHES[branches]
        self.rescale = rescale
        attention = {"flow": aars_attention or shared_cbam, "puzzle": hars_attention or shared_cbam}
        low, high = filters
        channels = 4 * high
        self.inceptions, self.attention = nn.ModuleDict(), nn.ModuleDict()
        for name in self.input_names:
            self.inceptions[name] = nn.Sequential(Inception(3, low), Inception(4 * low, high))
            if attention[name]:
                shared = shared_cbam and "flow" in self.attention
                cbam = self.attention["flow"] if shared else CBAM(channels, reduction, kernel_size)
                self.attention[name] = cbam
        self.classifier = nn.Sequential(
            nn.Linear(len(self.input_names) * channels * 7 * 7, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )

    def features(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the features (N, 48, 7, 7) of each branch in use, by the name of its input."""
        features = {}
        for name, inception in self.inceptions.items():
            x = inception(take_input(self.name, inputs, name, (3, 28, 28)))  # (N, 48, 7, 7)
            features[name] = self.attention[name](x) if name in self.attention else x
        return features

    def forward(self, inputs: Mapping[str, Tensor]) -> DualATMEOutput:
        """Return logits (N, classes) and the features of both branches."""
        features = self.features(inputs)
        fused = torch.cat([*features.values()], 1)  # (N, 96, 7, 7)
        return DualATMEOutput(self.classifier(fused.flatten(1)), features.get("flow"), features.get("puzzle"))

    def auxiliary_loss(self, outputs: DualATMEOutput, labels: Tensor) -> Tensor:
        """Return ``1 - cos(V_e, V_p)`` of each row (N,), Eq. 10; zero when one branch is off.

        Parameters
        ----------
        outputs : DualATMEOutput
            What `forward` returned.
        labels : Tensor (N,)
            Not used: the term pulls the two views of one sample together, whatever its class.
        """
        if outputs.full_face is None or outputs.puzzle is None:
            return outputs.logits.new_zeros(len(outputs.logits))
        views = [outputs.full_face.flatten(1), outputs.puzzle.flatten(1)]  # (N, 48 * 7 * 7) each
        if self.rescale:
            views = [_to_unit_range(view) for view in views]
        return 1.0 - functional.cosine_similarity(*views, dim=1)

    def load_weights(self, state: Mapping[str, Tensor]) -> None:
        """Copy a state dict of the same options and classes into the network, all of it or an error."""
        load_weights(self.name, self, state)


def _to_unit_range(view: Tensor) -> Tensor:
    low, high = view.amin(1, keepdim=True), view.amax(1, keepdim=True)
    return 2.0 * (view - low) / (high - low).clamp_min(1e-12) - 1.0
