"""The process in which a notebook is executed: its environment, its progress, and how it ended."""

from __future__ import annotations

import glob
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from merlib.files import writing_to
from merlib.processes import ScratchFolder, family, is_tracker
from merlib.running import kernel as runner_kernel
from merlib.running.plan import NotebookJob, read_notebook
from merlib.running.run_record import INSTEAD, artefact_times, artefacts_written, read_json

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

KILLED = (
    "the kernel's process was ended from outside; most often the memory did not suffice. "
    "Run again with --resume and fewer --workers or --jobs; finished folds are kept."
)


def notebook_environment(folder: Path, store: Path, workers: int, dask: str | None = None) -> dict[str, str]:
    """Return the environment of a notebook's process.

    Parameters
    ----------
    folder : Path
        Folder of the run, where artefacts go (``MERLIB_RUN_DIR``).
    store : Path
        Fold store (``MERLIB_STORE``).
    workers : int
        Number of processes in which a notebook may train its folds (``LOKY_MAX_CPU_COUNT``, which joblib obeys).
    dask : str, optional
        Address of a dask scheduler to which folds are sent instead (``MERLIB_DASK``).

    Returns
    -------
    dict of str to str
        The environment of this process with these variables, with one thread per process for numerical libraries, and
        with a fixed hash seed and date, so that results and files can be repeated.
    """
    fixed = {
        "MERLIB_RUN_DIR": str(folder),
        "MERLIB_STORE": str(store),
        "LOKY_MAX_CPU_COUNT": str(workers),
        "PYTHONHASHSEED": "0",
        **ONE_THREAD,
        **({"MERLIB_DASK": dask} if dask else {}),
    }
    return {**os.environ, "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "1704067200"), **fixed}


@dataclass
class NotebookOutcome:
    """How a notebook ended: ``done``, ``failed`` or ``skipped``, with its time, artefacts and error."""

    name: str
    state: str
    seconds: float = 0.0
    artefacts: list[str] = field(default_factory=list)
    error: dict[str, Any] | None = None
    note: str = ""


@dataclass(frozen=True)
class NotebookProgress:
    """How far a notebook is: the fraction of its cells that is done, and the cell and long step in words."""

    fraction: float
    text: str


def describe_step(step: Mapping[str, Any]) -> str:
    """Return one line on a long step, from the state that `merlib.progress` writes.

    The time left comes first, because a narrow terminal cuts off the end of the line.
    """
    name, left = f"{step.get('what', '')} {step['done']:g}/{step['total']}", step.get("seconds_left")
    return name if left is None else f"{timedelta(seconds=round(left))} left: {name}"


class NotebookProcess:
    """The running process of one notebook.

    Parameters
    ----------
    job : NotebookJob
        What to execute.
    folder : Path
        Folder of the run; the executed notebook goes to ``notebooks/``, the kernel's messages to ``logs/``.
    environment : mapping
        See `notebook_environment`; ``MERLIB_PROGRESS`` is set here.
    timeout : int
        Seconds that a single cell may take.
    """

    def __init__(self, job: NotebookJob, folder: Path, environment: Mapping[str, str], timeout: int):
        import nbformat

        self.job, self.folder = job, folder
        self.scratch = folder / "progress"
        self.log = folder / "logs" / f"{job.name}.log"
        self._cells_file = self.scratch / f"{job.name}.cells.json"
        self._step_file = self.scratch / f"{job.name}.step.json"
        self._result_file = self.scratch / f"{job.name}.result.json"
        source = self.scratch / f"{job.name}.ipynb"
        notebook = read_notebook(job.path)
        self._cells = len(notebook.cells) + bool(job.parameters)
        with writing_to(folder, INSTEAD):
            for place in (self.scratch, self.log.parent, folder / "notebooks"):
                place.mkdir(parents=True, exist_ok=True)
            self._forget()
            nbformat.write(notebook, source)
            log = self.log.open("w", encoding="utf-8")
        self._runtime = ScratchFolder("mer-")  # short, as the path of a Unix socket has at most about 100 characters
        (self._runtime.path / "tmp").mkdir()
        self._before = artefact_times(folder)
        self._began = time.monotonic()
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", runner_kernel.__file__],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                env={
                    **environment,
                    "MERLIB_PROGRESS": str(self._step_file),
                    "TMPDIR": str(self._runtime.path / "tmp"),  # removed at the end, with what a killed notebook left
                },
                start_new_session=True,  # so that Ctrl-C reaches only the runner, which then stops its notebooks
            )
        order = {
            "source": str(source),
            "output": str(folder / "notebooks" / f"{job.name}.ipynb"),
            "parameters": job.parameters,
            "cwd": str(job.path.parent),
            "timeout": timeout,
            "cells": str(self._cells_file),
            "result": str(self._result_file),
            "runtime": str(self._runtime.path),
            "scratch": [str(path) for path in self._scratch_files()],
        }
        try:
            self.process.stdin.write(json.dumps(order))
            self.process.stdin.close()
        except BrokenPipeError:  # the process has already ended; `outcome` reports why from the log
            pass

    def progress(self) -> NotebookProgress:
        """Return how far the notebook is: by its cells, and within a cell by what a long step reports."""
        cell = read_json(self._cells_file).get("cell", 0)
        step = read_json(self._step_file) if self._step_is_fresh() else {}
        total = step.get("total") or 0
        inner = min(1.0, step.get("done", 0) / total) if total else 0.0
        text = f"cell {cell + 1} of {self._cells}"
        if total and inner < 1:
            text += f", {describe_step(step)}"
        return NotebookProgress(min(1.0, (cell + inner) / max(1, self._cells)), text)

    def _step_is_fresh(self) -> bool:
        """Return whether the last report of a long step comes from the cell that runs now, not from an earlier one."""
        try:
            return self._step_file.stat().st_mtime_ns >= self._cells_file.stat().st_mtime_ns
        except FileNotFoundError:
            return False

    def outcome(self) -> NotebookOutcome | None:
        """Return how the notebook ended, or None while it runs."""
        if self.process.poll() is None:
            return None
        seconds = time.monotonic() - self._began
        result = read_json(self._result_file) or {"state": "failed", "error": self._crash()}
        if (result.get("error") or {}).get("name") == "DeadKernelError":
            result["error"]["value"] = KILLED
        written = artefacts_written(self.folder, self.job.name, self._before)
        self._forget()
        self._runtime.remove()
        return NotebookOutcome(self.job.name, result["state"], round(seconds, 1), written, result["error"])

    def _crash(self) -> dict[str, Any]:
        last = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        cell = read_json(self._cells_file).get("cell", 0)
        value = f"the notebook's process ended with status {self.process.returncode}; its last words are in {self.log}"
        return {"cell": cell, "source": "", "name": "ProcessEnded", "value": value, "traceback": last}

    def stop(self) -> None:
        """End the process, its kernel and the kernel's workers; when this returns, none of them runs any more."""
        import psutil

        below = family(self.process.pid)
        trackers = [process for process in below if is_tracker(process)]  # these end by themselves after the others
        ending = [process for process in below if process not in trackers]
        with suppress(psutil.NoSuchProcess):
            ending.append(psutil.Process(self.process.pid))
        for process in ending:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in psutil.wait_procs(ending, timeout=3)[1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        for process in psutil.wait_procs(trackers, timeout=2)[1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._forget()
        self._runtime.remove()

    def _scratch_files(self) -> tuple[Path, ...]:
        return self._cells_file, self._step_file, self._result_file, self.scratch / f"{self.job.name}.ipynb"

    def _forget(self) -> None:
        for path in self._scratch_files():
            path.unlink(missing_ok=True)
        for partial in (self.folder / "notebooks").glob(f".{glob.escape(self.job.name)}.ipynb.*.tmp"):
            partial.unlink(missing_ok=True)
