"""Find out whether the data files that a notebook read have changed since, without opening them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def data_files_digest(pairs: Iterable[str]) -> str:
    """Return a digest of names, sizes and times of change of all files in the folders of data sources.

    It is empty when there is no source. A copy of CASME II holds gigabytes, so contents are not read: a file counts as
    unchanged while its size and its time of change are the same.

    Parameters
    ----------
    pairs : iterable of str
        Pairs ``NAME=DIR``, as `merlib.datasets.parse_data` takes them. A folder that does not exist counts as empty.
    """
    pairs = list(pairs)
    if not pairs:
        return ""
    digest = hashlib.sha256()
    for pair in pairs:
        name, _, folder = pair.partition("=")
        digest.update(f"{name.strip()}\n".encode())
        for line in sorted(_files(Path(folder.strip()).expanduser())):
            digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:20]


def _files(folder: Path) -> Iterator[str]:
    """Yield one line for each file below a folder; links to folders are followed, each folder once."""
    seen: set[str] = set()
    for place, below, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        for name in names:
            path = os.path.join(place, name)
            try:
                state = os.stat(path)
            except OSError:
                continue  # a dangling link, which the reader of the data will report
            yield f"{os.path.relpath(path, folder)}\0{state.st_size}\0{state.st_mtime_ns}\n"
