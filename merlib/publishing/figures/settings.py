"""A figure of one setting that varies: the result of each value, with intervals over people."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from merlib.publishing.style import COLOURS, use_style

MARKERS = ("o", "s", "^")


def draw_setting(
    values: pd.DataFrame,
    low: pd.DataFrame,
    high: pd.DataFrame,
    setting: str,
    columns: Mapping[str, str],
    chance: float | None = None,
) -> Figure:
    """Draw columns of a table against its rows, evenly spaced, with 95 % intervals.

    Parameters
    ----------
    values, low, high : DataFrame
        One row per value of the setting, in order.
    setting : str
        Name of the setting, below the axis.
    columns : mapping of str to str
        Columns that are drawn, and what the legend calls them.
    chance : float, optional
        Where a dotted line marks guessing.
    """
    use_style()
    figure, axis = plt.subplots(figsize=(5.6, 3.2), layout="constrained")
    colours = [COLOURS["blue"], COLOURS["orange"], COLOURS["green"]]
    for number, (column, name) in enumerate(columns.items()):
        places = [place + 0.08 * number for place in range(len(values))]
        ours = values[column].astype(float)
        wings = [ours - low[column].astype(float), high[column].astype(float) - ours]
        axis.errorbar(places, ours, yerr=wings, fmt=f"{MARKERS[number]}-", color=colours[number], capsize=3, label=name)
    if chance is not None:
        axis.axhline(chance, color="0.5", linestyle=":", label="guessing")
    axis.set(xlabel=setting, ylabel="score (0 to 1), 95 % interval", ylim=(0, 1))
    axis.set_xticks(range(len(values)), [str(row) for row in values.index])
    axis.legend(ncols=3, loc="lower right")
    return figure
