"""Verbs for whoever changes the companion: notebooks, expected numbers, committed records and generated pages."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from merlib.cli.console import open_console, telling_how_to_go_on
from merlib.cli.options import DataOption, StoreOption

maintain_app = typer.Typer(
    help="For whoever changes merlib: build notebooks, compare, link and promote records, write pages and the deposit.",
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
    """Compare the numbers of a run with those it must show, each as near as its kind allows.

    Counts and numbers from committed predictions must agree exactly. What the run trained or measured itself may differ
    by .1 of a share, and by one over the root of the number of clips where those are fewer than a hundred; where they
    are fewer than ten, the number must only be there. Measured times are never compared.

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
def laboratory(
    data: DataOption = None,
    store: StoreOption = None,
    model: Annotated[list[str] | None, typer.Option(help="ststnet or linear; none means both.")] = None,
) -> None:
    """Train the leakage laboratory of notebook 14 in ten folds, three seeds, and keep its predictions in results/leaky.

    LEAKY: what it makes is no result, and whatever reads honest results refuses it. Give it again to go on.

    Example: merlib maintain laboratory --data megc2019-flow=data/megc2019-flow
    """
    from merlib.datasets.registry import open_samples, parse_data
    from merlib.learning.leaky.laboratory import run_laboratory
    from merlib.places import repository_root, store_folder

    samples = open_samples("megc2019-flow", parse_data(data or [], ()))
    folder, cache = repository_root() / "results" / "leaky", (store or store_folder()) / "leaky"
    say = partial(open_console().print, highlight=False, soft_wrap=True)
    with telling_how_to_go_on("finished trainings are kept"):
        for name in model or ("ststnet", "linear"):
            run_laboratory(name, samples, cache, folder, say)


@maintain_app.command()
def links() -> None:
    """Write into every committed record which file of predictions it rests on, its SHA-256, code and processor.

    Numbers stay as they are. Needed after references were trained or merged; merlib verify says whether it is.

    Example: merlib maintain links
    """
    from merlib.places import repository_root
    from merlib.publishing.verify.links import link_records

    changed, lost = link_records(repository_root() / "results" / "reference")
    for name in changed:
        open_console().print(name, highlight=False, soft_wrap=True)
    for name in lost:
        open_console().print(f"no committed predictions: {name}", highlight=False, soft_wrap=True)


@maintain_app.command()
def deposit(
    file: Annotated[
        Path | None, typer.Argument(help="The archive; default: results/deposit/merlib-VERSION.zip.")
    ] = None,
) -> None:
    """Write one archive to deposit: code, records, predictions, environment, and RO-Crate metadata.

    merlib verify accepts it on its own: merlib verify --reference FILE.zip, or unpacked anywhere.

    Example: merlib maintain deposit
    """
    import merlib
    from merlib.places import repository_root, results_folder
    from merlib.publishing.site.deposit import write_deposit

    target = file or results_folder() / "deposit" / f"merlib-{merlib.__version__}.zip"
    count = write_deposit(repository_root(), target)
    said = f"{target}: {count} files, {target.stat().st_size / 1e6:.1f} MB"
    open_console().print(said, highlight=False, soft_wrap=True)


@maintain_app.command()
def pages() -> None:
    """Write what is generated: the tables of README.md from records, docs/errata.md, licensee.md and lessons.md."""
    from merlib.publishing.site.errata_page import write_errata_page
    from merlib.publishing.site.lessons_page import write_lessons_page
    from merlib.publishing.site.licensee import write_licensee
    from merlib.publishing.site.readme import write_readme

    for written in (write_readme(), write_errata_page(), write_licensee(), write_lessons_page()):
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
