"""Show the cell that stopped a notebook: its source, and where in it the error arose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.panel import Panel

TRACEBACK_LINES = 12


def one_line(error: Mapping[str, Any]) -> str:
    """Return the error in one line: its type and the first line of its message.

    Parameters
    ----------
    error : mapping
        Keys are ``cell`` (index from 0), ``source``, ``name`` (type of the error), ``value`` (its message) and
        ``traceback`` (list of str, which may contain ANSI colours).
    """
    first = str(error.get("value", "")).strip().splitlines()
    return f"{error.get('name', 'error')}: {first[0] if first else ''}"


def cell_error_panel(notebook: str, error: Mapping[str, Any]) -> Panel:
    """Return a panel with the failing cell's source, the end of its traceback and the message.

    Parameters
    ----------
    notebook : str
        Name of the notebook.
    error : mapping
        As for `one_line`.
    """
    from rich.console import Group
    from rich.panel import Panel
    from rich.syntax import Syntax
    from rich.text import Text

    parts = []
    if error.get("source"):
        parts.append(Syntax(error["source"], "python", line_numbers=True, word_wrap=True, background_color="default"))
    trace = "\n".join(error.get("traceback", [])).splitlines()
    if trace:
        parts.append(Text.from_ansi("\n".join(["", *trace[-TRACEBACK_LINES:]])))
    message = f"{error.get('name', 'error')}: {error.get('value', '')}".strip()
    if not trace or message.splitlines()[-1] not in Text.from_ansi(trace[-1]).plain:
        parts.append(Text(message, style="bold red"))
    return Panel(
        Group(*parts),
        title=f"{notebook} failed in cell {error.get('cell', 0) + 1}",
        border_style="red",
        title_align="left",
    )
