"""The right to train one fold, held by one process at a time, with the holder's name in the lock file.

The lock is the operating system's (``flock``), so it ends with its process, however that ends. The lock file says which
process holds it and since when, so that a waiting process can say what it waits for. The file is removed when the claim
ends.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from merlib.files import writing_to

log = logging.getLogger(__name__)

POLL = 0.02  # seconds between two tries
PATIENCE = 2.0  # seconds of waiting before the first message
REMIND = 600.0  # seconds between further messages


@contextmanager
def claimed(path: Path, key: str, instead: str) -> Iterator[None]:
    """Hold the lock at `path` until the block ends; wait while another process holds it, and say who does.

    Parameters
    ----------
    path : Path
        The lock file; its folder is made.
    key : str
        What is claimed, for the message.
    instead : str
        As `files.writing_to` takes it.
    """
    with writing_to(path.parent, instead):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _wait_for(path, key)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)  # removed while still locked, so that waiting processes notice that it is gone
        os.close(handle)


def left_behind(paths: Iterable[Path]) -> None:
    """Remove the lock files among `paths` that no process holds; the processes that made them were killed."""
    for path in paths:
        with suppress(OSError):
            if path.exists() and (handle := _try(path)) is not None:
                path.unlink(missing_ok=True)
                os.close(handle)


def _wait_for(path: Path, key: str) -> int:
    began, told = time.monotonic(), -REMIND
    while (handle := _try(path)) is None:
        waited = time.monotonic() - began
        if waited >= PATIENCE and waited - told >= REMIND:
            told = waited
            log.warning("fold store: waiting for entry %s, which %s", key[:12], _holder(path))
        time.sleep(POLL)
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
    os.truncate(handle, 0)
    os.pwrite(handle, json.dumps(holder).encode(), 0)
    return handle


def _try(path: Path) -> int | None:
    """Return the open lock file, held; None while another process holds it, or has just removed it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_ino == os.stat(path).st_ino:
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        pid, host = int(holder["pid"]), str(holder["host"])
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "another process is training."
    if host != socket.gethostname():
        return f"process {pid} on {host} has been training since {since}."
    return f"process {pid} of this machine has been training since {since}{_stopped(pid)}."


def _stopped(pid: int) -> str:
    import psutil

    try:
        stopped = psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return ""
    return f"; it is stopped: continue it (kill -CONT {pid}) or end it (kill -9 {pid}), then this run goes on" * stopped
