"""Run notebooks without a browser, each in a process of its own, and keep a record that survives an interruption."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from merlib.clips.bad_clips import ERROR, check_policy
from merlib.errors import MerlibError
from merlib.files import writing_to
from merlib.learning.devices import check_named_device
from merlib.places import checkout_notebooks, results_folder, store_folder
from merlib.profiles import get_profile
from merlib.running.plan import RUN_PARAMETERS, NotebookJob, find_notebooks, plan_jobs, select_notebooks
from merlib.running.process import (
    NotebookOutcome,
    NotebookProcess,
    NotebookProgress,
    notebook_environment,
)
from merlib.running.rules import check_pair
from merlib.running.run_record import INSTEAD, RunRecord, alone_in

# Seconds that a cell may take, by profile; papermill itself would wait for ever.
CELL_TIMEOUT = {"smoke": 1800, "teach": 6 * 3600, "paper": 7 * 24 * 3600}
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class RunRequest:
    """What to run; every value is checked before the first notebook starts.

    Parameters
    ----------
    notebooks : tuple of str
        Names of notebooks, beginnings of names, or paths; empty means all.
    profile : str
        ``smoke``, ``teach`` or ``paper``.
    data : mapping of str to Path
        Folders of real data by source name; other sources are replaced by the synthetic twin.
    readers : tuple of str
        Readers of data sets of the user's own, ``module:function`` or ``NAME=module:function``.
    on_bad_clip : str
        Policy for a recorded clip that cannot be used: ``error`` stops, ``leave-out`` goes on without it.
    store : Path, optional
        Fold store, by default ``MERLIB_STORE`` or ``<results>/store``.
    name : str, optional
        Name of the run, by default ``<profile>-twin`` or ``<profile>-<data names>``.
    resume : bool
        Skip the notebooks that this run has already finished with the same source, data and parameters.
    jobs : int
        How many notebooks are executed at the same time.
    workers : int, optional
        Number of processes in which a notebook may train its folds; by default the number of cores divided by `jobs`.
    dask : str, optional
        Address of a dask scheduler to which notebooks send their folds.
    timeout : int, optional
        Seconds that a cell may take; the default depends on the profile.
    parameters : mapping
        Further notebook parameters; an undeclared one is an error.
    notebooks_dir, results_dir : Path, optional
        Folders of notebooks and of results. Defaults are ``notebooks/`` of the checkout, and ``MERLIB_RESULTS`` or
        ``results/`` of the checkout.
    """

    notebooks: tuple[str, ...] = ()
    profile: str = "smoke"
    data: Mapping[str, Path] = field(default_factory=dict)
    readers: tuple[str, ...] = ()
    on_bad_clip: str = ERROR
    store: Path | None = None
    name: str | None = None
    resume: bool = False
    jobs: int = 1
    workers: int | None = None
    dask: str | None = None
    timeout: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    notebooks_dir: Path | None = None
    results_dir: Path | None = None


@dataclass(frozen=True)
class RunOutcome:
    """The folder of a run and how each of its notebooks ended."""

    folder: Path
    notebooks: tuple[NotebookOutcome, ...]

    @property
    def failed(self) -> tuple[NotebookOutcome, ...]:
        """The notebooks that failed."""
        return tuple(outcome for outcome in self.notebooks if outcome.state == "failed")


class Screen(Protocol):
    """What a run calls to report its progress; every method may do nothing."""

    def begin(self, folder: Path, names: list[str]) -> None: ...
    def started(self, name: str) -> None: ...
    def progress(self, name: str, progress: NotebookProgress) -> None: ...
    def ended(self, outcome: NotebookOutcome) -> None: ...


class SilentScreen:
    """A screen that shows nothing."""

    def begin(self, folder: Path, names: list[str]) -> None: ...
    def started(self, name: str) -> None: ...
    def progress(self, name: str, progress: NotebookProgress) -> None: ...
    def ended(self, outcome: NotebookOutcome) -> None: ...


def run_name(request: RunRequest) -> str:
    """Return the name of the run, after checking that it is a plain folder name.

    Raises
    ------
    MerlibError
        For characters other than letters, digits, ``.``, ``_`` and ``-``; papermill, for instance, formats braces.
    """
    name = request.name or "-".join([request.profile, *(sorted(request.data) or ["twin"])])
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise MerlibError(f"run name {name!r}.", "letters, digits, '.', '_' and '-'.", "choose another --name.")
    return name


def run_notebooks(request: RunRequest, screen: Screen | None = None) -> RunOutcome:
    """Execute the notebooks of `request` and record each one's state in ``<results>/runs/<name>/run.json``.

    A failing notebook does not stop the others. On an interruption (Ctrl-C, or SIGTERM turned into KeyboardInterrupt)
    the notebooks that are running are ended and marked ``interrupted``, and the exception is raised again.

    Parameters
    ----------
    request : RunRequest
        What to run.
    screen : Screen, optional
        Where progress is shown; by default nowhere.

    Returns
    -------
    RunOutcome
        The folder of the run, and how each notebook ended.

    Raises
    ------
    MerlibError
        Before anything runs: for an unknown profile, notebook or parameter, a value of the wrong type, a results
        folder that cannot be written, or another run in the same folder.
    """
    screen = screen or SilentScreen()
    get_profile(request.profile)
    for label, count in (("--jobs", request.jobs), ("--workers", request.workers), ("--timeout", request.timeout)):
        if count is not None and count < 1:
            raise MerlibError(f"{label} {count}.", "a number from 1 on.", f"choose another {label}.")
    results = results_folder(request.results_dir)
    store = store_folder(request.store, request.results_dir)
    settings = {
        "name": run_name(request),
        "profile": request.profile,
        "data": [f"{name}={Path(folder).resolve()}" for name, folder in sorted(request.data.items())],
        "store": str(store),
    }
    if request.readers:
        settings["readers"] = list(request.readers)
    if check_policy(request.on_bad_clip) != ERROR:
        settings["on_bad_clip"] = request.on_bad_clip
    check_named_device()
    named = [Path(each).expanduser() for each in request.notebooks]
    all_are_files = named and all(path.suffix in (".ipynb", ".py") and path.is_file() for path in named)
    available = {} if all_are_files else find_notebooks(request.notebooks_dir or checkout_notebooks())
    chosen = select_notebooks(available, request.notebooks)
    for path in chosen.values():
        if path not in {each.resolve() for each in named}:  # a path says which half of a pair is meant
            check_pair(path)
    jobs = plan_jobs(chosen, {key: settings[key] for key in RUN_PARAMETERS if key in settings}, request.parameters)
    folder = results / "runs" / settings["name"]
    with writing_to(folder, INSTEAD):
        folder.mkdir(parents=True, exist_ok=True)
        store.mkdir(parents=True, exist_ok=True)
    screen.begin(folder, [job.name for job in jobs])
    with alone_in(folder):
        outcomes = _execute(jobs, RunRecord(folder, settings), request, store, screen)
    return RunOutcome(folder, tuple(outcomes[job.name] for job in jobs))


def _execute(
    jobs: list[NotebookJob], record: RunRecord, request: RunRequest, store: Path, screen: Screen
) -> dict[str, NotebookOutcome]:
    workers = request.workers or max(1, (os.cpu_count() or 1) // request.jobs)
    environment = notebook_environment(record.folder, store, workers, request.dask)
    timeout = request.timeout or CELL_TIMEOUT[request.profile]
    outcomes: dict[str, NotebookOutcome] = {}
    waiting: deque[NotebookJob] = deque()
    reasons: dict[str, str] = {}
    for job in jobs:
        reason = record.reason_to_run(job) if request.resume else "asked for"
        if reason is None:
            outcomes[job.name] = NotebookOutcome(
                job.name, "skipped", artefacts=record.artefacts_of(job.name), note="done before, its products are whole"
            )
            screen.ended(outcomes[job.name])
        else:
            record.set(job, "waiting")
            waiting.append(job)
            reasons[job.name] = reason
    running: dict[str, NotebookProcess] = {}
    try:
        while waiting or running:
            while waiting and len(running) < request.jobs:
                job = waiting.popleft()
                record.set(job, "running")
                running[job.name] = NotebookProcess(job, record.folder, environment, timeout)
                screen.started(job.name)
            for name, process in list(running.items()):
                outcome = process.outcome()
                if outcome is None:
                    screen.progress(name, process.progress())
                    continue
                del running[name]
                outcome.note = "; ".join(filter(None, (process.job.note, reasons[name] if request.resume else "")))
                outcomes[name] = outcome
                record.set(
                    process.job,
                    outcome.state,
                    seconds=outcome.seconds,
                    artefacts=outcome.artefacts,
                    error=outcome.error,
                )
                screen.ended(outcome)
            time.sleep(POLL_SECONDS if running else 0)
    except BaseException:
        for process in running.values():
            process.stop()
        with suppress(MerlibError):  # a full disk must not hide why the run ended
            for process in running.values():
                record.set(process.job, "interrupted")
        raise
    return outcomes
