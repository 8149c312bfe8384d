"""The diagrams of UAMRN: its framework, labelled with the shapes of a live model, and how its hyper-planes hash.

A model built under ``torch.device("meta")`` has shapes but no numbers, which is enough to draw it in full size. It has
to mask all pairs (``masked=True``), since the numbers decide which pairs are kept.
"""

from __future__ import annotations

from itertools import pairwise, product

import matplotlib.pyplot as plt
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from merlib.explaining.shape_trace import trace_modules
from merlib.models.uamrn import FACTORS, UAMRN
from merlib.publishing.diagrams.boxes import Box, draw_diagram
from merlib.publishing.style import COLOURS, use_style

SIZE = 224
MARKERS = {"query": "o", "key": "^"}


def shapes_of(model: UAMRN, size: int = SIZE) -> dict[str, str]:
    """Return the shape of each module's output for one clip, read from its pictures or from cached features."""
    device = next(model.parameters()).device
    pictures = torch.zeros(1, model.length, 3, size, size, device=device)
    features = torch.zeros(1, model.length, model.front_size, device=device)
    return trace_modules(model, {"magnified": pictures, "front": features})["output"].to_dict()


def framework(model: UAMRN, size: int = SIZE) -> Figure:
    """Draw Fig. 2: the rebuilt sequence, the blocks, and the two outputs, whose uncertainty weights the loss."""
    shapes, block = shapes_of(model, size), model.blocks[0]
    tables, planes = block.hyperplanes.shape[1:3]
    kind = f"hashing: {planes} planes,\n{tables} tables" if block.sparse else "full attention"
    last = len(model.blocks) - 1
    boxes = [
        Box("pair", "onset and apex", 0, 0, "input"),
        Box("factors", f"{model.length} magnifications\nx {FACTORS[0]:g} to x {FACTORS[-1]:g}", 1, 0, "operation"),
        Box("front", f"front layers\n{model.length}x{model.front_size}", 2, 0),
        Box("place", f"+ positions\n{shapes['projection']}", 3, 0, "operation"),
        Box("hash", kind, 3, 1.2, "attention"),
        Box("blocks", f"{len(model.blocks)} SSA blocks\n{shapes[f'blocks.{last}']}", 2, 1.2, "attention"),
        Box("mean", f"mean over factors\n{shapes['dropout']}", 1, 1.2, "operation"),
        Box("y", f"predictive mean\n{shapes['mean']} classes", 0, 1.2, "output"),
    ]
    chain = [box.key for box in boxes]
    arrows = list(pairwise(chain))
    if model.variance is not None:
        boxes += [
            Box("s", f"predictive variance\n{shapes['variance']} classes", 1, 2.4, "output", 1.7),
            Box("gamma", f"gamma from {model.monte_carlo} passes\nwith dropout (Eq. 8)", 2.1, 2.4, "operation", 1.8),
            Box("loss", "gamma x cross entropy\n(training only, Eq. 9)", 3.2, 2.4, "output", 1.8),
        ]
        arrows += [("mean", "s"), ("s", "gamma"), ("gamma", "loss")]
    return draw_diagram(boxes, arrows, "UAMRN, shapes read from the live model")


def hashing(points: pd.DataFrame) -> Figure:
    """Draw Fig. 3: three hyper-planes cut space into eight buckets, four on either side of the third plane.

    Parameters
    ----------
    points : DataFrame
        From `hash_table`.
    """
    use_style()
    figure, axes = plt.subplots(1, 2, figsize=(9.2, 4.3), layout="constrained", sharex=True, sharey=True)
    limit = 1.15 * points[["plane 1", "plane 2"]].abs().to_numpy().max()
    for axis, third in zip(axes, "01", strict=True):
        _draw_side(axis, points[points["bucket"].str[2] == third], third, limit)
    axes[0].set_ylabel("signed distance to plane 2 / units of the features")
    shown = {"linestyle": "", "markerfacecolor": "white", "markeredgecolor": COLOURS["black"]}
    handles = [
        Line2D([], [], marker=mark, label=f"{kind}, one a magnification", **shown) for kind, mark in MARKERS.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _draw_side(axis: Axes, points: pd.DataFrame, third: str, limit: float) -> None:
    colours = dict(zip(("".join(tag) for tag in product("01", repeat=3)), COLOURS.values(), strict=True))
    axis.axvline(0, color=COLOURS["black"], linewidth=1.2)
    axis.axhline(0, color=COLOURS["black"], linewidth=1.2)
    for kind, marker in MARKERS.items():
        part = points[points["kind"] == kind]
        axis.scatter(
            part["plane 1"],
            part["plane 2"],
            c=[colours[tag] for tag in part["bucket"]],
            marker=marker,
            edgecolor=COLOURS["black"],
            linewidth=0.6,
            s=38,
        )
    for first, second in product("01", repeat=2):  # a positive product is written 0 (UAMRN-F3)
        x, y = (limit * 0.97 * (1 if digit == "0" else -1) for digit in (first, second))
        tag = first + second + third
        count = (points["bucket"] == tag).sum()
        text = f"bucket {tag}\npoints: {count}"
        axis.text(x, y, text, ha="right" if x > 0 else "left", va="top" if y > 0 else "bottom", fontsize=8)
    side = "in front of" if third == "0" else "behind"
    axis.set(
        title=f"{side} plane 3",
        xlabel="signed distance to plane 1 / units of the features",
        xlim=(-limit, limit),
        ylim=(-limit * 1.25, limit * 1.25),
    )
