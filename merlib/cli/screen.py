"""A run on the terminal: a bar over the notebooks with the time left, a line for each that ended, a last table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from merlib.progress import bars
from merlib.publishing.records.ledger import kind_of
from merlib.running.cell_errors import cell_error_panel
from merlib.running.process import NotebookOutcome, NotebookProgress
from merlib.running.run_record import artefact_records

if TYPE_CHECKING:
    from rich.progress import TaskID

MARKS = {"done": "[green]done[/]", "failed": "[red]FAILED[/]", "skipped": "[cyan]skipped[/]"}


class RichScreen:
    """Shows a run on `console`; without a terminal only the lines of ended notebooks appear.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    """

    def __init__(self, console: Console):
        self.console = console
        self._bars = bars(console)
        self._all: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}
        self._fractions: dict[str, float] = {}
        self._ended = 0
        self._count = 0

    def __enter__(self) -> RichScreen:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def begin(self, folder: Path, names: list[str]) -> None:
        """Say where the run goes and how many notebooks it has."""
        self._count = len(names)
        self.console.print(f"{len(names)} notebooks into {folder}", highlight=False, soft_wrap=True)
        self._all = self._bars.add_task("notebooks", total=max(1, self._count), text=f"0 of {self._count}")

    def started(self, name: str) -> None:
        """Open the notebook's own bar."""
        self._tasks[name] = self._bars.add_task(f"  {name}", total=1.0, text="starting")

    def progress(self, name: str, progress: NotebookProgress) -> None:
        """Move the notebook's bar, and the whole run's by its share."""
        self._bars.update(self._tasks[name], completed=progress.fraction, text=progress.text)
        self._fractions[name] = progress.fraction
        self._bars.update(self._all, completed=self._ended + sum(self._fractions.values()))

    def ended(self, outcome: NotebookOutcome) -> None:
        """Print the notebook's line, and its failing cell when it failed."""
        if outcome.name in self._tasks:
            self._bars.remove_task(self._tasks.pop(outcome.name))
        self._fractions.pop(outcome.name, None)
        self._ended += 1
        text = f"{self._ended} of {self._count}"
        self._bars.update(self._all, completed=self._ended + sum(self._fractions.values()), text=text)
        written = ", ".join(outcome.artefacts) or "no artefacts"
        note = f" ({outcome.note})" if outcome.note else ""
        line = f"{MARKS[outcome.state]} {outcome.name}  {outcome.seconds:.1f} s  {written}{note}"
        self.console.print(line, highlight=False, soft_wrap=True)
        if outcome.error:
            self.console.print(cell_error_panel(outcome.name, outcome.error))


def artefact_table(folder: Path) -> Table | None:
    """Return the table of the run's artefacts (id, grade, notebook), None when it wrote none."""
    records = artefact_records(folder)
    if not records:
        return None
    synthetic = sum(bool(record.get("synthetic")) for record in records.values())
    title = f"{len(records)} artefacts in {folder.name}" + (f", {synthetic} SYNTHETIC" if synthetic else "")
    table = Table("artefact", "grade", "data", "notebook", title=title, title_justify="left")
    for artefact, record in sorted(records.items()):
        data = "SYNTHETIC" if record.get("synthetic") else _data_names(record.get("data"))
        grade = kind_of(record) if record.get("grade") else ""
        table.add_row(artefact, grade, data, Path(str(record.get("notebook", ""))).stem)
    return table


def print_artefacts(console: Console, folder: Path) -> None:
    """Print the table of the run's artefacts, and a line on those that rest on earlier code."""
    table = artefact_table(folder)
    console.print(table if table else "no artefacts", soft_wrap=table is None)
    if told := earlier_code(folder):
        console.print(told, highlight=False, soft_wrap=True)


def earlier_code(folder: Path) -> str:
    """Say which results of a run rest on committed predictions that earlier code made; empty where none does.

    Those of a network that was edited in this checkout stand apart: they are not what the edit would give.
    """
    labels: dict[str, set[str]] = {}
    for record in artefact_records(folder).values():
        for one in record.get("experiments", []):
            if one.get("source_unchanged") is False:
                edits = ", ".join(one.get("made_without_edits_of", []))
                made = f"made without your edit of {edits}" if edits else "of earlier code"
                label = f"{one.get('label')} ({Path(str(record.get('notebook', ''))).stem})"
                labels.setdefault(made, set()).add(label)
    return "\n".join(
        f"From committed predictions {made} (MERLIB_REFERENCES=off trains anew): {', '.join(sorted(each))}."
        for made, each in sorted(labels.items())
    )


def _data_names(data: object) -> str:
    """Return the names in a record's ``data``: a list of sources, each a mapping with ``name``, or text."""
    if not isinstance(data, list):
        return str(data or "")
    return ", ".join(str(source.get("name", "")) if isinstance(source, dict) else str(source) for source in data)
