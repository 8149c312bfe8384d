"""The verbs of ``merlib reference``: the planned runs on the public maps, and how to make what is missing."""

from __future__ import annotations

import os
from functools import partial
from typing import Annotated

import typer

from merlib.cli.console import JsonOption, open_console, show, telling_how_to_go_on
from merlib.cli.options import DeviceOption, InputWorkersOption, StoreOption
from merlib.errors import MerlibError

reference_app = typer.Typer(
    help="The planned runs on the public flow maps: which are committed, and how to train the rest.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@reference_app.command("list")
def reference_list(as_json: JsonOption = False) -> None:
    """List the planned runs in the order of their need, which seeds are missing, and UF1 where committed.

    Neither maps nor training are needed: the predictions lie in the repository.

    Example: merlib reference list
    """
    from merlib.cli.tables import frame_table
    from merlib.learning.store.references import VARIABLE, reference_root
    from merlib.places import repository_root
    from merlib.publishing.planned.archive_plan import every_planned_run
    from merlib.publishing.planned.comparisons import plan_table
    from merlib.publishing.planned.plan import planned_states

    off = os.environ.get(VARIABLE) == "off"
    if not off and reference_root() is None:
        repository_root()  # outside a checkout there are no predictions: it raises and says where they lie
    table = plan_table(planned_states(every_planned_run()))
    done = int((table["missing"] == "").sum())
    unread = "; none is read, because of MERLIB_REFERENCES=off" if off else ""
    show(frame_table(table, f"{done} of {len(table)} planned runs are complete{unread}"), table, as_json)


@reference_app.command("seal")
def reference_seal() -> None:
    """List the SHA-256 of every reference as it lies there now, in SHA256SUMS beside them.

    A reference is read only when that list names it. Training writes the list by itself; this is for files that came
    another way, such as by a merge. Look at what changed (git diff) before you commit it: what is listed is believed.

    Example: merlib reference seal
    """
    from merlib.learning.store.reference_sums import SUMS, seal
    from merlib.learning.store.references import reference_root

    root = reference_root()
    if root is None or not root.is_dir():
        raise MerlibError(f"no folder of references ({root or 'off'}).", "one.", "set MERLIB_REFERENCES, or unset it.")
    changed, dropped = seal(root)
    console = open_console()
    for word, names in (("listed", changed), ("dropped", dropped)):
        for name in names:
            console.print(f"{word} {name}", highlight=False, soft_wrap=True)
    console.print(f"{root / SUMS}: {len(changed)} new or changed, {len(dropped)} dropped", soft_wrap=True)


@reference_app.command("train")
def reference_train(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names that merlib reference list shows; none means all on the maps named that lack seeds."
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME=DIR", help="Folder of megc2019-flow or megc2019-phases; may be repeated."),
    ] = None,
    store: StoreOption = None,
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
    from merlib.datasets.registry import parse_data
    from merlib.errors import unknown_name
    from merlib.publishing.planned import archive_plan
    from merlib.publishing.planned.plan import DATA, planned_states, train_planned

    plan = archive_plan.every_planned_run()
    states = planned_states(plan)
    for name in names or ():
        if name not in states:
            raise unknown_name("planned run", name, states)
    folders = parse_data(data or [])
    if not names and not folders:
        raise MerlibError(
            f"no folder of {DATA}.",
            f"--data {DATA}=DIR with the public flow maps.",
            f"fetch them: merlib data get {DATA}.",
        )
    here = [name for name, state in states.items() if state.missing]
    here = [name for name in here if set(archive_plan.sources_of(plan[name])) <= set(folders)]
    console, todo = open_console(), names or here
    one_of_each = {plan[name].data: plan[name] for name in todo}
    samples = {data: archive_plan.open_planned(planned, folders) for data, planned in one_of_each.items()}
    for number, name in enumerate(todo, 1):
        state, seeds = states[name], " ".join(map(str, states[name].to_train))
        again = set(state.to_train) - set(state.missing)
        doing = f"seeds {seeds}" if seeds else "committed; MERLIB_REFERENCES=DIR trains it elsewhere"
        why = " (the code changed: committed seeds are trained again and replaced)" if again else ""
        console.print(f"{number} of {len(todo)}: {name}, {doing}{why}", highlight=False, soft_wrap=True)
        with telling_how_to_go_on("finished folds are kept"):
            path = train_planned(name, samples[plan[name].data], plan, store=store, workers=workers, dask=dask)
        console.print(f"  {path}", highlight=False, soft_wrap=True)


@reference_app.command("climb")
def reference_climb(
    names: Annotated[
        list[str] | None, typer.Argument(help="Rungs such as casme2-astnet-network; none means all, cheapest first.")
    ] = None,
    store: StoreOption = None,
    workers: InputWorkersOption = 1,
    device: DeviceOption = None,
) -> None:
    """Train the ladders of the networks that read clips, on the SYNTHETIC twins; each rung is written as it ends.

    Hours on two cores: what was interrupted goes on from the store, the committed is read. The predictions go to
    results/reference/, or where MERLIB_REFERENCES points.

    Example: merlib reference climb casme2-motion casme2-astnet-network
    """
    from merlib.inputs.cache import MotionCache
    from merlib.learning.store.fold_store import FoldStore
    from merlib.places import cache_folder, store_folder
    from merlib.publishing.planned.clip_ladder import climb, ladder
    from merlib.scoring import bootstrap_interval, uar
    from merlib.scoring.interval_text import value_text

    console, folds = open_console(), FoldStore(store_folder(store))
    cache = MotionCache(cache_folder(folds.root, "motion"))
    for name in names or ladder():
        with telling_how_to_go_on("finished folds are kept"):
            interval = bootstrap_interval(climb(name, cache, workers=workers, store=folds, device=device), uar)
        shown = f"{name}: UAR {value_text(*interval, '.3f')}, SYNTHETIC"
        console.print(shown, highlight=False, soft_wrap=True)


@reference_app.command("ablate")
def reference_ablate(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Runs such as uamrn-deterministic or tau-inner; none means all that lack, cheapest first."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="NAME=DIR", help="Folder of megc2019-flow, for runs on the public maps."),
    ] = None,
    store: StoreOption = None,
    workers: InputWorkersOption = 1,
    device: DeviceOption = None,
) -> None:
    """Train the planned ablation runs, on the SYNTHETIC twins and the public maps; each is written as it ends.

    About an hour on one core: what was interrupted goes on from the store, the committed is read. Without the folder
    of the maps only runs on the twins are trained. ``tau-inner`` chooses tau by inner folds of the training people.

    Example: merlib reference ablate --data megc2019-flow=DIR
    """
    from merlib.datasets.registry import parse_data
    from merlib.inputs.cache import MotionCache
    from merlib.learning.store.fold_store import FoldStore
    from merlib.places import cache_folder, store_folder
    from merlib.publishing.planned.ablation_plan import Sources, ablation_runs, train_ablation
    from merlib.publishing.planned.inner_tau import INNER, train_inner

    console, folds, folders = open_console(), FoldStore(store_folder(store)), parse_data(data or [])
    sources = Sources(MotionCache(cache_folder(folds.root, "motion")), folders, workers)
    planned = ablation_runs()
    todo = names or [
        *(name for name, each in planned.items() if each.synthetic or folders),
        *([INNER] if folders else []),
    ]
    for number, name in enumerate(todo, 1):
        with telling_how_to_go_on("finished folds are kept"):
            train = train_inner if name == INNER else partial(train_ablation, name)
            told = train(sources, store=folds, device=device)
        rows = f"{len(told)} rows, {told.attrs.get('origin', 'written')}"
        console.print(f"{number} of {len(todo)}: {name}, {rows}", highlight=False, soft_wrap=True)
