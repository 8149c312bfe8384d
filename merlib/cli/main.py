"""The command line: every verb is one call into a room, and heavy imports wait until the verb is called."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from merlib.cli.claims import claim, claims
from merlib.cli.console import JsonOption, open_console, show, telling_how_to_go_on
from merlib.cli.data import data_app
from merlib.cli.maintain import maintain_app
from merlib.cli.options import DataOption, ReaderOption, ResultsOption, StoreOption
from merlib.cli.reference import reference_app
from merlib.cli.sources import data_folders, reader_specs
from merlib.cli.store import store_app
from merlib.cli.verify import verify
from merlib.cli.watch import watch
from merlib.cli.weights import weights_app
from merlib.errors import MerlibError

EXAMPLES = """An executable companion to five papers on micro-expression recognition.

[bold]merlib run[/]  every notebook, smoke profile, synthetic twin

[bold]merlib run 04 --profile teach[/]  one notebook, ten folds

[bold]merlib run --data megc2019-flow=DIR[/]  on the public flow maps

[bold]merlib run --name mine --resume[/]  continue an interrupted run

[bold]merlib data get megc2019-flow[/]  fetch the public maps

[bold]merlib data check casme2=DIR[/]  is my licensed copy sound?

[bold]merlib notebooks --student DIR[/]  the notebooks without solutions, for a course

[bold]merlib claim am3f.table3[/]  what is printed, what we find, and the line that recomputes it

[bold]merlib verify[/]  every committed record computed again from its predictions

[bold]merlib status[/]  the papers' tables and figures, by grade

[bold]merlib watch talk.mp4[/]  faces and their expressions in a video of your own

[bold]merlib errata AM3F-A14[/]  what does this citation stand for?

[bold]merlib reference list[/]  the planned runs on real maps: which are committed?

[bold]merlib doctor[/]  is this machine ready?
"""

app = typer.Typer(
    help=EXAMPLES, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode="rich"
)
app.add_typer(data_app, name="data")
app.add_typer(reference_app, name="reference")
app.add_typer(weights_app, name="weights")
app.add_typer(store_app, name="store")
app.add_typer(maintain_app, name="maintain")
app.command()(watch)


def _print_version(wanted: bool) -> None:
    if wanted:
        from merlib import __version__

        print(f"merlib {__version__}")
        raise typer.Exit


@app.callback(help=EXAMPLES, no_args_is_help=True)
def merlib(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take what comes before a verb."""


def _named_values(pairs: list[str] | None) -> dict[str, str]:
    values = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals:
            raise MerlibError(f"-p {pair!r}.", "NAME=VALUE.", "for example -p clips=3.")
        values[name.strip()] = value
    return values


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@app.command()
def run(
    notebooks: Annotated[
        list[str] | None, typer.Argument(help="Names, their beginnings (04) or paths; none means all.")
    ] = None,
    profile: Annotated[str, typer.Option(help="smoke (minutes), teach (hours), paper (days).")] = "smoke",
    data: DataOption = None,
    reader: ReaderOption = None,
    on_bad_clip: Annotated[
        str, typer.Option(metavar="error|leave-out", help="A recorded clip that cannot be used stops, or is left out.")
    ] = "error",
    store: StoreOption = None,
    name: Annotated[str | None, typer.Option(help="Name of the run; default: profile and data.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Skip notebooks already done, sources unchanged.")] = False,
    jobs: Annotated[int, typer.Option(help="Notebooks at once.")] = 1,
    workers: Annotated[int | None, typer.Option(help="Processes a notebook spreads its folds over.")] = None,
    dask: Annotated[
        str | None,
        typer.Option("--dask", metavar="ADDRESS", help="Scheduler of a dask cluster that trains the folds."),
    ] = None,
    timeout: Annotated[int | None, typer.Option(help="Seconds a cell may take; default by profile.")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "-p", "--parameter", metavar="NAME=VALUE", help="Such as epochs=5, people=6, loss=ce; repeatable."
        ),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="Folder of notebooks (default: notebooks/).")
    ] = None,
    results: ResultsOption = None,
) -> None:
    """Execute notebooks into results/runs/NAME/: tables, figures and their records.

    A failing notebook is shown with its cell, the others still run, and the exit status is 1.

    Example: merlib run 04 10 --profile teach --data megc2019-flow=DIR --name first
    """
    from merlib.cli.screen import RichScreen, print_artefacts
    from merlib.running.run import RunRequest, run_notebooks

    request = RunRequest(
        notebooks=tuple(notebooks or ()),
        profile=profile,
        data=data_folders(data, reader),
        readers=reader_specs(reader),
        on_bad_clip=on_bad_clip,
        store=store,
        name=name,
        resume=resume,
        jobs=jobs,
        workers=workers,
        dask=dask,
        timeout=timeout,
        parameters=_named_values(parameter),
        notebooks_dir=source,
        results_dir=results,
    )
    signal.signal(signal.SIGTERM, _interrupt)
    console = open_console()
    kept = "what is done is kept, notebooks and folds"
    with telling_how_to_go_on(kept, "--resume"), RichScreen(console) as screen:
        outcome = run_notebooks(request, screen)
    print_artefacts(console, outcome.folder)
    if outcome.failed:
        names = ", ".join(failure.name for failure in outcome.failed)
        console.print(
            f"[red]{len(outcome.failed)} failed:[/] {names}. Mend, then give the same command with --resume.",
            highlight=False,
        )
        raise typer.Exit(1)


@app.command()
def notebooks(
    student: Annotated[
        Path, typer.Option("--student", metavar="DIR", help="Folder for the edition without solutions.")
    ],
    names: Annotated[list[str] | None, typer.Argument(help="Names or their beginnings (04); none means all.")] = None,
) -> None:
    """Write the notebooks without their solutions, for a course; exercises, hints and checks stay.

    Example: merlib notebooks --student course
    """
    from merlib.places import checkout_notebooks, repository_root
    from merlib.running.plan import find_notebooks, select_notebooks
    from merlib.running.student import write_student_edition

    chosen = select_notebooks(find_notebooks(checkout_notebooks()), names or [])
    written = write_student_edition(chosen, student.expanduser().resolve(), repository_root())
    said = f"{len(chosen)} notebooks without solutions are in {student}, {len(written)} files in all"
    open_console().print(said, highlight=False, soft_wrap=True)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show which of the papers' tables and figures exist, by grade, and how far from the reported values."""
    from merlib.cli.tables import frame_table, status_frame
    from merlib.publishing.records.ledger import grade_counts, status_table

    ledger = status_table()
    table = frame_table(status_frame(ledger), "the papers' tables and figures; gap: largest to a printed value")
    show(table, ledger, as_json)
    if not as_json:
        open_console().print(frame_table(grade_counts(ledger).reset_index(), "by grade"))


@app.command()
def errata(
    identifier: Annotated[str | None, typer.Argument(metavar="ID", help="Such as AM3F-A14; none lists all.")] = None,
) -> None:
    """Look up what is wrong or open in a paper, by the id that docstrings, notebooks and tables cite.

    Example: merlib errata AM3F-A14
    """
    from rich.markdown import Markdown

    from merlib.publishing.site.errata_page import errata_entry
    from merlib.sources.errata import find_erratum, read_errata

    chosen = [find_erratum(identifier)] if identifier else read_errata()
    open_console().print(Markdown("\n".join(errata_entry(erratum) for erratum in chosen)), highlight=False)


app.command()(claims)
app.command()(claim)
app.command()(verify)


@app.command()
def doctor(store: StoreOption = None, results: ResultsOption = None, data: DataOption = None) -> None:
    """Check this machine: versions, OpenCV, device, kernel, memory, disk, folders, weights, data; 1 when one fails."""
    from merlib.cli.doctor import diagnose, findings_table

    findings = diagnose(data_folders(data), store=store, results=results)
    open_console().print(findings_table(findings))
    raise typer.Exit(1 if any(finding.level == "fail" for finding in findings) else 0)


def main() -> None:
    """Run the command line; a MerlibError is shown in three lines, with exit status 2 and no traceback."""
    try:
        app()
    except MerlibError as error:
        if os.environ.get("MERLIB_DEBUG") == "1":
            raise
        from rich.panel import Panel

        open_console(stderr=True).print(
            Panel(_plain(str(error)), title="merlib", title_align="left", border_style="red")
        )
        sys.exit(2)


def _plain(text: str):
    from rich.text import Text

    return Text(text, overflow="fold")


if __name__ == "__main__":
    main()
