"""Verbs on the fold store: what is in it, and how to make room."""

from __future__ import annotations

from typing import Annotated

import typer

from merlib.cli.console import JsonOption, open_console, show
from merlib.cli.options import StoreOption

store_app = typer.Typer(help="The fold store: what is in it, and how to make room.", no_args_is_help=True)


@store_app.command("list")
def store_list(
    store: StoreOption = None,
    entries: Annotated[bool, typer.Option("--entries", help="One line an entry instead of one an experiment.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the finished folds and the pretrained starts, by experiment.

    Example: merlib store list --entries
    """
    from merlib.cli.tables import frame_table
    from merlib.learning.store.fold_store import FoldStore
    from merlib.learning.store.index import list_store, summarise_store
    from merlib.places import store_folder

    listed = list_store(FoldStore(store_folder(store)))
    shown = listed if entries else summarise_store(listed)
    show(frame_table(shown, f"{len(listed)} entries, {listed['size'].sum() / 1e6:.1f} MB"), shown, as_json)


@store_app.command("prune")
def store_prune(
    store: StoreOption = None,
    older: Annotated[float | None, typer.Option(metavar="DAYS", help="Entries written longer ago.")] = None,
    model: Annotated[str | None, typer.Option(help="Entries of this model; 'damaged' for unreadable ones.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it only say what would go.")] = False,
) -> None:
    """Delete finished folds and starts that match every condition given; they can be trained again.

    Example: merlib store prune --older 90 --yes
    """
    from merlib.learning.store.fold_store import FoldStore
    from merlib.learning.store.index import prune_store
    from merlib.places import store_folder

    gone = prune_store(FoldStore(store_folder(store)), older, model, dry_run=not yes)
    verb = "deleted" if yes else "would go (repeat with --yes)"
    open_console().print(f"{len(gone)} entries, {gone['size'].sum() / 1e6:.1f} MB, {verb}", highlight=False)
