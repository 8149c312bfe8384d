"""Files of pretrained weights: tensors and a JSON record, with the start's name and a digest over all of it.

The record names the people whom the weights were trained on, which the guard against leaks reads. A start is therefore
trusted only when the digest over its tensors and record fits, and when the record names the start that was asked for.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.opening import check_zip, read_file

if TYPE_CHECKING:
    from torch import Tensor

INSTEAD = "name another folder; finished work is kept"
MOST_BYTES = 2**31  # largest start that is read: twenty times the largest network of the five papers
EXPECTED, ACTION = "a file that learning.pretrain wrote.", "call learning.pretrain (Study.pretrained) again."


def write_start_file(path: Path, start: str, state: dict[str, Tensor], record: dict) -> None:
    """Write the weights `state` and their `record` (JSON) as the start called `start`, whole or not at all.

    Raises
    ------
    MerlibError
        When the folder is read-only or the disk is full.
    """
    import torch

    told = json.dumps({**record, "start": start})
    with renamed_into(path, INSTEAD) as file:
        torch.save({"state_dict": state, "record": told, "content": _digest(state, told)}, file)


def read_start_file(path: Path, start: str) -> tuple[dict[str, Tensor], dict]:
    """Return weights and record of the start called `start`, after checking the file.

    Raises
    ------
    MerlibError
        When the file is missing, no regular file, damaged, altered, or another start.
    """
    import torch

    try:
        content = read_file(path, MOST_BYTES)
    except FileNotFoundError:
        raise MerlibError(f"no start {start[:12]} in {path.parent}.", EXPECTED, ACTION) from None
    except OSError as error:
        raise MerlibError(f"{path} is damaged ({error.strerror}).", EXPECTED, ACTION) from error
    try:
        check_zip(content, MOST_BYTES)
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        state, told, digest = loaded["state_dict"], loaded["record"], loaded["content"]
        intact = digest == _digest(state, told)
        record = json.loads(told)
        people = record["people"]
        named = isinstance(people, list) and all(isinstance(person, str) for person in people)
    except Exception as error:  # torch raises RuntimeError, EOFError, UnpicklingError ... on damage
        raise MerlibError(f"{path} is damaged ({type(error).__name__}).", EXPECTED, ACTION) from error
    if not intact or not named:
        raise MerlibError(f"{path} was altered: its digest does not fit its content.", EXPECTED, ACTION)
    if record.pop("start") != start:
        raise MerlibError(f"{path} is another start than its name says.", EXPECTED, ACTION)
    return state, record


def _digest(state: dict[str, Tensor], told: str) -> str:
    """SHA-256 of the tensors' names, types, shapes and values, and of the record's text."""
    import torch

    sha = hashlib.sha256(told.encode())
    for name, tensor in sorted(state.items()):
        values = tensor.detach().cpu().contiguous()
        sha.update(f"\n{name}:{values.dtype}:{tuple(values.shape)}:".encode())
        sha.update(values.reshape(-1).view(torch.uint8).numpy().tobytes())
    return sha.hexdigest()
