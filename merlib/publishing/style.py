"""One style for all figures, with colours that colour-blind readers can tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, in an order that also differs in lightness.
COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
SEQUENTIAL = "cividis"
DIVERGING = "PuOr"


def use_style() -> None:
    """Set matplotlib's defaults for this process."""
    mpl.rcParams.update(
        {
            "figure.dpi": 110,
            "savefig.dpi": 160,
            "savefig.bbox": "tight",
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": mpl.cycler(color=list(COLOURS.values())),
            "image.cmap": SEQUENTIAL,
            "svg.fonttype": "path",
            "legend.frameon": False,
        }
    )


def legend_below(figure: Figure, axes: Axes, **look: object) -> None:
    """Draw the legend of `axes` below all axes of a figure with constrained layout, where it covers no line.

    It is fixed in the figure's coordinates: matplotlib's ``outside`` legends move when a figure is saved with a tight
    box, onto the words that are stamped below it.
    """
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 0.0), "bbox_transform": figure.transFigure}
    legend = figure.legend(*axes.get_legend_handles_labels(), **place, **look)
    height = legend.get_window_extent().height / figure.bbox.height + 0.04
    figure.get_layout_engine().set(rect=(0, height, 1, 1 - height))


def without_ticks(axes: Axes) -> None:
    """Draw neither ticks nor numbers, and do not measure them either: a grid of many maps is then laid out sooner.

    A label that was set before stays.
    """
    axes.set(xticks=[], yticks=[])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_visible(bool(axis.get_label_text()))
