"""Options that several verbs take."""

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
ReaderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--reader", metavar="MODULE:FUNCTION", help="Reader of a set of your own, such as my_sets:read; repeatable."
    ),
]
ResultsOption = Annotated[
    Path | None, typer.Option("--results", metavar="DIR", help="Results folder (MERLIB_RESULTS, else results/).")
]
StoreOption = Annotated[
    Path | None, typer.Option("--store", metavar="DIR", help="Fold store (MERLIB_STORE, else <results>/store).")
]
InputWorkersOption = Annotated[int, typer.Option("--workers", help="Processes for inputs and folds.")]
DeviceOption = Annotated[
    str | None, typer.Option("--device", help="A torch device (MERLIB_DEVICE, else cuda, else cpu).")
]
