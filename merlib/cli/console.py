"""The terminal that every verb of the command line writes to."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from merlib.errors import printable

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, RenderableType

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs, in place of a table.")]


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


def show(shown: RenderableType, rows: pd.DataFrame | list[dict], as_json: bool) -> None:
    """Print a table, or with `as_json` its rows as a JSON list; missing values are null."""
    if not as_json:
        open_console().print(shown)
        return
    if not isinstance(rows, list):
        rows = json.loads(rows.to_json(orient="records", date_format="iso"))
    print(json.dumps(rows, indent=1, ensure_ascii=False, default=str))


@contextmanager
def telling_how_to_go_on(kept: str, *more: str) -> Iterator[None]:
    """On Ctrl-C say what is `kept` and which command goes on (this one with `more`), and exit with status 130."""
    try:
        yield
    except KeyboardInterrupt:
        words = [word for word in more if word not in sys.argv]
        command = shlex.join([_program(), *sys.argv[1:], *words])
        told = f"interrupted: {kept}. Go on with: {command}"
        open_console(stderr=True).print(told, highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(130) from None


def _program() -> str:
    """Return what this program was started as, in a form that can be typed again."""
    started = Path(sys.argv[0])
    if started.suffix == ".py":
        return "merlib"
    here = Path.cwd()
    return str(started.relative_to(here)) if started.is_relative_to(here) else str(started)
