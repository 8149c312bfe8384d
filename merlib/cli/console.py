"""The terminal that every verb of the command line writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merlib.errors import printable

if TYPE_CHECKING:
    from rich.console import Console


def open_console(stderr: bool = False) -> Console:
    """Return a console on standard output, or on standard error; rich is imported when it is first asked for.

    Whatever is printed, no control character of a file name or a cell reaches the terminal: only rich itself styles.
    """
    from rich.console import Console
    from rich.segment import Segment

    class PrintableConsole(Console):
        def render(self, renderable, options=None):
            for segment in super().render(renderable, options):
                text, style, control = segment
                yield segment if control or text.isprintable() else Segment(printable(text), style)

    return PrintableConsole(stderr=stderr)
