"""Answers of notebook 06: the parts of ASTNet, and what its memory keeps."""

from __future__ import annotations

import torch

from merlib.explaining.shape_trace import count_parameters
from merlib.models import build_model
from merlib.models.astnet import ASTNet
from merlib.models.blocks.convlstm import ConvLSTM
from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study
from merlib.publishing.tables.data import astnet_table3


def _paper() -> ASTNet:
    with torch.device("meta"):
        return build_model("astnet", classes=5)


@exercise("06.cbam")
def cbam(study: Study) -> Number:
    """Parameters of CBAM between ResNet and ConvLSTM."""
    module = _paper().attention
    spatial = sum(p.numel() for p in module.parameters() if p.dim() == 4 and p.shape[1] == 2)
    total = count_parameters(module)
    mistakes = {total - spatial: "that is the channels' part alone.", spatial: "that is the positions' part alone."}
    return Number(total, mistakes=mistakes)


@exercise("06.convlstm")
def convlstm(study: Study) -> Number:
    """Parameters of the ConvLSTM's gates."""
    total = count_parameters(_paper().convlstm)
    mistakes = {total // 4: "that is one gate.", total - 4 * 256: "the biases are missing."}
    return Number(total, mistakes=mistakes)


@exercise("06.memory")
def memory(study: Study) -> Number:
    """How much of a cell state of 1 is left after ten steps when all weights are zero."""
    cell = ConvLSTM(1, 1)
    for weight in cell.parameters():
        torch.nn.init.zeros_(weight)
    kept = [torch.ones(1, 1, 1, 1)]
    for _ in range(10):
        kept.append(cell.step(torch.zeros(1, 4, 1, 1), (torch.zeros(1, 1, 1, 1), kept[-1]))[1].detach())
    mistakes = {kept[9].item(): "that is one step too few.", 0.0: "it halves, and never vanishes."}
    return Number(
        kept[10].item(),
        share=True,
        mistakes=mistakes,
        because="unless its gates learn otherwise, the first flow counts least.",
    )


@exercise("06.processed")
def processed(study: Study) -> Number:
    """Copies of CASME II's clips after twentyfold augmentation of the classes that are kept."""
    table = astnet_table3()
    rows = table.drop(index="Total Size")["casme2.samples"].dropna()
    mistakes = {int(20 * rows.sum()): "classes of fewer than ten clips are left out first (Sec. 4.1)."}
    return Number(int(table.loc["Total Size", "casme2.processed"]), mistakes=mistakes)
