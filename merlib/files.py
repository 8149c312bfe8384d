"""Files that a reader sees whole or not at all, and the one error for a place that cannot be written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from merlib.errors import MerlibError


def unwritable(place: Path, error: OSError, instead: str = "name another folder") -> MerlibError:
    """Return the error that tells of a place which the file system refuses; arguments as of `writing_to`."""
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
        What is named where the refusal names no file.
    instead : str
        What can be done but freeing space and correcting permissions.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(Path(error.filename or place), error, instead) from error


@contextmanager
def renamed_into(path: Path, instead: str = "name another folder", durable: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place when the block ends well; else nothing is left.

    Parameters
    ----------
    path : Path
        Its folder is made.
    instead : str
        As `writing_to` takes it.
    durable : bool
        Wait until the disk has the content, so that a power cut costs no finished work. What can be computed again
        in a moment need not wait.

    Raises
    ------
    MerlibError
        When the folder is read-only or the disk is full; what was there stays.
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
    except OSError as error:  # which may name the temporary file: nobody knows that one
        raise unwritable(path if path.is_dir() else path.parent, error, instead) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
