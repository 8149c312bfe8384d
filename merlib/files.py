"""Write files so that a reader sees them whole or not at all, and report places that cannot be written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from merlib.errors import MerlibError


def unwritable(place: Path, error: OSError, instead: str = "name another folder") -> MerlibError:
    """Return the error for a place where the file system refuses to write; `instead` is as in `writing_to`."""
    return MerlibError(
        f"{place} cannot be written ({error.strerror or error}).",
        "a folder with room that you may write to.",
        f"free space, correct the permissions, or {instead}.",
    )


@contextmanager
def writing_to(place: Path, instead: str = "name another folder") -> Iterator[None]:
    """Turn a refusal of the file system (read-only, full, a file in the way) into a MerlibError about `place`.

    Parameters
    ----------
    place : Path
        Named in the error when the file system names no file.
    instead : str
        What else the error advises, besides freeing space and correcting permissions.

    Raises
    ------
    MerlibError
        Instead of any OSError of the block.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(Path(error.filename or place), error, instead) from error


@contextmanager
def renamed_into(path: Path, instead: str = "name another folder", durable: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that replaces `path` when the block succeeds and is removed when it fails.

    Parameters
    ----------
    path : Path
        The file to write; its folder is created.
    instead : str
        As in `writing_to`.
    durable : bool
        Whether to wait until the disk has the content, so that a power cut costs no finished work. What can be
        computed again in a moment need not wait.

    Raises
    ------
    MerlibError
        When the folder is read-only or the disk is full; an earlier file at `path` stays.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:  # it may name the temporary file, which would mean nothing to the user
        raise unwritable(path if path.is_dir() else path.parent, error, instead) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
