"""The diagram of LARNet, labelled with the shapes of a live model.

A model built under ``torch.device("meta")`` has shapes but no numbers, which is enough to draw and count it in full
size.
"""

from __future__ import annotations

import torch
from matplotlib.figure import Figure

from merlib.explaining.shape_trace import trace_modules
from merlib.models.larnet import STAGES, LARNet
from merlib.publishing.diagrams.boxes import Box, draw_diagram

TITLES = {"attention92": "Attention-92", "attention56": "Attention-56", "emoresnet": "Attention EmoResNet"}


def shapes_of(model: LARNet) -> dict[str, str]:
    """Return the shape of each module's output for one frame."""
    device = next(model.parameters()).device
    frame = torch.zeros(1, 3, model.image_size, model.image_size, device=device)
    return trace_modules(model, {"frames": frame})["output"].to_dict()


def pipeline(model: LARNet) -> Figure:
    """Draw Fig. 2: the chain of stages (above) and the two branches of an attention module (below)."""
    shapes = shapes_of(model)
    chain, arrows, width = _chain(model, shapes)
    module, more = _branches(model, shapes, width)
    return draw_diagram([*chain, *module], [*arrows, *more], "LARNet: three stages, and one attention module of them")


def _chain(model: LARNet, shapes: dict[str, str]) -> tuple[list[Box], list[tuple[str, ...]], float]:
    boxes = [Box("frame", f"frame\n3x{model.image_size}x{model.image_size}", 0, 0, "input")]
    arrows, before = [], "frame"
    for number, size in enumerate(model.sizes):
        column = 1.1 + 2.2 * number
        if number:
            shape = f"3x{size}x{size}"
            added = " + frame" if model.chain == "residual" else ""
            boxes.append(Box(f"b{number}", f"1x1 conv, resize{added}\n{shape}", column - 1.1, 0, "operation", 1.8))
            arrows.append((before, f"b{number}"))
            before = f"b{number}"
        boxes.append(
            Box(f"s{number}", f"{model_title(model, number)}\n{shapes[f'stages.{number}']}", column, 0, width=1.8)
        )
        arrows.append((before, f"s{number}"))
        before = f"s{number}"
        if model.stages[number].classifier is not None:
            text = f"softmax\n{shapes[f'stages.{number}.classifier']} classes"
            boxes.append(Box(f"h{number}", text, column, 1, "output"))
            arrows.append((before, f"h{number}"))
    return boxes, arrows, column


def model_title(model: LARNet, number: int) -> str:
    """Return the paper's name of a stage of the model, found by its attention modules and their depths."""
    counts = tuple(len(level) - 1 for level in model.stages[number].levels)
    depths = tuple(len(level[1].mask.down) for level in model.stages[number].levels)
    return next(TITLES[name] for name, known in STAGES.items() if known == (counts, depths))


def _branches(model: LARNet, shapes: dict[str, str], width: float) -> tuple[list[Box], list[tuple[str, ...]]]:
    path, mask = "stages.0.levels.0.1", model.stages[0].levels[0][1].mask
    depth, step = len(mask.down), width / (2 * len(mask.down) + 2.2)
    joined = "(1 + M) F" if model.stages[0].levels[0][1].join.__name__ == "residual_attention" else "M F"
    boxes = [
        Box("x", f"unit\n{shapes[f'{path}.first']}", 0, 3.4),
        Box("t", f"trunk: two units\nF {shapes[f'{path}.trunk']}", width / 2, 2.4, width=1.8),
        Box("join", f"{joined}\n{shapes[path]}", width, 2.8, "attention"),
        Box("last", f"unit\n{shapes[f'{path}.last']}", width, 4.0, "output"),
    ]
    arrows, before = [("x", "t"), ("t", "join"), ("join", "last")], "x"
    for level in range(depth):
        boxes.append(Box(f"d{level}", f"pool, unit\n{shapes[f'{path}.mask.down.{level}']}", 0, 4.4 + level))
        arrows.append((before, f"d{level}"))
        before = f"d{level}"
    for level in range(depth):
        row = 4.4 + depth - 1 - level
        boxes.append(Box(f"u{level}", f"unit, enlarge\n{shapes[f'{path}.mask.up.{level}']}", 2 * step * depth, row))
        arrows.append((before, f"u{level}"))
        if level:
            boxes.append(Box(f"k{level}", "skip: unit", step * depth, row, "operation"))
            arrows += [(f"d{depth - 1 - level}", f"k{level}"), (f"k{level}", f"u{level}")]
        before = f"u{level}"
    boxes.append(Box("m", f"1x1, 1x1, sigmoid\nM {shapes[f'{path}.mask']}", 2 * step * depth, 3.4, "attention", 1.7))
    return boxes, [*arrows, (before, "m"), ("m", "join")]
