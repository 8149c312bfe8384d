"""Answers of notebook 05: the attention, the puzzle and the similarity of Dual-ATME."""

from __future__ import annotations

import torch

from merlib.clips.puzzle import CANONICAL_BOXES, REGION_PAIRS, SIZE
from merlib.explaining.shape_trace import count_parameters
from merlib.learning.recipes import get_recipe
from merlib.models import build_model
from merlib.models.dual_atme import DualATMEOutput
from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study


@exercise("05.attention")
def attention(study: Study) -> Number:
    """Parameters of the attention on the whole face."""
    cbam = build_model("dual_atme", classes=3).attention["flow"]
    spatial = sum(p.numel() for p in cbam.parameters() if p.dim() == 4 and p.shape[1] == 2)
    total = count_parameters(cbam)
    mistakes = {total - spatial: "that is the channels' part alone.", spatial: "that is the positions' part alone."}
    return Number(total, mistakes=mistakes)


@exercise("05.area")
def area(study: Study) -> Number:
    """Share of the whole face that the puzzle's boxes cover."""
    boxes = [box for region in REGION_PAIRS["E.&M."] for box in CANONICAL_BOXES[region]]
    pixels = [(bottom - top) * (right - left) for top, bottom, left, right in boxes]
    mistakes = {
        pixels[-1] / SIZE**2: "that is the mouth alone.",
        sum(pixels[:-1]) / SIZE**2: "that is the brows alone.",
    }
    return Number(sum(pixels) / SIZE**2, share=True, mistakes=mistakes)


@exercise("05.apart")
def apart(study: Study) -> Number:
    """The similarity's part of the loss when the two branches share nothing."""
    model = build_model("dual_atme", classes=3)
    face, puzzle = torch.eye(2)[0].reshape(1, 2, 1, 1), torch.eye(2)[1].reshape(1, 2, 1, 1)
    outputs = DualATMEOutput(torch.zeros(1, 3), face, puzzle)
    term = model.auxiliary_loss(outputs, torch.zeros(1, dtype=torch.long)).item()
    mistakes = {term: "that is 1 - cos; it is weighted.", 0.0: "so it is for two views that agree."}
    weight = get_recipe("dual_atme").auxiliary_weight
    return Number(weight * term, mistakes=mistakes, because="before training, the classifier's loss is about log 3.")
