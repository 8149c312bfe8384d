"""The committed list of the references' checksums: ``SHA256SUMS`` beside their folders, as ``sha256sum`` writes it.

``sha256sum --check SHA256SUMS`` in that folder checks all references without merlib.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.learning.store.claims import claimed
from merlib.opening import read_file

SUMS = "SHA256SUMS"
MOST_BYTES = 2**28  # of a reference
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
_SEAL = "restore it from the repository (git checkout), or, for files of your own: merlib reference seal."


def read_sums(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every listed file by its path below `root`; empty when there is no list.

    Raises
    ------
    MerlibError
        For a list that cannot be read, or names a file twice.
    """
    path = root / SUMS
    try:
        lines = read_file(path).decode("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise MerlibError(f"{path} cannot be read ({error}).", "a list as sha256sum writes it.", _SEAL) from error
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None or match.group(2) in sums:
            raise MerlibError(f"{path} line {number} is odd.", "a SHA-256, two spaces, a path, each once.", _SEAL)
        sums[match.group(2)] = match.group(1)
    return sums


def listed_sum(path: Path, root: Path) -> str:
    """Return the SHA-256 that the list of `root` gives for the file at `path`.

    Raises
    ------
    MerlibError
        When the list does not name the file, so that nothing says what it should hold.
    """
    name = path.relative_to(root).as_posix()
    sums = read_sums(root)
    if name not in sums:
        raise MerlibError(f"{path} is not listed in {root / SUMS}.", "a reference that the list names.", _SEAL)
    return sums[name]


def note_sum(path: Path, root: Path) -> None:
    """Write the SHA-256 of the reference at `path` into the list of `root`; the other lines stay."""
    _rewrite(root, lambda sums: sums | {path.relative_to(root).as_posix(): _sum(path)})


def seal(root: Path) -> tuple[list[str], list[str]]:
    """Write the list anew from the references that lie below `root` now.

    Returns
    -------
    changed, dropped : list of str
        Paths below `root` that were added or have another checksum, and those that are no longer listed.

    Notes
    -----
    Whatever is listed is trusted from then on. Use it for folders of your own and after a merge, and look at the result
    (``git diff``) before you commit it.
    """
    now = {path.relative_to(root).as_posix(): _sum(path) for path in sorted(root.glob("*/predictions/*.parquet"))}
    before: dict[str, str] = {}

    def renew(sums: dict[str, str]) -> dict[str, str]:
        before.update(sums)
        return now

    _rewrite(root, renew)
    changed = [name for name, digest in now.items() if before.get(name) != digest]
    return changed, sorted(before.keys() - now.keys())


def _rewrite(root: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    with claimed(root / ".sums.lock", SUMS, "name another folder"):  # trainings that end together each add a line
        sums = change(read_sums(root))
        text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        with renamed_into(root / SUMS) as file:
            file.write(text.encode("utf-8"))


def _sum(path: Path) -> str:
    return hashlib.sha256(read_file(path, MOST_BYTES)).hexdigest()
