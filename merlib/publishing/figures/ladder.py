"""The figure of a network's ladder: what each rung reaches, from shuffled labels to the true expression."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from merlib.publishing.style import COLOURS, legend_below, use_style
from merlib.publishing.tables.ladder import ladder_table
from merlib.scoring.confusion_counts import class_names


def draw_ladders(ladders: Mapping[str, Mapping[str, pd.DataFrame]]) -> tuple[Figure, pd.DataFrame]:
    """Draw one ladder per data set, UAR with intervals over people, a dotted line at chance; return figure and table.

    Parameters
    ----------
    ladders : mapping of str to mapping of str to predictions
        For each data set, the predictions of each rung by step. A ladder without rungs is left out.
    """
    use_style()
    ladders = {name: rungs for name, rungs in ladders.items() if rungs}
    tables = {name: ladder_table(rungs) for name, rungs in ladders.items()}
    figure, axes = plt.subplots(
        1, max(1, len(tables)), figsize=(4.6 * max(1, len(tables)), 3.3), layout="constrained", squeeze=False
    )
    for axis, (name, table) in zip(axes[0], tables.items(), strict=False):
        places = range(len(table))
        wings = [table["UAR"] - table["low"], table["high"] - table["UAR"]]
        axis.errorbar(table["UAR"], places, xerr=wings, fmt="o", color=COLOURS["blue"], capsize=3)
        random = 1 / len(class_names(next(iter(ladders[name].values())), None))
        axis.axvline(random, color="0.5", linestyle=":", label="random answers")
        axis.set(title=f"{name} (SYNTHETIC twin)", xlabel="UAR", xlim=(0, 1), yticks=list(places))
        axis.set_yticklabels(table.index)
    if tables:
        legend_below(figure, axes[0, 0], fontsize=8)
    return figure, pd.concat(tables, names=["data", "rung"]) if tables else pd.DataFrame()
