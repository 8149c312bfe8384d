"""The verbs of ``merlib reference``: the planned runs on the public maps, and how to make what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from merlib.cli.console import open_console
from merlib.errors import MerlibError

reference_app = typer.Typer(
    help="The planned runs on the public flow maps: which are committed, and how to train the rest.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@reference_app.command("list")
def reference_list() -> None:
    """List the planned runs in the order of their need, which seeds are missing, and UF1 where committed.

    Neither maps nor training are needed: the predictions lie in the repository.

    Example: merlib reference list
    """
    from merlib.cli.tables import frame_table
    from merlib.learning.store.references import reference_root
    from merlib.publishing.planned.comparisons import plan_table
    from merlib.publishing.planned.plan import planned_states

    table = plan_table(planned_states())
    done = int((table["missing"] == "").sum())
    unread = "; none is read, because of MERLIB_REFERENCES=off" if reference_root() is None else ""
    open_console().print(frame_table(table, f"{done} of {len(table)} planned runs are complete{unread}"))


@reference_app.command("train")
def reference_train(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names that merlib reference list shows; none means all that lack seeds.")
    ] = None,
    data: Annotated[
        str, typer.Option("--data", metavar="megc2019-flow=DIR", help="Folder of the public flow maps.")
    ] = "",
    store: Annotated[
        Path | None, typer.Option("--store", metavar="DIR", help="Fold store (MERLIB_STORE, else results/store).")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes the folds are spread over (default: one a core).")
    ] = None,
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="Scheduler of a dask cluster that trains the folds.")
    ] = None,
) -> None:
    """Train planned runs by the papers' unabridged recipes; each is written as it ends.

    Hours on two cores: a run that is interrupted goes on from the fold store when the command is repeated. The
    predictions go to results/reference/, or where MERLIB_REFERENCES points.

    Example: merlib reference train am3f-loso-ce --data megc2019-flow=DIR
    """
    from merlib.datasets import open_samples
    from merlib.datasets.registry import parse_data
    from merlib.errors import unknown_name
    from merlib.publishing.planned.plan import DATA, planned_states, train_planned

    states = planned_states()
    for name in names or ():
        if name not in states:
            raise unknown_name("planned run", name, states)
    folders = parse_data([data] if data else [])
    if DATA not in folders:
        raise MerlibError(
            f"no folder of {DATA}.",
            f"--data {DATA}=DIR with the public flow maps.",
            f"fetch them: merlib data get {DATA}.",
        )
    console, samples = open_console(), open_samples(DATA, folders)
    todo = names or [name for name, state in states.items() if state.missing]
    for number, name in enumerate(todo, 1):
        state, seeds = states[name], " ".join(map(str, states[name].to_train))
        again = set(state.to_train) - set(state.missing)
        doing = f"seeds {seeds}" if seeds else "committed; MERLIB_REFERENCES=DIR trains it elsewhere"
        why = " (the code changed: committed seeds are trained again and replaced)" if again else ""
        console.print(f"{number} of {len(todo)}: {name}, {doing}{why}", highlight=False, soft_wrap=True)
        path = train_planned(name, samples, store=store, workers=workers, dask=dask)
        console.print(f"  {path}", highlight=False, soft_wrap=True)


@reference_app.command("climb")
def reference_climb(
    names: Annotated[
        list[str] | None, typer.Argument(help="Rungs such as casme2-astnet-network; none means all, cheapest first.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", metavar="DIR", help="Fold store (MERLIB_STORE, else results/store).")
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes for inputs and folds.")] = 1,
    device: Annotated[str | None, typer.Option(help="A torch device (MERLIB_DEVICE, else cuda, else cpu).")] = None,
) -> None:
    """Train the ladders of ASTNet and UAMRN on the frozen SYNTHETIC twins; each rung is written as it ends.

    Hours on two cores: what was interrupted goes on from the store, the committed is read. The predictions go to
    results/reference/, or where MERLIB_REFERENCES points.

    Example: merlib reference climb casme2-motion casme2-astnet-network
    """
    from merlib.inputs.cache import MotionCache
    from merlib.learning.engine import default_store
    from merlib.learning.store.fold_store import FoldStore
    from merlib.publishing.planned.clip_ladder import climb, ladder
    from merlib.scoring import bootstrap_interval, uar

    console, folds = open_console(), FoldStore(store or default_store())
    cache = MotionCache(folds.root.parent / "cache" / "motion")
    for name in names or ladder():
        interval = bootstrap_interval(climb(name, cache, workers=workers, store=folds, device=device), uar)
        shown = f"{name}: UAR {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}], SYNTHETIC"
        console.print(shown, highlight=False, soft_wrap=True)
