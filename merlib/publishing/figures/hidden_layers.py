"""Figures of LARNet's inside: the size of each layer's responses, and single maps of its hidden layers."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from torch import Tensor

from merlib.publishing.style import COLOURS, DIVERGING, legend_below, use_style, without_ticks

SLOTS = 12  # how many maps of a layer are drawn, from the first


def draw_responses(responses: pd.DataFrame, label: str) -> Figure:
    """Draw one quantity of every layer, in the order of computation, with one line per network.

    Parameters
    ----------
    responses : DataFrame
        Indexed by stage and layer, one column per network.
    label : str
        Name of the quantity, with its unit.
    """
    use_style()
    figure, axis = plt.subplots(figsize=(7.0, 3.3), layout="constrained")
    places = np.arange(len(responses))
    for (name, values), colour, mark in zip(responses.items(), COLOURS.values(), "os^Dv", strict=False):
        axis.plot(places, values, marker=mark, color=colour, label=name)
    stages = responses.index.get_level_values("stage").to_numpy()
    for place in np.flatnonzero(np.diff(stages)) + 0.5:
        axis.axvline(place, color="0.7", linestyle=":")
    for stage in np.unique(stages):
        axis.text(
            places[stages == stage].mean(), 1.02, f"stage {stage}", transform=axis.get_xaxis_transform(), ha="center"
        )
    axis.set_xticks(places, responses.index.get_level_values("layer"), rotation=35, fontsize=8)
    axis.set(xlabel="layer, in the order of computation", ylabel=label, yscale="log")
    legend_below(figure, axis, ncols=responses.shape[1], fontsize=8)
    return figure


def draw_layers(
    layers: Mapping[tuple[int, str], Tensor], stage: int, row: int | None = 0
) -> tuple[Figure, pd.DataFrame]:
    """Draw the first maps of each layer of one stage, one line per layer.

    Parameters
    ----------
    layers : mapping
        From `explaining.hidden_layers.hidden_layers`.
    stage : int
        Number of the stage, from 1.
    row : int or None
        The sample that is drawn; None draws the mean over all of them, as is required for real samples.

    Returns
    -------
    figure, table : Figure, DataFrame
        Each line of the figure has its own scale, symmetric about zero and shared by its maps. The table holds the end
        of this scale, and the mean of each map drawn.
    """
    use_style()
    own = {name: maps for (number, name), maps in layers.items() if number == stage}
    figure, axes = plt.subplots(
        len(own), SLOTS, figsize=(0.72 * SLOTS + 1, 0.85 * len(own) + 0.4), layout="constrained"
    )
    rows = []
    for line, (name, maps) in zip(axes, own.items(), strict=True):
        picked = (maps.mean(0) if row is None else maps[row]).numpy()
        end = float(np.abs(picked).max()) or 1.0
        line[0].set_ylabel(f"{name}\n{picked.shape[1]} x {picked.shape[2]}", fontsize=7)
        for axis in line:
            without_ticks(axis)
        for number, (axis, content) in enumerate(zip(line, picked, strict=False)):
            shown = axis.imshow(content, cmap=DIVERGING, vmin=-end, vmax=end, interpolation="nearest")
            rows.append({"layer": name, "map": number, "mean": float(content.mean()), "end of scale": end})
        figure.colorbar(shown, ax=line.tolist(), fraction=0.02, pad=0.01).ax.tick_params(labelsize=6)
    return figure, pd.DataFrame(rows)
