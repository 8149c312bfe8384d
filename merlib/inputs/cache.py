"""Keep results of slow estimates on disk.

The name of an entry is a SHA-256 over what is computed, its parameters, the versions of the packages that compute it,
and the content of its frames. When one of these changes, the entry is not found any more; nothing else makes it stale.
An entry is one ``.npz`` file, written under another name and renamed. Its checksums are verified on reading, and a
damaged entry is computed again.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from merlib.errors import MerlibError
from merlib.files import renamed_into

FORMAT = 1  # must be raised when an estimate changes its result
PACKAGES = ("numpy", "opencv-python", "scikit-image", "torch")

Pair = tuple[np.ndarray, np.ndarray]
Compute = Callable[[np.ndarray, np.ndarray], np.ndarray]


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def content_digest(what: str, parameters: Mapping[str, object], arrays: Sequence[np.ndarray]) -> str:
    """Return the name under which a result is kept: 64 hexadecimal digits.

    Parameters
    ----------
    what : str
        The estimate, such as ``"flow"``.
    parameters : mapping
        Everything else that changes the result, including the digests of weights; JSON values.
    arrays : sequence of array
        The frames from which it is computed.

    Raises
    ------
    MerlibError
        For a parameter that JSON cannot hold.
    """
    try:
        head = json.dumps([FORMAT, what, dict(parameters), _versions()], sort_keys=True)
    except TypeError as error:
        raise MerlibError(f"parameters of {what}: {error}.", "JSON values.", "convert arrays to lists.") from None
    digest = hashlib.sha256(head.encode())
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"|{array.dtype.str}{array.shape}|".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


class MotionCache:
    """A folder of kept results.

    Parameters
    ----------
    folder : path
        It is created by the first write. Several processes may share it.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def path(self, digest: str) -> Path:
        """Return where an entry lies."""
        return self.folder / digest[:2] / f"{digest}.npz"

    def read(self, digest: str) -> np.ndarray | None:
        """Return an entry, or None when it is absent or damaged."""
        try:
            with np.load(self.path(digest), allow_pickle=False) as entry:
                return entry["result"]
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError):
            return None

    def write(self, digest: str, result: np.ndarray) -> None:
        """Keep a result; a reader sees the complete entry or none."""
        with renamed_into(self.path(digest), durable=False) as file:
            np.savez(file, result=result)

    def get(
        self,
        what: str,
        parameters: Mapping[str, object],
        arrays: Sequence[np.ndarray],
        compute: Callable[..., np.ndarray],
    ) -> np.ndarray:
        """Return ``compute(*arrays)``; the result is read from disk when it was computed before, and kept otherwise.

        `what`, `parameters` and `arrays` name the entry, see `content_digest`.
        """
        digest = content_digest(what, parameters, arrays)
        found = self.read(digest)
        if found is None:
            found = np.asarray(compute(*arrays))
            self.write(digest, found)
        return found
