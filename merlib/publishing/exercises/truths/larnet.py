"""Answers of notebook 07: units, depths and the residual form of LARNet's attention."""

from __future__ import annotations

import torch

from merlib.models import build_model
from merlib.models.blocks.residual import ResidualUnit, naive_attention, residual_attention
from merlib.models.larnet import LARNet
from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study
from merlib.publishing.tables.networks import trunk_depth
from merlib.sources.reported import reported_values

FORMULAS = {31: 9, 36: 20}  # factor of m and what is added: the text's, and that of Wang et al. (LARNET-E3)


def _paper() -> LARNet:
    with torch.device("meta"):
        return build_model("larnet", classes=7)


@exercise("07.units")
def units(study: Study) -> Number:
    """Residual units of the mask of depth 3."""
    mask = _paper().stages[0].levels[0][1].mask
    count = sum(isinstance(module, ResidualUnit) for module in mask.modules())
    mistakes = {
        count + 1: "there is one skip less than there are steps.",
        2 * len(mask.down): "the skips have units too.",
    }
    return Number(count, mistakes=mistakes)


@exercise("07.depth")
def depth(study: Study) -> Number:
    """The factor of m that gives the depth of both stages."""
    depths = {trunk_depth(stage) for stage in _paper().stages[:2]}
    fits = {factor for factor, added in FORMULAS.items() if {factor * m + added for m in (1, 2)} == depths}
    mistakes = dict.fromkeys(FORMULAS.keys() - fits, "try m = 1 and m = 2.")
    return Number(fits.pop(), mistakes=mistakes)


@exercise("07.eight")
def eight(study: Study) -> Number:
    """What eight residual modules with a mask of a half make of 1."""
    half, naive, residual = torch.tensor(0.5), torch.tensor(1.0), torch.tensor(1.0)
    for _ in range(8):
        naive, residual = naive_attention(half, naive), residual_attention(half, residual)
    mistakes = {naive.item(): "that is the product alone, without the 1 of Eq. 3."}
    return Number(residual.item(), mistakes=mistakes)


@exercise("07.f1")
def f1(study: Study) -> Number:
    """F1 of happiness from the precision and recall that Table 4 prints."""
    cells = reported_values("larnet.table4").set_index(["row", "column"])["value"]["Happiness"]
    precision, recall = cells["precision"], cells["recall"]
    mistakes = {cells["f1"]: "that is what is printed. Does it follow from the two others?"}
    truth = 2 * precision * recall / (precision + recall)
    return Number(truth, within=0.002, share=True, mistakes=mistakes, because="the printed value does not follow.")
