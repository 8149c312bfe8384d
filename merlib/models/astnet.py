"""ASTNet (Appl. Sci. 2024, 14, 7755): ResNet and CBAM read each of ten flow pictures, a ConvLSTM reads their sequence.

Input ``flow_sequence`` (N, 10, 3, H, W): the flows between 11 frames, drawn as pictures (Sec. 4.1 (3)). Table 1,
with H = W = 224 and width 64; frames are folded into the batch until the ConvLSTM::

    Layer 1   Conv0_1, max pool    (N * 10,  64, 56, 56)
    Layer 2   Conv1_1 - Conv1_4    (N * 10,  64, 56, 56)
    Layer 3   Conv2_1 - Conv2_5    (N * 10, 128, 28, 28)
    Layer 4   Conv3_1 - Conv3_5    (N * 10, 256, 14, 14)
    Layer 5   Conv4_1 - Conv4_5    (N * 10, 512,  7,  7)
    Layer 6   CBAM, dropout        (N * 10, 512,  7,  7)
    Layer 7   ConvLSTM             (N, 10, 256, 7, 7)
              average pool         (N, 256)
              FC                   (N, classes)

Decisions where the paper is silent or wrong:

ASTNET-B12  Equations 6-8 have no peepholes, so the cell has none. H_t is the output; C_t is only passed from step to
     step.
ASTNET-B13  Table 1 has two basic blocks per stage, which makes it ResNet-18. It reads three channels, as the drawn flow
     has them, so that ImageNet weights fit. The paper does not print the hidden channels of the ConvLSTM (`hidden`,
     half of ResNet's by default), its kernel (3), CBAM's reduction (16) and kernel (7, as in CBAM's own paper), nor how
     ten steps become one: by default the last hidden state is taken, with ``aggregate="mean"`` the mean of all.
ASTNET-B11  Misprints in Tables 1 and 7 ("RuLU") are read as ReLU; the batch-norm numbers are ignored.
     The paper starts ResNet from ImageNet (`load_resnet`) and then trains on macro-expressions of CK+. Whether on
     pictures or on flow, and whether ResNet alone or the whole network, is open (Sec. 1, 3.2). Here the whole network
     is pretrained on flow, and all but the classifier is kept (`load_pretrained`).
ASTNET-B1, ASTNET-B8, ASTNET-B15  The learning rate and the augmentation inside the training fold belong to the recipe,
     the factor of magnification to the preprocessing.

Options are the rows of Table 6 (`attention`) and of Tables 7 and 8 (`cbam_position`: 1-4 inside ResNet, 5 behind it
as proposed). The network is fully convolutional, so H and W are free; with more than 32 pixels on each side the
ConvLSTM reads a map of more than one position.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from merlib.errors import MerlibError, unknown_name
from merlib.models.blocks.attention import CBAM
from merlib.models.blocks.convlstm import ConvLSTM
from merlib.models.blocks.input_check import take_input
from merlib.models.blocks.resnet import ResNet18
from merlib.models.blocks.state_dicts import load_weights

# Table 6: which parts of CBAM a row keeps
ATTENTION: dict[str, dict[str, bool]] = {
    "none": {"channel": False, "spatial": False},
    "spatial": {"channel": False, "spatial": True},
    "channel": {"channel": True, "spatial": False},
    "cbam": {"channel": True, "spatial": True},
}
BEHIND_RESNET = 5

# Table 1: the modules each layer is made of, for drawing the table from the live model
TABLE1_MODULES: dict[str, tuple[str, ...]] = {
    "Layer 1": ("resnet.conv1", "resnet.bn1", "resnet.relu", "resnet.maxpool"),
    "Layer 2": ("resnet.layer1",),
    "Layer 3": ("resnet.layer2",),
    "Layer 4": ("resnet.layer3",),
    "Layer 5": ("resnet.layer4",),
    "Layer 6": ("attention", "dropout"),
    "Layer 7": ("convlstm", "classifier"),
}


class ASTNetOutput(NamedTuple):
    """What the network returns: `logits` (N, classes), `features` (N, hidden, h, w) before the average pool."""

    logits: Tensor
    features: Tensor


class ASTNet(nn.Module):
    """ASTNet and, through its options, the variants of Tables 6 to 8.

    Parameters
    ----------
    classes : int
        Number of emotion classes.
    attention : {'cbam', 'channel', 'spatial', 'none'}
        Row of Table 6.
    cbam_position : int
        1 to 4: behind that layer of ResNet (Table 7); 5: between ResNet and ConvLSTM, as proposed.
    width : int
        Channels of ResNet's first stage; 64 in the paper, 8 to train on a laptop.
    hidden : int or None
        Channels of the ConvLSTM; ``None`` takes half of ResNet's last (ASTNET-B13).
    kernel_size : int
        Side of the ConvLSTM's kernel, odd.
    steps : int
        Flows in a sequence.
    aggregate : {'last', 'mean'}
        How the steps become one (ASTNET-B13).
    dropout : float
        Probability of dropout before the ConvLSTM, drawn for each element.
    reduction : int
        Factor by which CBAM's channel attention narrows its hidden layer.

    Raises
    ------
    MerlibError
        When an option is unknown, or the input is missing, too short or not (N, steps, 3, H, W).
    """

    name = "astnet"
    input_name = "flow_sequence"

    def __init__(
        self,
        classes: int = 3,
        attention: str = "cbam",
        cbam_position: int = BEHIND_RESNET,
        width: int = 64,
        hidden: int | None = None,
        kernel_size: int = 3,
        steps: int = 10,
        aggregate: str = "last",
        dropout: float = 0.5,
        reduction: int = 16,
    ):
        super().__init__()
        if attention not in ATTENTION:
            raise unknown_name("attention of astnet", attention, ATTENTION)
        if aggregate not in ("last", "mean"):
            raise unknown_name("aggregate of astnet", aggregate, ("last", "mean"))
        if cbam_position not in range(1, BEHIND_RESNET + 1):
            raise MerlibError(
                f"astnet: cbam_position {cbam_position!r}.", "1 to 4, or 5 behind ResNet.", "see Table 7 of the paper."
            )
        self.steps, self.aggregate, self.cbam_position = steps, aggregate, cbam_position
        self.resnet = ResNet18(classes=None, width=width)
        channels = (width, width, 2 * width, 4 * width, 8 * width)[cbam_position - 1]
        attend = any(ATTENTION[attention].values())
        self.attention = CBAM(channels, reduction, **ATTENTION[attention]) if attend else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        hidden = hidden or self.resnet.out_channels // 2
        self.convlstm = ConvLSTM(self.resnet.out_channels, hidden, kernel_size)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, inputs: Mapping[str, Tensor]) -> ASTNetOutput:
        """Return logits (N, classes) and the aggregated hidden state (N, hidden, h, w)."""
        flows = take_input(self.name, inputs, "flow_sequence", (self.steps, 3, None, None))
        *_, x = self.resnet.maps(flows.flatten(0, 1), {self.cbam_position: self.attention})  # (N * 10, 512, h, w)
        sequence = self.dropout(x).unflatten(0, (len(flows), self.steps))  # (N, 10, 512, h, w)
        states = self.convlstm(sequence)  # (N, 10, 256, h, w)
        features = states[:, -1] if self.aggregate == "last" else states.mean(1)  # (N, 256, h, w)
        return ASTNetOutput(self.classifier(features.mean((2, 3))), features)

    def load_weights(self, state: Mapping[str, Tensor]) -> None:
        """Copy a state dict of the same options and classes into the network, all of it or an error."""
        load_weights(self.name, self, state)

    def load_resnet(self, state: Mapping[str, Tensor]) -> None:
        """Copy ResNet-18 weights under torchvision's names (ImageNet, Sec. 3.2 (1)); its classifier is not used."""
        load_weights(f"{self.name} (ResNet-18)", self.resnet, state, skip=("fc.",))

    def load_pretrained(self, state: Mapping[str, Tensor]) -> None:
        """Copy an ASTNet pretrained on other classes (macro-expressions); the classifier stays as it is."""
        load_weights(self.name, self, state, skip=("classifier.",))
