"""Processes that end with the one that started them, and temporary folders that do not outlive theirs.

A process that is killed cannot clean up after itself. Its workers therefore watch whether it still lives. It also locks
its temporary folders for as long as it lives; the next process removes the folders that nobody locks any more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

LOOK = 0.5  # seconds between two looks at the parent
FRESH = 60.0  # seconds for which a folder without a lock is left alone, since it may just be being made
HELD = ".held"
_watching: set[int] = set()


def end_with(parent: int) -> None:
    """End this process silently as soon as `parent` is no longer its parent.

    What a worker was computing is lost; what it had finished is already in the store.
    """
    if parent in _watching:
        return
    _watching.add(parent)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()


def worker_processes(count: int) -> dict:
    """Return the arguments for `joblib.Parallel` that start `count` worker processes which end when this one does."""
    return {"n_jobs": count, "backend": "loky", "initializer": end_with, "initargs": (os.getpid(),)}


class ScratchFolder:
    """A temporary folder of this process. Making one also removes those of its kind whose processes were killed.

    Parameters
    ----------
    prefix : str
        Beginning of the folder's name; folders with the same prefix are of one kind.
    """

    def __init__(self, prefix: str):
        _sweep(prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._lock = os.open(self.path / HELD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Remove the folder with all that it holds; a second call does nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _sweep(prefix: str) -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError):
            if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.getuid():
                continue
            if not (folder / HELD).exists():
                if time.time() - folder.stat().st_mtime > FRESH:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            lock = os.open(folder / HELD, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def family(pid: int) -> list:
    """Return all descendants of process `pid` as `psutil.Process`, the trackers of shared memory last.

    After its processes have ended, a tracker removes what they left in ``/dev/shm`` and the temporary folder, and then
    ends by itself. It must not be killed before that.
    """
    import psutil

    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return sorted(below, key=is_tracker)


def is_tracker(process) -> bool:
    """Whether a `psutil.Process` is one of the trackers that Python and loky start beside their workers."""
    import psutil

    try:
        return "resource_tracker" in " ".join(process.cmdline())
    except psutil.Error:
        return False
