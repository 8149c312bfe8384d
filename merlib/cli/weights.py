"""Verbs on published weights: which are known, which are here, fetch one."""

from __future__ import annotations

from typing import Annotated

import typer

from merlib.cli.console import JsonOption, open_console, show

weights_app = typer.Typer(help="Published weights: which are known, which are here, fetch one.", no_args_is_help=True)


@weights_app.command("list")
def weights_list(as_json: JsonOption = False) -> None:
    """List the weights files that the companion can use, and whether each is on this machine."""
    from merlib.cli.tables import weights_rows, weights_table

    show(weights_table(), weights_rows(), as_json)


@weights_app.command("get")
def weights_get(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names that merlib weights list shows; none: what the default needs.")
    ] = None,
) -> None:
    """Fetch weights files from where they are published; their digests are checked.

    Example: merlib weights get face-mesh
    """
    from merlib.sources.weights import default_weights, fetch_weights

    for name in names or default_weights():
        open_console().print(f"{name} is in {fetch_weights(name)}", highlight=False, soft_wrap=True)
