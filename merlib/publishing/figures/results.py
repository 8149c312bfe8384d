"""Figures of results: confusion matrices, learning curves, intervals, and the shape of the losses."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from merlib.learning import learning_curves
from merlib.learning.losses import focal, lasce
from merlib.publishing.records.save_table import heading
from merlib.publishing.style import COLOURS, SEQUENTIAL, legend_below, use_style
from merlib.scoring import confusion
from merlib.sources.reported import reported_values

ACROSS = 3  # matrices side by side; more would shrink their words below reading size


def draw_confusions(runs: Mapping[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Draw one confusion matrix per run, rows (truth) summing to one, three side by side; return figure and counts.

    The name of a true class is followed by its number of clips, summed over seeds.

    Parameters
    ----------
    runs : mapping of str to predictions
        What `learning.run` returned, by label.
    """
    use_style()
    counts = {label: confusion(predictions) for label, predictions in runs.items()}
    columns = 2 if len(runs) == 4 else min(len(runs), ACROSS)
    rows = -(-len(runs) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.7 * columns, 3.3 * rows), layout="constrained", squeeze=False)
    for axis in axes.flat[len(runs) :]:
        axis.remove()
    for axis, (label, predictions) in zip(axes.flat, runs.items(), strict=False):
        sns.heatmap(
            confusion(predictions, normalise=True),
            ax=axis,
            vmin=0,
            vmax=1,
            annot=True,
            fmt=".2f",
            cmap=SEQUENTIAL,
            cbar=axis is axes[0, -1],
            cbar_kws={"label": "share of the true class", "shrink": 0.8},
            square=True,
        )
        clips = counts[label].sum(axis=1)
        axis.set(title=label, xlabel="predicted class", ylabel="true class (clips)" if axis in axes[:, 0] else "")
        axis.set_yticks(axis.get_yticks(), [f"{name} ({n})" for name, n in clips.items()])
        axis.tick_params(axis="x", rotation=40)
        axis.tick_params(axis="y", rotation=0)
    return figure, pd.concat(counts, names=["run"])


def draw_learning_curves(runs: Mapping[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Draw training loss and accuracy by epoch, mean and range over folds; return figure and curves."""
    use_style()
    curves = pd.concat({label: learning_curves(one) for label, one in runs.items()}, names=["run"])
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.5), layout="constrained")
    for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for (label, part), colour in zip(curves.groupby("run", sort=False), COLOURS.values(), strict=False):
            by_epoch = part.groupby("epoch")[quantity]
            axis.plot(by_epoch.mean(), label=label, color=colour)
            axis.fill_between(by_epoch.mean().index, by_epoch.min(), by_epoch.max(), color=colour, alpha=0.2)
        unit = "nats" if quantity == "loss" else "share of clips"
        axis.set(xlabel="epoch", ylabel=f"training {quantity} / {unit}")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    look = {"ncols": min(len(runs), 3), "fontsize": 9, "title_fontsize": 8}
    legend_below(figure, axes[0], title="mean of the folds, and their range", **look)
    return figure, curves.reset_index()


def draw_intervals(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, artefact: str, column: str) -> Figure:
    """Draw one column of a table as points with 95 % intervals, and the values that the paper reports as crosses."""
    use_style()
    figure, axis = plt.subplots(figsize=(7, 0.5 * len(values) + 1), layout="constrained")
    places = np.arange(len(values))[::-1]
    ends = np.stack([values[column] - low[column], high[column] - values[column]])
    axis.errorbar(values[column], places, xerr=ends, fmt="o", capsize=3, label="regenerated, 95 % interval")
    reported = reported_values(artefact)
    reported = reported[reported["column"] == column].set_index("row")["value"].reindex(values.index)
    axis.plot(reported, places, "x", color=COLOURS["vermilion"], markersize=8, label="reported")
    axis.set_yticks(places, values.index)
    axis.set(xlabel=heading(column), ylim=(-0.6, len(values) - 0.4))
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=2)
    return figure


def loss_curves(tau: float = 0.5, frequent: float = 0.6, rare: float = 0.15) -> pd.DataFrame:
    """Return cross entropy, focal loss and LASCE of a right answer by its lead over the wrong class.

    Parameters
    ----------
    tau : float
        Strength of the logit adjustment.
    frequent, rare : float
        Frequencies of the two classes compared under LASCE.
    """
    lead = torch.linspace(-3, 3, 121)
    logits, right = torch.stack([lead, torch.zeros_like(lead)], 1), torch.zeros(len(lead), dtype=torch.long)
    even = torch.tensor([0.5, 0.5])
    return pd.DataFrame(
        {
            "cross entropy": lasce(logits, right, even, tau=0.0).numpy(),
            "focal, gamma 2": focal(logits, right, even).numpy(),
            "LASCE, rare class": lasce(logits, right, torch.tensor([rare, frequent]), tau).numpy(),
            "LASCE, frequent class": lasce(logits, right, torch.tensor([frequent, rare]), tau).numpy(),
        },
        index=pd.Index(lead.numpy().round(3), name="lead of the right class / logits"),
    )


def draw_losses(tau: float = 0.5, frequent: float = 0.6, rare: float = 0.15) -> tuple[Figure, pd.DataFrame]:
    """Draw `loss_curves`; return the figure and the curves."""
    use_style()
    table = loss_curves(tau, frequent, rare)
    figure, axis = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
    for (name, values), dash in zip(table.items(), ("-", ":", "--", "-."), strict=True):
        axis.plot(values, label=name, linestyle=dash)
    axis.set(xlabel=table.index.name, ylabel="loss / nats")
    axis.legend()
    return figure, table
