"""The errata of the five papers: what is printed, what is wrong or open, how to check it, and what we do.

The list is ``data_manifests/errata.csv``; ``docs/errata.md`` is generated from it. An id names its paper first
(``AM3F-A17``, ``UAMRN-F1``, ``CROSS-X1``), because the bare ``F1`` is a score as well. Docstrings, notebooks and
manifests cite these ids, and a test checks that each of them is in the list.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from merlib.errors import MerlibError
from merlib.places import manifests_dir

# The paper of an id and the letter of its number; Dual-ATME has two letters: C is the paper, D its published code.
PAPERS = {"AM3F": "A", "ASTNET": "B", "DUAL-ATME": "CD", "LARNET": "E", "UAMRN": "F", "CROSS": "X"}
ID = re.compile(r"\b(?:" + "|".join(f"{paper}-[{letters}]" for paper, letters in PAPERS.items()) + r")\d{1,2}[a-z]?\b")
STATUSES = ("certain", "open")
WAYS_TO_CHECK = ("arithmetic", "read", "log")


@dataclass(frozen=True)
class Erratum:
    """One place of a paper that is wrong, contradicts itself, or leaves open what an implementer must decide.

    Parameters
    ----------
    id : str
        Id such as ``AM3F-A17``; it is never given to another entry.
    paper : str
        Name of the paper, or ``several``.
    where : str
        Section, equation, table or figure; a file for entries on published code.
    printed : str
        What is printed there, shortened.
    finding : str
        What is wrong with it, or what it leaves open.
    status : {'certain', 'open'}
        ``certain`` follows from the text, from arithmetic or from a published log; ``open`` is a question that the
        paper does not answer.
    check : str
        How a reader can check it: ``arithmetic:``, ``read:`` or ``log:``, then the exact way.
    decision : str
        What this companion does; empty where nothing had to be decided.
    """

    id: str
    paper: str
    where: str
    printed: str
    finding: str
    status: str
    check: str
    decision: str


def read_errata(path: Path | None = None) -> tuple[Erratum, ...]:
    """Return all errata in the order of the list.

    Parameters
    ----------
    path : Path, optional
        A list to read instead of ``data_manifests/errata.csv``.

    Raises
    ------
    MerlibError
        For other columns, a row of another length, an id without a paper or given twice, an empty cell that must not
        be empty, and an unknown status or way to check.
    """
    path = path or manifests_dir() / "errata.csv"
    columns = list(Erratum.__dataclass_fields__)
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        if reader.fieldnames != columns:
            raise MerlibError(
                f"{path} has the columns {', '.join(reader.fieldnames or [])}.",
                f"{', '.join(columns)}.",
                "correct the first line of the file.",
            )
        errata = []
        for number, row in enumerate(reader, 2):
            if None in row or None in row.values():
                raise MerlibError(
                    f"row {number} of {path} has another number of cells than the first line.",
                    f"{len(columns)} cells.",
                    "put cells that hold a comma in double quotes.",
                )
            errata.append(Erratum(**row))
    seen: set[str] = set()
    for erratum in errata:
        _check(erratum, seen, path)
        seen.add(erratum.id)
    return tuple(errata)


def find_erratum(identifier: str) -> Erratum:
    """Return one erratum by its id, upper or lower case.

    Raises
    ------
    MerlibError
        For an id that is not in the list, with the nearest one that is. A bare number such as ``A17`` is not an id.
    """
    known = _by_id()
    wanted = str(identifier).strip().upper()
    for name, erratum in known.items():
        if name.upper() == wanted:
            return erratum
    same_number = [name for name in known if name.upper().endswith(f"-{wanted}")]
    near = same_number or get_close_matches(wanted, known, n=1)
    raise MerlibError(
        f"no erratum {identifier!r}.",
        f"one of the {len(known)} ids of data_manifests/errata.csv, such as {next(iter(known))}.",
        f"did you mean {near[0]}?" if near else "look the id up in docs/errata.md.",
    )


@cache
def _by_id() -> dict[str, Erratum]:
    return {erratum.id: erratum for erratum in read_errata()}


def _check(erratum: Erratum, seen: set[str], path: Path) -> None:
    if not ID.fullmatch(erratum.id):
        found, expected = f"the id {erratum.id!r}", "the name of a paper, a hyphen, its letter and a number: AM3F-A17"
    elif erratum.id in seen:
        found, expected = f"the id {erratum.id} twice", "each id once"
    elif erratum.status not in STATUSES:
        found, expected = f"the status {erratum.status!r} of {erratum.id}", f"one of {', '.join(STATUSES)}"
    elif erratum.check.partition(":")[0] not in WAYS_TO_CHECK:
        found, expected = (
            f"the check {erratum.check!r} of {erratum.id}",
            f"one of {', '.join(WAYS_TO_CHECK)}, then a colon",
        )
    elif empty := [name for name in ("paper", "where", "printed", "finding") if not getattr(erratum, name).strip()]:
        found, expected = f"an empty {empty[0]} of {erratum.id}", "a sentence"
    else:
        return
    raise MerlibError(f"{found} in {path}.", f"{expected}.", "correct that row of the list.")
