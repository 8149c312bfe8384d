"""The record of a run, ``run.json``: each notebook's state, always complete on disk, and what resuming may skip."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

from merlib import opening
from merlib.errors import MerlibError
from merlib.files import renamed_into, writing_to
from merlib.running.plan import NotebookJob

INSTEAD = "choose another place with --results DIR or MERLIB_RESULTS"
MOST_BYTES = 2**31  # of a file that a notebook wrote
STATES = ("waiting", "running", "done", "failed", "interrupted")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Lock the run's folder for this process; the system releases the lock however the process ends.

    Raises
    ------
    MerlibError
        When another process runs notebooks into the same folder.
    """
    import fcntl

    with writing_to(folder, INSTEAD):
        lock = (folder / ".lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MerlibError(
                f"another merlib run is writing to {folder}.",
                "one run at a time in a folder.",
                "wait for it, or choose another --name.",
            ) from error
        yield


def write_json(path: Path, content: Any) -> None:
    """Write `content` to `path` in one step: a reader sees the old file or the new one, never half of one.

    Raises
    ------
    MerlibError
        When the folder is read-only or the disk is full; an earlier file stays.
    """
    with renamed_into(path, INSTEAD) as file:
        file.write((json.dumps(content, indent=1, sort_keys=True) + "\n").encode("utf-8"))


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; an empty one when the file is absent or holds none."""
    try:
        content = opening.read_json(path, MOST_BYTES)
    except OSError:
        return {}
    return content if isinstance(content, dict) else {}


def _sha(path: Path) -> str:
    return hashlib.sha256(opening.read_file(path, MOST_BYTES)).hexdigest()


def _is_state(state: object) -> bool:
    """Whether a record's entry on a notebook has the form in which `RunRecord.set` writes it."""
    if not isinstance(state, dict):
        return False
    artefacts, products = state.get("artefacts", []), state.get("products", {})
    named = isinstance(artefacts, list) and all(isinstance(each, str) for each in artefacts)
    return named and isinstance(products, dict) and all(isinstance(each, str) for each in products.values())


class RunRecord:
    """The states of the notebooks of one run, written to ``<folder>/run.json`` at every change.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    settings : dict
        What was asked for (name, profile, data, store), recorded for people who read the record.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]):
        self.folder = folder
        self.path = folder / "run.json"
        earlier = read_json(self.path)
        notebooks = earlier.get("notebooks", {})
        told = notebooks.items() if isinstance(notebooks, dict) else ()
        self.earlier: dict[str, Any] = {name: state for name, state in told if _is_state(state)}
        self._content = {**settings, "notebooks": dict(self.earlier)}

    def set(self, job: NotebookJob, state: str, **details: Any) -> None:
        """Enter that `job` is now in `state`, with the digests of the files that it wrote, and write the record."""
        products = {path.name: _sha(path) for each in details.get("artefacts", []) for path in self._files_of(each)}
        self._content["notebooks"][job.name] = {
            "state": state,
            "parameters": job.parameters,
            "source": job.digest,
            "data_files": job.data_files,
            "seconds": None,
            "artefacts": [],
            "products": products,
            "error": None,
            **details,
        }
        write_json(self.path, self._content)

    def reason_to_run(self, job: NotebookJob) -> str | None:
        """Return why `job` cannot be skipped with ``--resume``, or None when its result is still valid."""
        before = self.earlier.get(job.name)
        if before is None:
            return "not run before"
        if before.get("state") != "done":
            return f"it was {before.get('state')}"
        if before.get("parameters") != job.parameters:
            return "its parameters changed"
        if before.get("source") != job.digest:
            return "its source, the library or a reference changed"
        if before.get("data_files", "") != job.data_files:
            return "files of its data changed"
        executed = self.folder / "notebooks" / f"{job.name}.ipynb"
        if not executed.is_file():
            return "the executed notebook is gone"
        if not read_json(executed).get("cells"):
            return "the executed notebook is damaged"
        records = self.folder / "artefacts"
        gone = [artefact for artefact in before.get("artefacts", []) if not (records / f"{artefact}.json").is_file()]
        if gone:
            return f"artefact {gone[0]} is gone"
        for name, digest in before.get("products", {}).items():
            if not (records / name).is_file():
                return f"{name} is gone"
            try:
                whole = _sha(records / name) == digest
            except OSError:
                whole = False
            if not whole:
                return f"{name} is damaged"
        return None

    def _files_of(self, artefact: str) -> list[Path]:
        """Return the files of an artefact (a file stem): its record, and files beside it with other suffixes."""
        files = sorted((self.folder / "artefacts").glob(f"{escape(artefact)}.*"))
        return [path for path in files if "." not in path.name.removeprefix(f"{artefact}.")]

    def artefacts_of(self, name: str) -> list[str]:
        """Return the artefact ids that the earlier record lists for notebook `name`."""
        return list(self.earlier.get(name, {}).get("artefacts", []))


def artefact_records(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the artefact records of a run, ``<folder>/artefacts/*.json``, by file stem (id, and edition if any)."""
    found = {path.stem: read_json(path) for path in sorted((folder / "artefacts").glob("*.json"))}
    return {name: record for name, record in found.items() if record}


def artefact_times(folder: Path) -> dict[str, int]:
    """Return when each artefact record of a run was last written (nanoseconds), by file stem."""
    times = {}
    for path in (folder / "artefacts").glob("*.json"):
        try:
            times[path.stem] = path.stat().st_mtime_ns
        except FileNotFoundError:  # it is being replaced at this moment
            continue
    return times


def artefacts_written(folder: Path, notebook: str, before: dict[str, int]) -> list[str]:
    """Return the artefacts, by file stem, that `notebook` wrote since `before` was taken by `artefact_times`."""
    now = artefact_times(folder)
    fresh = [stem for stem in sorted(now) if before.get(stem) != now[stem]]
    return [
        stem
        for stem in fresh
        if Path(str(read_json(folder / "artefacts" / f"{stem}.json").get("notebook", ""))).stem == notebook
    ]
