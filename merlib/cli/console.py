"""The terminal that every verb of the command line writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def open_console(stderr: bool = False) -> Console:
    """Return a console on standard output, or on standard error; rich is imported when it is first asked for."""
    from rich.console import Console

    return Console(stderr=stderr)
