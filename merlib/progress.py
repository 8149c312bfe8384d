"""Show how far a long step is: people see a bar, the notebook runner reads a small file.

When the environment variable MERLIB_PROGRESS names a file, the state is kept there as one JSON object
``{"what", "done", "total", "seconds_left"}`` and nothing is printed; the value ``off`` shows nothing at all. Otherwise
a terminal or a notebook shows a bar, and a log gets a line a minute, so that a job in the background can be followed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from merlib.errors import MerlibError
from merlib.files import renamed_into

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

VARIABLE = "MERLIB_PROGRESS"
NAME_LENGTH = 48
SECONDS_A_LINE = 60.0  # of a log; what takes less leaves no line there
Thing = TypeVar("Thing")


class FileBar:
    """Writes the state of a step to a file, which the runner of notebooks reads."""

    def __init__(self, path: str, what: str, total: int | None):
        self.path, self.what, self.total = Path(path), what, total

    def show(self, done: float, seconds_left: float | None = None, total: int | None = None, name: str = "") -> None:
        """Write how much is done, of how much, and how many seconds the rest takes."""
        self.total = total or self.total
        state = {"what": self.what, "done": round(done, 2), "total": self.total, "seconds_left": seconds_left}
        if not self.path.parent.is_dir():
            return  # the run has removed its folder, so nobody reads the file any more
        # progress is not worth an error: a full disk is reported where results are written
        with suppress(MerlibError), renamed_into(self.path, durable=False) as file:
            file.write(json.dumps(state).encode("utf-8"))

    def close(self) -> None:
        """Leave the file as it is: the runner compares its time stamp with that of the cell."""


class ScreenBar:
    """A bar on a terminal or in a notebook, which disappears when it is closed."""

    def __init__(self, what: str, total: int | None, unit: str):
        from rich.console import Console

        self._bars, self._unit = bars(Console(stderr=True)), unit
        self._task = self._bars.add_task(what, total=total, text="")
        self._bars.start()

    def show(self, done: float, seconds_left: float | None = None, total: int | None = None, name: str = "") -> None:
        """Move the bar; the time left follows from its pace, and `name` says what comes next."""
        total = total or self._bars.tasks[0].total
        text = f"{done:.3g} of {total:g} {self._unit}" if total else f"{done:.3g} {self._unit}"
        self._bars.update(self._task, completed=done, total=total, text=f"{text} {name[-NAME_LENGTH:]}".rstrip())

    def close(self) -> None:
        """Take the bar away."""
        self._bars.stop()


class LogBar:
    """Prints a line a minute to the standard error, where that is a file or a pipe."""

    def __init__(self, what: str, total: int | None, unit: str):
        self._what, self._total, self._unit = what, total, unit
        self._began = self._told = time.monotonic()

    def show(self, done: float, seconds_left: float | None = None, total: int | None = None, name: str = "") -> None:
        """Print how much is done and how long the rest takes, unless the last line is younger than a minute."""
        now, self._total = time.monotonic(), total or self._total
        if now - self._told < SECONDS_A_LINE:
            return
        self._told = now
        if seconds_left is None and done and self._total:
            seconds_left = (now - self._began) * (self._total - done) / done
        of = f" of {self._total:g}" if self._total else ""
        left = "" if seconds_left is None else f", some {_span(seconds_left)} left"
        print(f"{self._what}: {done:.3g}{of} {self._unit}".rstrip() + left, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the lines as they are."""


def _span(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def bars(console: Console) -> Progress:
    """Return the display for long steps, one bar below the other; each task must have a field ``text``."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
        console=console,
        transient=True,
        disable=not (console.is_terminal or console.is_jupyter),
    )


def open_bar(what: str, total: int | None, unit: str = "") -> FileBar | ScreenBar | LogBar | None:
    """Return the bar for a step, or None where progress is switched off.

    Parameters
    ----------
    what : str
        Name of the step.
    total : int or None
        How many things the step goes through; None if that becomes known later.
    unit : str
        What these things are, such as ``clips``.
    """
    target = os.environ.get(VARIABLE, "")
    if target == "off":
        return None
    if target:
        return FileBar(target, what, total)
    seen = sys.stderr.isatty() or "ipykernel" in sys.modules
    return ScreenBar(what, total, unit) if seen else LogBar(what, total, unit)


def shown(things: Iterable[Thing], what: str, total: int, unit: str = "") -> Iterator[Thing]:
    """Yield things one after another, and show on a bar how many of them are done."""
    with telling(what, unit) as tell:
        for done, thing in enumerate(things, start=1):
            yield thing
            if tell:
                tell(done, total)


@contextmanager
def telling(what: str, unit: str = "") -> Iterator[Callable[..., None] | None]:
    """Give a function that moves a bar, or None where progress is switched off; the bar is closed when the block ends.

    The function is called with ``(done, total)`` or ``(done, total, name of the next thing)``. An unknown total is 0.
    """
    bar, began = open_bar(what, None, unit), time.monotonic()
    if bar is None:
        yield None
        return

    def tell(done: int, total: int, name: str = "") -> None:
        left = (time.monotonic() - began) * (total - done) / done if done and total else None
        bar.show(done, left, total, name)

    try:
        yield tell
    finally:
        bar.close()
