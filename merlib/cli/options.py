"""Options that several verbs take, and how ``NAME=DIR`` pairs are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="NAME=DIR", help="Folder of real data; repeatable. What is missing runs on the twin."
    ),
]
ResultsOption = Annotated[
    Path | None, typer.Option("--results", metavar="DIR", help="Results folder (MERLIB_RESULTS, else results/).")
]
StoreOption = Annotated[
    Path | None, typer.Option("--store", metavar="DIR", help="Fold store (MERLIB_STORE, else <results>/store).")
]


def data_folders(pairs: list[str] | None) -> dict[str, Path]:
    """Read ``NAME=DIR`` pairs into absolute folders by source name; a wrong one is an error with the valid names."""
    if not pairs:
        return {}
    from merlib.datasets.registry import parse_data

    return {name: folder.resolve() for name, folder in parse_data(pairs).items()}
