"""The three diagrams of Dual-ATME, labelled with the shapes of a live model."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure
from torch import nn

from merlib.explaining.shape_trace import trace_modules
from merlib.publishing.diagrams.boxes import Box, draw_diagram


def _shapes(model: nn.Module) -> dict[str, str]:
    maps = torch.zeros(2, 3, 28, 28)
    return trace_modules(model, {"flow": maps, "puzzle": maps})["output"].to_dict()


def overview(model: nn.Module) -> Figure:
    """Draw Fig. 1: the whole face with attention beside the puzzle, joined by a similarity and a classifier."""
    shapes, boxes, arrows = _shapes(model), [], []
    for row, (name, text) in enumerate((("flow", "whole face"), ("puzzle", "HARS puzzle"))):
        path = f"inceptions.{name}"
        boxes += [
            Box(name, f"{text}\n3x28x28", 0, 2 * row, "input"),
            Box(f"{name}1", f"inception, 6\n{shapes[f'{path}.0']}", 1, 2 * row),
            Box(f"{name}2", f"inception, 12\n{shapes[f'{path}.1']}", 2, 2 * row),
        ]
        arrows += [(name, f"{name}1"), (f"{name}1", f"{name}2")]
        if f"attention.{name}" in shapes:
            boxes.append(Box(f"{name}3", f"CBAM\n{shapes[f'attention.{name}']}", 3, 2 * row, "attention"))
            arrows.append((f"{name}2", f"{name}3"))
    ends = [f"{name}3" if f"attention.{name}" in shapes else f"{name}2" for name in ("flow", "puzzle")]
    boxes += [
        Box("cos", "1 - cosine similarity\n(training only)", 4.6, 0, "output", 1.9),
        Box("join", "concatenate,\nflatten", 4.6, 2, "operation"),
        Box("fc1", f"linear, BN, ReLU\n{shapes['classifier.0']}", 5.6, 2),
        Box("fc2", f"dropout, linear\n{shapes['classifier']}", 6.6, 2, "output"),
    ]
    arrows += [(end, "cos") for end in ends] + [(end, "join") for end in ends]
    return draw_diagram(boxes, [*arrows, ("join", "fc1"), ("fc1", "fc2")], "Dual-ATME, shapes read from the live model")


def bi_inception(model: nn.Module) -> Figure:
    """Draw Fig. 4: two inception blocks in a row, with the shapes of the whole-face branch."""
    shapes = _shapes(model)
    boxes, arrows = [Box("x", "map\n3x28x28", 0, 1.5, "input")], []
    scales = {"scale1": "1x1", "scale3": "1x1, 3x3", "scale5": "1x1, 5x5", "pooled": "3x3 pool, 1x1"}
    before = "x"
    for block in (0, 1):
        path, left = f"inceptions.flow.{block}", 1 + 2 * block
        for row, (scale, text) in enumerate(scales.items()):
            key = f"{block}{scale}"
            boxes.append(Box(key, f"{text}\n{shapes[f'{path}.{scale}']}", left, row))
            arrows += [(before, key), (key, f"pool{block}")]
        boxes.append(Box(f"pool{block}", f"concatenate, 2x2 pool\n{shapes[path]}", left + 1, 1.5, "operation", 1.75))
        before = f"pool{block}"
    return draw_diagram(boxes, arrows, "Bi-inception: two blocks of four scales")


def cbam(model: nn.Module) -> Figure:
    """Draw Fig. 5: channel attention, then spatial attention, each multiplied onto the features."""
    shapes = _shapes(model)
    path = "attention.flow"
    boxes = [
        Box("x", f"features\n{shapes['inceptions.flow.1']}", 0, 0, "input"),
        Box("cam", f"channel attention\n{shapes[f'{path}.channel']}", 1, 1, "attention"),
        Box("times1", "multiply", 2, 0, "operation"),
        Box("sam", f"spatial attention\n{shapes[f'{path}.spatial']}", 3, 1, "attention"),
        Box("times2", f"multiply\n{shapes[path]}", 4, 0, "output"),
    ]
    arrows = [
        ("x", "cam"),
        ("cam", "times1"),
        ("x", "times1"),
        ("times1", "sam"),
        ("sam", "times2"),
        ("times1", "times2"),
    ]
    return draw_diagram(boxes, arrows, "CBAM on the whole-face branch")
