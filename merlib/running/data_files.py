"""Whether the files of the data that a notebook read are still those it read; nothing in them is opened."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def data_files_digest(pairs: Iterable[str]) -> str:
    """Digest of names, sizes and times of change of all files in the folders of data sources; empty for no source.

    A copy of CASME II holds gigabytes, so contents are not read: as for `make`, a file is unchanged while its size and
    its time of change stay.

    Parameters
    ----------
    pairs : iterable of str
        ``NAME=DIR``, as `merlib.datasets.parse_data` takes them. A folder that is not there has no files.
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
                continue  # a link that leads nowhere: its reader says so
            yield f"{os.path.relpath(path, folder)}\0{state.st_size}\0{state.st_mtime_ns}\n"
