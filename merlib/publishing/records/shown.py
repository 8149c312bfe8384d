"""A saved figure as a notebook shows it: the picture, and below it what its record says."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import matplotlib
import matplotlib.pyplot as plt

from merlib.publishing.records.save_table import SavedTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def in_notebook() -> bool:
    """Whether a kernel would draw figures into the page by itself, at the end of the cell and without a caption."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and "inline" in matplotlib.get_backend()


def show_with_caption(figure: Figure, record: dict) -> None:
    """Show a figure in a notebook with the headline of its record below; outside of a notebook do nothing.

    Parameters
    ----------
    figure : matplotlib Figure
        Closed afterwards, so that the kernel does not draw it a second time; it can still be read and saved.
    record : dict
        As `save_figure` returns it.
    """
    if not in_notebook():
        return
    from IPython.display import Markdown, display

    display(figure)
    plt.close(figure)
    display(Markdown(f"*{SavedTable(record, None).headline}*"))
