"""Verbs for whoever changes the companion: notebooks, expected numbers, committed records and generated pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from merlib.cli.console import open_console

maintain_app = typer.Typer(
    help="For whoever changes merlib: build notebooks, compare and promote records, write generated pages.",
    no_args_is_help=True,
)
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Name of a run below results/runs/.")]


@maintain_app.command()
def notebooks(
    names: Annotated[list[str] | None, typer.Argument(help="Names or their beginnings (04); none means all.")] = None,
) -> None:
    """Execute notebooks/*.py with profile smoke on the synthetic twin into their .ipynb halves.

    Example: merlib maintain notebooks 04
    """
    from merlib.places import repository_root, results_folder
    from merlib.running.pairs import build_pairs

    failed = 0
    for name, complaints in build_pairs(names or [], results_folder(), repository_root()):
        said = f"[red]{name}[/]: " + "; ".join(complaints) if complaints else f"built {name}"
        open_console().print(said, highlight=False, soft_wrap=True)
        failed += bool(complaints)
    raise typer.Exit(1 if failed else 0)


@maintain_app.command()
def expected(
    run: RunArgument,
    file: Annotated[Path, typer.Argument(help="Numbers that the run must show, such as tests/expected/smoke.json.")],
    write: Annotated[bool, typer.Option("--write", help="Write the run's numbers there first.")] = False,
) -> None:
    """Compare the numbers of a run with those it must show; counts exactly, trained numbers within a tolerance.

    Example: merlib maintain expected ci-smoke tests/expected/smoke.json
    """
    from merlib.places import results_folder
    from merlib.publishing.verify.expected import compare, write_expected

    folder = results_folder() / "runs" / run
    if write:
        write_expected(folder, file)
    open_console().print(f"{compare(folder, file)} numbers of {run} agree with {file}", highlight=False, soft_wrap=True)


@maintain_app.command()
def promote(
    run: RunArgument,
    grade: Annotated[str | None, typer.Option(help="Only records of this grade, such as 'real analogue'.")] = None,
) -> None:
    """Copy a finished run's records and pictures to results/reference/, where the ledger counts them.

    Example: merlib maintain promote teach-megc2019-flow --grade "real analogue"
    """
    from merlib.places import repository_root, results_folder
    from merlib.publishing.planned.promote import promote_run

    root = repository_root()
    for new in promote_run(results_folder() / "runs" / run, root / "results" / "reference", grade):
        open_console().print(str(new.relative_to(root)), highlight=False, soft_wrap=True)


@maintain_app.command()
def pages() -> None:
    """Write what is generated: the tables of README.md from the committed records, docs/errata.md from the list."""
    from merlib.publishing.site.errata_page import write_errata_page
    from merlib.publishing.site.readme import write_readme

    for written in (write_readme(), write_errata_page()):
        open_console().print(f"wrote {written}", highlight=False, soft_wrap=True)


@maintain_app.command()
def site(
    into: Annotated[
        Path, typer.Option(help="Folder of the book; what lay in its source/ and html/ is replaced.")
    ] = Path("build/site"),
) -> None:
    """Build the book: notebooks as they ran, reference, glossary, errata, benchmarks, claims and records. No network.

    Example: merlib maintain site --into build/site
    """
    from merlib.publishing.site.book import make_book

    open_console().print(f"open {make_book(into)}", highlight=False, soft_wrap=True)
