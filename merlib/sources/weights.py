"""Load weights: a file is found or fetched by its registered name, checked by its digest, and opened as tensors.

The repository contains no weights; ``data_manifests/weights.yaml`` says where each file comes from and how it is
recognised. Every room calls `find_weights`, which looks in the folders of `search_folders`. A file that the default
configuration needs (``by_default`` in the registry) is fetched at that moment if it is in none of them. All other files
are fetched only by `fetch_weights` (``merlib weights get NAME``), because of their size or their licence.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from merlib.errors import MerlibError
from merlib.opening import check_zip, read_file
from merlib.sources.offline import OFFLINE_VARIABLE, is_offline
from merlib.sources.weights_fetching import fetch_weights
from merlib.sources.weights_files import (
    FOLDER_VARIABLE,
    MOST_BYTES,
    MissingWeights,
    checked_path,
    missing_weights,
    search_folders,
    weights_digest,
    weights_folder,
    weights_path,
    weights_state,
)
from merlib.sources.weights_registry import WeightsEntry, Wheel, git_blob_id, list_weights, weights_entry

__all__ = [
    "FOLDER_VARIABLE",
    "MissingWeights",
    "WeightsEntry",
    "Wheel",
    "default_weights",
    "fetch_weights",
    "find_weights",
    "git_blob_id",
    "list_weights",
    "load_state",
    "search_folders",
    "weights_digest",
    "weights_entry",
    "weights_folder",
    "weights_path",
    "weights_state",
]

ZIP = b"PK\x03\x04"
NO_WEIGHTS = {  # what a download may leave under the name of the weights, by its first bytes
    (b"<!doctype", b"<html", b"<?xml", b"<head"): "a web page, not weights",
    (b"version https://git-lfs",): "a pointer of Git LFS; the weights themselves were not fetched",
}


def default_weights() -> tuple[str, ...]:
    """Return the names of the files that the default configuration needs."""
    return tuple(entry.name for entry in list_weights() if entry.by_default)


def find_weights(name: str) -> Path:
    """Return the path of a checked weights file; a missing file that the default configuration needs is fetched.

    Raises
    ------
    MissingWeights
        When the file is missing and cannot be fetched, or is fetched only on request; the message gives its exact name
        and the folder for it.
    MerlibError
        For an unknown name, and for a file whose content is not the published one.
    """
    path = checked_path(name)
    if path is not None:
        return path
    entry = weights_entry(name)
    if entry.by_default:
        return fetch_weights(name)
    if entry.unpinned:
        raise missing_weights(name, f"a download could not be checked ({entry.unpinned})")
    error = missing_weights(name, "it is fetched only when you ask for it")
    get = f"merlib weights get {name}" + (f" with {OFFLINE_VARIABLE} unset" if is_offline() else "")
    raise MissingWeights(error.found, error.expected, f"run {get}, or {error.action}")


def load_state(path: str | Path) -> dict:
    """Read a state dict without running any code from the file: ``torch.load(weights_only=True)``, or safetensors.

    A dict inside another one under ``state_dict`` is unwrapped, and the prefix ``module.`` is removed when every name
    has it.

    Parameters
    ----------
    path : path
        A file; the suffix ``.safetensors`` decides how it is read.

    Returns
    -------
    dict of str to Tensor
        The tensors by name, on the CPU.

    Raises
    ------
    MerlibError
        When the file is damaged, is no mapping of tensors, or is a pickle with more than tensors.
    """
    import pickle

    import torch

    expected = "safetensors, or a PyTorch file of tensors that loads with weights_only=True."
    try:
        content = read_file(Path(path).expanduser(), MOST_BYTES)
        beginning = content[:256].lstrip().lower()
        if known := next((what for starts, what in NO_WEIGHTS.items() if beginning.startswith(starts)), ""):
            raise MerlibError(f"{path} is {known}.", expected, "get the file itself and compare its digest.")
        if Path(path).suffix == ".safetensors":
            from safetensors.torch import load

            state = load(content)
        else:
            if content.startswith(ZIP):
                check_zip(content, MOST_BYTES)
            state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except MerlibError:
        raise
    except OSError as error:
        found = f"{path} cannot be read ({error.strerror or type(error).__name__})."
        raise MerlibError(found, expected, "correct the path, or get the file again.") from error
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
