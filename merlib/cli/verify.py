"""``merlib verify``: is what is recorded what the predictions give, and do folds trained again give the predictions?"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from merlib.cli.console import JsonOption, open_console, show, telling_how_to_go_on
from merlib.cli.options import DataOption, StoreOption
from merlib.errors import MerlibError
from merlib.progress import telling

if TYPE_CHECKING:
    import pandas as pd

STYLES = {"green": "green", "red": "bold red", "open": "dim"}


def verify(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[A B]", help="Two runs of your own to compare: names, folders, or files of aggregates."
        ),
    ] = None,
    fold: Annotated[
        str | None, typer.Option(metavar="NAME", help="Train this fold again, such as casme2-sub17 or fold03.")
    ] = None,
    sample: Annotated[int, typer.Option(metavar="N", help="Train N folds again, drawn at random.")] = 0,
    draw: Annotated[int, typer.Option(help="Seed of that draw; the same seed draws the same folds.")] = 0,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="RUN", help="Only these: a planned run or a part of a path; may be repeated."),
    ] = None,
    data: DataOption = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            metavar="DIR|ZIP",
            help="Verify this folder, or a deposit (.zip), in place of results/reference.",
        ),
    ] = None,
    store: StoreOption = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the verdicts as one page.")] = None,
    aggregates: Annotated[
        Path | None,
        typer.Option(
            "--aggregates", metavar="FILE", help="Write what of run A may be sent around: no clip, no file name."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify what is committed: every record computed again, folds trained again, or two runs compared.

    [bold]merlib verify[/]  every committed record and reference from its predictions; minutes, no data needed

    [bold]merlib verify --only am3f-loso-lasce[/]  one planned run's predictions, and the records that rest on it

    [bold]merlib verify --fold casme2-sub17 --only am3f-loso-lasce --data megc2019-flow=DIR[/]  that fold trained again

    [bold]merlib verify --sample 5 --data megc2019-flow=DIR[/]  five folds drawn at random

    [bold]merlib verify --reference merlib-0.1.0.zip[/]  a deposit, on its own

    [bold]merlib verify mine yours.json[/]  two runs, number by number

    [bold]merlib verify mine --aggregates mine.json[/]  what may be sent around

    Hashes are not enough: whoever changes a file can renew them. What is compared are the organisers' list, the
    protocol's rule of who is tested where, the metrics' definitions, the recipe's epochs, and folds trained again. A
    fold is [bold]identical[/] (scores but for rounding), of the [bold]same class[/], or it [bold]differs[/]. Exit
    status 1 when anything is red.
    """
    if runs:
        if fold or sample or only or len(runs) > 2:
            raise MerlibError(
                "runs to compare beside other wishes.", "one of the two.", "merlib verify A B, or options."
            )
        table, title = _runs(runs, aggregates)
    elif fold or sample:
        table, title = _folds(fold or "", sample, draw, only or [], data, reference, store)
    else:
        table, title = _committed(only or [], reference)
    if table is not None:
        _tell(table, title, html, as_json)


@contextmanager
def _opened(chosen: Path | None) -> Iterator[tuple[Path, Path | None]]:
    """Yield the folder of references and records, and the unpacked deposit that it lies in, where it does."""
    import tempfile

    from merlib.learning.store.references import reference_root
    from merlib.places import repository_root
    from merlib.publishing.site.deposit import METADATA, unpacked_deposit

    with tempfile.TemporaryDirectory(prefix="merlib-deposit-") as scratch:
        root = chosen or reference_root() or repository_root() / "results" / "reference"
        if root.is_file():
            root = unpacked_deposit(root, Path(scratch))
        deposit = root if (root / METADATA).is_file() else None
        root = deposit / "results" / "reference" if deposit else root
        if not root.is_dir():
            expected = "a folder of references and records, or a deposit."
            raise MerlibError(f"{root} is no folder.", expected, "name one: --reference DIR or FILE.zip.")
        yield root.resolve(), deposit


def _committed(only: list[str], reference: Path | None) -> tuple[pd.DataFrame, str]:
    from merlib.publishing.site.deposit import check_deposit
    from merlib.publishing.verify.committed import verify_committed
    from merlib.publishing.verify.finding import Finding, findings_table

    with _opened(reference) as (root, deposit):
        with telling_how_to_go_on("nothing was changed"), telling("computing again") as told:
            found = verify_committed(root, told, only)
        if deposit:
            wrong = check_deposit(deposit)
            agreed = [] if wrong else ["every file is the one that the metadata describe"]
            found.append(Finding("ro-crate-metadata.json", "deposit", agreed, wrong))
        name = deposit.name if deposit else root.name
    return findings_table(found), f"verification of {name}, computed again from its predictions"


def _folds(
    fold: str,
    sample: int,
    draw: int,
    only: list[str],
    data: list[str] | None,
    reference: Path | None,
    store: Path | None,
) -> tuple[pd.DataFrame, str]:
    from merlib.cli.sources import data_folders
    from merlib.places import store_folder
    from merlib.publishing.verify.committed import read_committed
    from merlib.publishing.verify.finding import findings_table
    from merlib.publishing.verify.opening import Opener, chosen_references, within_reach
    from merlib.publishing.verify.retraining import choose_folds, fold_finding, verify_folds

    with _opened(reference) as (root, _):
        references, found = read_committed(root)
    opener = Opener(data_folders(data))
    here, reasons = within_reach(chosen_references(references, only), opener)
    if not here:
        why = next(iter(reasons.values()), "there is no reference")
        action = "name the maps: --data megc2019-flow=DIR (merlib data get megc2019-flow --into DIR)."
        raise MerlibError(f"no fold can be trained again: {why}.", "a reference and its samples.", action)
    chosen = choose_folds(here, fold, sample, draw)
    seconds = sum(each.reference.seconds for each in chosen)
    said = f"{len(chosen)} folds to train, about {max(1, round(seconds / 60))} min where they were trained before"
    open_console(stderr=True).print(said, highlight=False)
    with telling_how_to_go_on("folds trained again are kept"), telling("training again") as told:
        names = [f"{each.reference.experiment.label}, {each.fold}" for each in chosen]
        again = verify_folds(
            chosen,
            opener.samples,
            store_folder(store) / "verified",
            lambda number, each: told and told(number - 1, len(chosen), names[number - 1]),
        )
    table = findings_table(
        [*found, *(fold_finding(one, each.reference) for one, each in zip(again, chosen, strict=True))]
    )
    return table, "folds trained again"


def _runs(runs: list[str], aggregated: Path | None) -> tuple[pd.DataFrame | None, str]:
    import json

    from merlib.files import renamed_into
    from merlib.places import results_folder
    from merlib.publishing.verify.two_runs import compare_runs, read_run

    below = results_folder() / "runs"
    places = [Path(run) if Path(run).exists() else below / run for run in runs]
    told = [read_run(place) for place in places]
    if aggregated:
        with renamed_into(aggregated) as file:
            file.write((json.dumps(told[0], indent=1, ensure_ascii=False) + "\n").encode())
        said = f"{aggregated}: {len(told[0]['results'])} results of {runs[0]}, no clip and no file name"
        open_console(stderr=True).print(said, highlight=False, soft_wrap=True)
    if len(told) == 1:
        if not aggregated:
            raise MerlibError(
                "one run.", "two runs to compare.", "merlib verify A B, or merlib verify A --aggregates FILE."
            )
        return None, ""
    return compare_runs(*told), f"{runs[0]} (A) against {runs[1]} (B)"


def _tell(table: pd.DataFrame, title: str, html: Path | None, as_json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from merlib.cli.tables import cell_text
    from merlib.files import renamed_into
    from merlib.publishing.verify.page import summary, verification_page

    counts = {colour: int((table["verdict"] == colour).sum()) for colour in STYLES}
    if html:
        command = shlex.join(["merlib", *sys.argv[1:]])
        with renamed_into(html) as file:
            file.write(verification_page(title, table, counts, command).encode("utf-8"))
    shown = Table(title=title, title_justify="left")
    for column in table.columns:
        shown.add_column(str(column), overflow="fold", no_wrap=column == "verdict")
    for row in table.itertuples(index=False):
        shown.add_row(*(Text(cell_text(value)) for value in row), style=STYLES[row[0]] if row[0] != "green" else None)
    show(shown, table, as_json)
    open_console(stderr=True).print(summary(counts), style=STYLES["red"] if counts["red"] else None, highlight=False)
    if counts["red"]:
        raise typer.Exit(1)
