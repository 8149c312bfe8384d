"""The diagrams of ASTNet, labelled with the shapes of a live model.

A model built under ``torch.device("meta")`` has shapes but no numbers, which is enough to draw it in full size.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from matplotlib.figure import Figure
from torch import nn

from merlib.explaining.shape_trace import trace_modules
from merlib.models.astnet import TABLE1_MODULES, ASTNet
from merlib.publishing.diagrams.boxes import Box, draw_diagram

FACTOR = 3  # of magnification, Sec. 4.1 (2); the total ratio (ASTNET-B15)
SIZE = 224


def shapes_of(model: ASTNet, size: int = SIZE) -> dict[str, str]:
    """Return the shape of each module's output for one sequence of pictures of `size` x `size` pixels."""
    device = next(model.parameters()).device
    flows = torch.zeros(1, model.steps, 3, size, size, device=device)
    return trace_modules(model, {"flow_sequence": flows})["output"].to_dict()


def describe(convolution: nn.Conv2d) -> str:
    """Return a convolution's kernel and stride as text, such as ``3x3 conv, stride 2``."""
    stride = f", stride {convolution.stride[0]}" if convolution.stride[0] > 1 else ""
    return f"{convolution.kernel_size[0]}x{convolution.kernel_size[1]} conv{stride}"


def research(model: ASTNet, size: int = SIZE) -> Figure:
    """Draw Fig. 1: from a video to a class."""
    shapes, steps = shapes_of(model, size), model.steps
    boxes = [
        Box("clip", f"clip: {steps + 1} frames\nonset to apex", 0, 0, "input"),
        Box("align", "face detection,\nalignment, crop", 1, 0, "operation"),
        Box("magnify", f"magnification\nx {FACTOR}", 2, 0, "operation"),
        Box("flow", f"optical flow\n{steps} x 3x{size}x{size}", 3, 0, "operation"),
        Box("resnet", f"ResNet-18: space\n{steps} x {shapes['resnet.layer4']}", 3, 1.2),
        Box("cbam", f"CBAM: attention\n{steps} x {shapes['attention']}", 2, 1.2, "attention"),
        Box("lstm", f"ConvLSTM: time\n{shapes['convlstm']}", 1, 1.2),
        Box("class", f"average, linear\n{shapes['classifier']} classes", 0, 1.2, "output"),
    ]
    chain = ("clip", "align", "magnify", "flow", "resnet", "cbam", "lstm", "class")
    return draw_diagram(boxes, pairwise(chain), "ASTNet, from a clip to a class")


def network(model: ASTNet, size: int = SIZE) -> Figure:
    """Draw Fig. 2: the layers of Table 1; ResNet sees each flow alone, the ConvLSTM all of them in turn."""
    shapes, steps = shapes_of(model, size), model.steps
    boxes = [Box("flows", f"flows\n{steps} x 3x{size}x{size}", 0, 0, "input")]
    for column, layer in enumerate(("Layer 1", "Layer 2", "Layer 3", "Layer 4"), start=1):
        shape = shapes[TABLE1_MODULES[layer][-1]]
        boxes.append(Box(layer, f"{layer}: {'stem' if column == 1 else 'ResNet'}\n{steps} x {shape}", column, 0))
    boxes += [
        Box("Layer 5", f"Layer 5: ResNet\n{steps} x {shapes['resnet.layer4']}", 4, 1.2),
        Box("cbam", f"Layer 6: CBAM\n{steps} x {shapes['attention']}", 3, 1.2, "attention"),
        Box("dropout", f"dropout {model.dropout.p:g}\n{steps} x {shapes['dropout']}", 2, 1.2, "operation"),
        Box("lstm", f"Layer 7: ConvLSTM\n{shapes['convlstm']}", 1, 1.2),
        Box("class", f"{model.aggregate} step, average,\nlinear: {shapes['classifier']}", 0, 1.2, "output"),
    ]
    chain = [box.key for box in boxes]
    return draw_diagram(boxes, pairwise(chain), "ASTNet, shapes read from the live model")


def residual_block(model: ASTNet, size: int = SIZE) -> Figure:
    """Draw Fig. 6: a block that keeps its shape (above) and one that changes it (below)."""
    shapes, boxes, arrows = shapes_of(model, size), [], []
    before = {"layer1": shapes["resnet.maxpool"], "layer2": shapes["resnet.layer1"]}
    for top, name in zip((0, 2.5), before, strict=True):
        path, block = f"resnet.{name}.0", getattr(model.resnet, name)[0]
        same = block.downsample is None
        short = "identity" if same else f"{describe(block.downsample[0])}, BN\n{shapes[f'{path}.downsample']}"
        boxes += [
            Box(f"{name}x", f"x\n{before[name]}", 0, top + 1, "input"),
            Box(f"{name}1", f"{describe(block.conv1)},\nBN, ReLU: {shapes[f'{path}.conv1']}", 1.4, top + 1, width=1.8),
            Box(f"{name}2", f"{describe(block.conv2)},\nBN: {shapes[f'{path}.bn2']}", 2.5, top + 1, width=1.8),
            Box(f"{name}s", short, 1.95, top, "operation", 1.8),
            Box(f"{name}+", "add, ReLU\n" + shapes[path], 3.9, top + 1, "output"),
        ]
        arrows += [(f"{name}{a}", f"{name}{b}") for a, b in ("x1", "12", "2+", "xs", "s+")]
    return draw_diagram(boxes, arrows, "Residual blocks: relu(x + F(x)), first of layer 2 and first of layer 3")


def cbam(model: ASTNet, size: int = SIZE) -> Figure:
    """Draw Fig. 7: channel attention, then spatial attention, each multiplied onto the features."""
    shapes = shapes_of(model, size)
    boxes = [
        Box("x", f"features F\n{shapes['attention']}", 0, 0, "input"),
        Box("cam", f"channel attention\n{shapes['attention.channel']}", 1, 1, "attention"),
        Box("times1", "multiply", 2, 0, "operation"),
        Box("sam", f"spatial attention\n{shapes['attention.spatial']}", 3, 1, "attention"),
        Box("times2", f"multiply\n{shapes['attention']}", 4, 0, "output"),
    ]
    arrows = [("x", "cam"), ("cam", "times1"), ("x", "times1"), ("times1", "sam"), ("sam", "times2")]
    return draw_diagram(boxes, [*arrows, ("times1", "times2")], "CBAM between ResNet and ConvLSTM")


def channel_attention(model: ASTNet, size: int = SIZE) -> Figure:
    """Draw Fig. 8: one weight per channel, from two descriptors through one shared MLP."""
    shapes = shapes_of(model, size)
    path, pooled = "attention.channel", shapes["attention.channel"]
    mlp = f"shared MLP\n{shapes[f'{path}.squeeze']}, ReLU,\n{shapes[f'{path}.excite']}"
    boxes = [
        Box("x", f"features F\n{shapes['attention']}", 0, 0.6, "input"),
        Box("avg", f"average over places\n{pooled}", 1.1, 0, "operation", 1.7),
        Box("max", f"maximum over places\n{pooled}", 1.1, 1.2, "operation", 1.7),
        Box("mlp", mlp, 2.2, 0.6),
        Box("sum", "add both", 3.2, 0.6, "operation"),
        Box("out", f"sigmoid: M_c\n{pooled}", 4.2, 0.6, "attention"),
    ]
    arrows = [("x", "avg"), ("x", "max"), ("avg", "mlp"), ("max", "mlp"), ("mlp", "sum"), ("sum", "out")]
    return draw_diagram(boxes, arrows, "Channel attention: both descriptors pass the same MLP")


def spatial_attention(model: ASTNet, size: int = SIZE) -> Figure:
    """Draw Fig. 9: one weight per position, from the channels' average and maximum through one convolution."""
    shapes = shapes_of(model, size)
    one, conv = shapes["attention.spatial"], model.attention.spatial.conv
    two = "x".join([str(conv.in_channels), *one.split("x")[1:]])
    boxes = [
        Box("x", f"features F'\n{shapes['attention']}", 0, 0.6, "input"),
        Box("avg", f"average over channels\n{one}", 1.15, 0, "operation", 1.8),
        Box("max", f"maximum over channels\n{one}", 1.15, 1.2, "operation", 1.8),
        Box("join", f"concatenate\n{two}", 2.3, 0.6, "operation"),
        Box("conv", f"{describe(conv)}\n{shapes['attention.spatial.conv']}", 3.3, 0.6),
        Box("out", f"sigmoid: M_s\n{one}", 4.3, 0.6, "attention"),
    ]
    arrows = [("x", "avg"), ("x", "max"), ("avg", "join"), ("max", "join"), ("join", "conv"), ("conv", "out")]
    return draw_diagram(boxes, arrows, "Spatial attention: where, whatever the channel")


def convlstm_cell(model: ASTNet, size: int = SIZE) -> Figure:
    """Draw Fig. 10: one step of the ConvLSTM, Eq. 6-11."""
    shapes, cell = shapes_of(model, size), model.convlstm
    state = "x".join([str(cell.hidden), *shapes["convlstm"].split("x")[2:]])
    kernel = describe(cell.from_input)
    boxes = [
        Box("x", f"X_t\n{shapes['dropout']}", 0, 1, "input"),
        Box("h", f"H_(t-1)\n{state}", 0, 2.2, "input"),
        Box("wx", f"{kernel}, bias\n{shapes['convlstm.from_input']}", 1, 1),
        Box("wh", f"{kernel}\n{shapes['convlstm.from_hidden']}", 1, 2.2),
        Box("sum", "add, split\ninto four", 2, 1.6, "operation"),
    ]
    gates = {"f": "forget: sigmoid", "i": "input: sigmoid", "g": "candidate: tanh", "o": "output: sigmoid"}
    boxes += [Box(key, f"{text}\n{state}", 3, row, "attention") for row, (key, text) in enumerate(gates.items())]
    boxes += [
        Box("c", f"C_(t-1)\n{state}", 3, -1, "input"),
        Box("new", "C_t = f C_(t-1)\n+ i candidate", 4.2, 0.5, "operation"),
        Box("C", f"C_t\n{state}", 5.3, 0.5, "output"),
        Box("H", f"H_t = o tanh(C_t)\n{state}", 5.3, 2.5, "output"),
    ]
    arrows = [("x", "wx"), ("h", "wh"), ("wx", "sum"), ("wh", "sum"), *(("sum", gate) for gate in gates)]
    arrows += [("c", "new"), ("f", "new"), ("i", "new"), ("g", "new"), ("new", "C"), ("C", "H"), ("o", "H")]
    return draw_diagram(boxes, arrows, "ConvLSTM: products are convolutions, both states are carried on (ASTNET-B12)")
