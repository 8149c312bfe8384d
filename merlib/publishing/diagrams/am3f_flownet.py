"""The four diagrams of AM3F-FlowNet, labelled with the shapes of a live model."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure
from torch import nn

from merlib.explaining.shape_trace import trace_modules
from merlib.publishing.diagrams.boxes import Box, draw_diagram


def _shapes(model: nn.Module) -> dict[str, str]:
    return trace_modules(model, {"flow": torch.zeros(2, 3, 28, 28)})["output"].to_dict()


def pipeline(model: nn.Module) -> Figure:
    """Draw Fig. 1: three flows, two inception blocks each, MSFF, MOFRW, adjusted prediction."""
    shapes, boxes, arrows = _shapes(model), [], []
    for row, (flow, name) in enumerate((("u", "horizontal u"), ("v", "vertical v"), ("os", "strain os"))):
        path = f"branches.{flow}"
        fused = shapes.get(f"{path}.fusion", shapes[f"{path}.high"])
        boxes += [
            Box(flow, f"{name}\n1x28x28", 0, row, "input"),
            Box(f"{flow}1", f"inception, 6\n{shapes[f'{path}.low']}", 1, row),
            Box(f"{flow}2", f"inception, 16\n{shapes[f'{path}.high']}", 2, row),
            Box(f"{flow}3", f"MSFF\n{fused}", 3, row, "attention"),
        ]
        arrows += [(flow, f"{flow}1"), (f"{flow}1", f"{flow}2"), (f"{flow}2", f"{flow}3"), (f"{flow}3", "mofrw")]
    features = shapes.get("reweighting", "3x88x7x7")
    boxes += [
        Box("mofrw", f"MOFRW\n{features}", 4, 1, "attention"),
        Box("head", f"dropout,\nlinear: {shapes['classifier']}", 5, 1),
        Box("prior", "log prior\n(training)", 4, 2, "input"),
        Box("loss", "add, loss\n(training)", 5, 2, "output"),
        Box("logits", "raw logits\n(inference)", 5, 0, "output"),
    ]
    arrows += [("mofrw", "head"), ("head", "logits"), ("prior", "loss"), ("head", "loss")]
    return draw_diagram(boxes, arrows, "AM3F-FlowNet, shapes read from the live model")


def inception(model: nn.Module) -> Figure:
    """Draw Fig. 2: the inception block, with the shapes of the first block of the u branch."""
    shapes = _shapes(model)
    path = "branches.u.low"
    scales = {"scale1": "1x1", "scale3": "1x1, 3x3", "scale5": "1x1, 5x5", "pooled": "3x3 max pool, 1x1"}
    boxes = [Box("x", "input\n1x28x28", 0, 1.5, "input")]
    arrows = []
    for row, (scale, text) in enumerate(scales.items()):
        boxes.append(Box(scale, f"{text}\n{shapes[f'{path}.{scale}']}", 1, row))
        arrows += [("x", scale), (scale, "join")]
    boxes += [
        Box("join", "concatenate", 2, 1.5, "operation"),
        Box("pool", f"2x2 max pool\n{shapes[path]}", 3, 1.5, "output"),
    ]
    return draw_diagram(boxes, [*arrows, ("join", "pool")], "Inception block: four scales in parallel")


def fusion(model: nn.Module) -> Figure:
    """Draw Fig. 3: SAM and the two paths of MSFF."""
    shapes = _shapes(model)
    path = "branches.u"
    boxes = [
        Box("low", f"low features\n{shapes[f'{path}.low']}", 0, 0, "input"),
        Box("down", "2x2 max pool", 1, 0, "operation"),
        Box("sam1", f"SAM\n{shapes[f'{path}.fusion.low_attention']}", 2, 0, "attention"),
        Box("add", "multiply,\nadd input", 3, 0, "operation"),
        Box("high", f"high features\n{shapes[f'{path}.high']}", 0, 1, "input"),
        Box("sam2", f"SAM\n{shapes[f'{path}.fusion.high_attention']}", 2, 1, "attention"),
        Box("times", "multiply", 3, 1, "operation"),
        Box("out", f"concatenate\n{shapes[f'{path}.fusion']}", 4, 0.5, "output"),
        Box("f", "features F", 0, 2.4, "input"),
        Box("pools", "mean and max\nover channels:\n2xHxW", 1, 2.4, "operation"),
        Box("conv", "7x7\nconvolution", 2, 2.4),
        Box("sigmoid", "sigmoid:\n1xHxW", 3, 2.4, "attention"),
    ]
    arrows = [("low", "down"), ("down", "sam1"), ("sam1", "add"), ("add", "out"), ("high", "sam2")]
    arrows += [("sam2", "times"), ("times", "out"), ("f", "pools"), ("pools", "conv"), ("conv", "sigmoid")]
    return draw_diagram(boxes, arrows, "MSFF (above) and the SAM inside it (below)")


def reweighting(model: nn.Module) -> Figure:
    """Draw Fig. 4: CAM and the competition of the three flows in MOFRW."""
    shapes = _shapes(model)
    channels = shapes["reweighting.attention"].split("x")[0]
    boxes, arrows = [], []
    for row, flow in enumerate(("u", "v", "os")):
        boxes += [
            Box(flow, f"F_{flow}\n{shapes[f'branches.{flow}']}", 0, row, "input"),
            Box(f"cam{row}", f"CAM: Z_{flow}\n{channels}x1x1", 1, row, "attention"),
            Box(f"times{row}", f"F_{flow} * att_{flow}", 3, row, "operation"),
        ]
        arrows += [(flow, f"cam{row}"), (f"cam{row}", "softmax"), ("softmax", f"times{row}"), (f"times{row}", "out")]
    boxes += [
        Box("softmax", "softmax over\nthe three flows", 2, 1, "attention"),
        Box("out", f"add F\n{shapes['reweighting']}", 4, 1, "output"),
        Box("f", "features F", 0, 3.4, "input"),
        Box("pools", "mean and max\nover positions", 1, 3.4, "operation"),
        Box("mlp", "shared MLP\nC - C/16 - C", 2, 3.4),
        Box("sigmoid", "add, sigmoid:\nCx1x1", 3, 3.4, "attention"),
    ]
    arrows += [("f", "pools"), ("pools", "mlp"), ("mlp", "sigmoid")]
    return draw_diagram(boxes, arrows, "MOFRW (above) and the CAM inside it (below)")
