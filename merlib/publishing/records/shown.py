"""How a notebook shows a saved figure: the picture, and below it the headline of its record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import matplotlib
import matplotlib.pyplot as plt

from merlib.publishing.records.escaping import as_markdown, in_one_line
from merlib.publishing.records.save_table import SavedTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def in_notebook() -> bool:
    """Return whether this is a notebook, whose kernel would draw figures at the end of the cell without a caption."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and "inline" in matplotlib.get_backend()


def show_with_caption(figure: Figure, record: dict) -> None:
    """Show a figure in a notebook with the headline of its record below; outside of a notebook do nothing.

    Parameters
    ----------
    figure : matplotlib Figure
        The figure. It is closed afterwards, so that the kernel does not draw it again; it can still be read and saved.
    record : dict
        As `save_figure` returns it.
    """
    if not in_notebook():
        return
    from IPython.display import Markdown, display

    display(figure)
    plt.close(figure)
    known_by = {"text/markdown": {"artefact": record["id"]}}  # the book links the picture to this record
    caption = as_markdown(in_one_line(SavedTable(record, None).headline))
    display(Markdown(f"*{caption}*"), metadata=known_by)


class Message(str):
    """A sentence that stands where a table or a figure would, shown by a notebook without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Caption(str):
    """The caption of a figure that was saved; a cell that ends with it does not show it a second time."""

    __slots__ = ()

    def _ipython_display_(self) -> None:
        """Show nothing: `show_with_caption` did."""
