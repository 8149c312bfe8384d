"""Where the weights of the two motion networks are looked for, and how a weights file is opened safely."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

from merlib.errors import MerlibError
from merlib.sources.weights import FOLDER_VARIABLE as VARIABLE
from merlib.sources.weights import weights_folder

__all__ = ["VARIABLE", "find_weights", "open_state", "weights_folder"]


def find_weights(file_name: str, given: str | Path | None, what: str) -> Path:
    """Return the path of a weights file.

    Parameters
    ----------
    file_name : str
        Its published name.
    given : path, optional
        A file to use instead of ``weights_folder() / file_name``.
    what : str
        The network, for the message.

    Raises
    ------
    MerlibError
        When there is no such file; the message names file and folder.
    """
    path = Path(given).expanduser() if given else weights_folder() / file_name
    if not path.is_file():
        raise MerlibError(
            f"no weights for {what} at {path}.",
            f"the published file {file_name}.",
            f"put {file_name} into {path.parent} (merlib weights get), or set {VARIABLE} to its folder.",
        )
    return path


def open_state(path: Path) -> Mapping[str, object]:
    """Read a state dict with ``weights_only=True``: tensors and plain containers, no code.

    Raises
    ------
    MerlibError
        When the file is damaged, holds no mapping, or needs more than tensors.
    """
    import torch

    expected = "a PyTorch file of tensors that loads with weights_only=True."
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        action = "do not load it any other way: it could run code. Get the published file."
        raise MerlibError(f"{path}: not a file of tensors alone.", expected, action) from None
    except Exception as error:  # torch raises RuntimeError, EOFError, ValueError ... on damage
        found = f"{path}: cannot be read ({type(error).__name__})."
        raise MerlibError(found, expected, "get the file again and compare its SHA-256.") from None
    if not isinstance(state, Mapping):
        raise MerlibError(f"{path}: a {type(state).__name__}.", expected, "get the published file.")
    return state
