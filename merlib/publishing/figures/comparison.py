"""Figures of the comparison: every method on the same folds with its interval, and what preprocessing alone changes."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from merlib.publishing.style import COLOURS, use_style

MARKS = ("o", "s", "D")
STEP = 0.22  # vertical distance between the marks of one method


def draw_forest(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, line: str) -> Figure:
    """Draw UF1 with 95 % intervals: a row per method, a mark per archive, and a dotted line at the linear classifier.

    Parameters
    ----------
    values, low, high : DataFrame
        One row for each method, one column for each archive; NaN where a method has no run.
    line : str
        The row of the linear classifier.
    """
    use_style()
    figure, axis = plt.subplots(figsize=(7.5, 0.42 * len(values) + 1.2), layout="constrained")
    order = values.max(axis=1).sort_values(ascending=False).index
    places = pd.Series(np.arange(len(order))[::-1].astype(float), index=order)
    for number, (archive, mark, colour) in enumerate(zip(values.columns, MARKS, COLOURS.values(), strict=False)):
        here = values[archive].reindex(order).dropna()
        ends = np.stack([here - low[archive][here.index], high[archive][here.index] - here])
        at = places[here.index] + STEP * ((len(values.columns) - 1) / 2 - number)
        axis.errorbar(here, at, xerr=ends, fmt=mark, color=colour, capsize=2, markersize=4, label=archive)
        if line in here.index:
            axis.axvline(here[line], color=colour, linestyle=":", linewidth=0.9)
    axis.set_yticks(places, order)
    axis.set(
        xlabel="UF1, 95 % interval over people; dotted: the line through the pixels", ylim=(-0.7, len(order) - 0.3)
    )
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure


def draw_between_archives(table: pd.DataFrame) -> Figure:
    """Draw how results change when only the preprocessing does: each method on both archives, and the difference.

    Parameters
    ----------
    table : DataFrame
        From `tables.comparison.between_archives`.
    """
    use_style()
    table = table.sort_values("difference")
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 0.36 * len(table) + 1.2), layout="constrained", sharey=True)
    places = np.arange(len(table))
    for name, mark, colour in zip(("first", "second"), MARKS, COLOURS.values(), strict=False):
        left.plot(table[name], places, mark, color=colour, label=f"{name} archive")
    left.hlines(places, table["first"], table["second"], color="#999999", linewidth=1, zorder=0)
    left.set_yticks(places, [f"{name} ({how})" for name, how in zip(table.index, table["protocol"], strict=True)])
    left.set(xlabel="UF1", ylim=(-0.6, len(table) - 0.4))
    left.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    ends = np.stack([table["difference"] - table["low"], table["high"] - table["difference"]])
    right.errorbar(table["difference"], places, xerr=ends, fmt="o", color=COLOURS["black"], capsize=3, markersize=4)
    right.axvline(0, color="black", linewidth=0.8, linestyle=":")
    right.set(xlabel="UF1, second less first archive, paired by person")
    return figure
