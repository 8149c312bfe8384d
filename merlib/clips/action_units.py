"""Read action units from a cell of an annotation sheet, and count how often each occurs.

CASME II writes ``4+L10`` or ``R12+15``; SAMM adds intensities (``12B``). A question mark says that the coder doubted
the unit. ``or`` separates readings between which the coder could not decide; inside brackets it concerns only that part
of the cell. SAMM also writes ``ref(7B)`` for a unit that the neutral face shows too, ``10A/B`` for an intensity from A
to B, and ``A/L12`` for two marks of one unit. Remarks (``soft focus``) may stand between units; they are not units.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from merlib.errors import MerlibError

_READINGS = re.compile(r"\s+or\s+|\|", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[+,&;/\s]\s*")
_REFERENCE = re.compile(r"\bref\s*\(([^()]*)\)", re.IGNORECASE)
_BRACKETS = re.compile(r"\(([^()]*)\)")
_LEVELS = re.compile(r"(?<=\d)([A-E])\s*/\s*([A-E])\b", re.IGNORECASE)  # 10A/B: one unit, not two
_MARKS = re.compile(r"\b([LRABTU])\s*/\s*([LRABTU])(?=\s*\d)", re.IGNORECASE)  # A/L12: one unit with two marks
_MOST_READINGS = 8  # per cell: each pair of brackets multiplies the readings
_LOOSE = re.compile(r"\b(AU|[LR])\s+(?=\d)", re.IGNORECASE)
_UNIT = re.compile(
    r"(?P<doubt>\?)?(?P<side>[LRABTU])?(?:AU)?(?P<side2>[LR])?0*(?P<number>\d{1,2})(?P<level>[A-E](?:-[A-E])?)?"
)
_ONE_SIDED = {"L", "R"}
HIGHEST = 70  # the coding system's numbers end with 69 (head and eyes), 70 is "not visible"


class ActionUnit(NamedTuple):
    """One action unit of a clip.

    Attributes
    ----------
    number : int
        Number in the Facial Action Coding System, from 1 to `HIGHEST`.
    side : str
        ``L`` or ``R``, the side that moves; empty for both sides, or when the sheet does not say.
    level : str
        Intensity ``A`` to ``E``, ``A-B`` for one in between, or empty.
    doubtful : bool
        Whether the coder put a question mark.
    reading : int
        0 for the first reading, 1 for what stands after ``or``, and so on.
    """

    number: int
    side: str = ""
    level: str = ""
    doubtful: bool = False
    reading: int = 0

    def __str__(self) -> str:
        return f"{self.side}{self.number}{self.level}{'?' if self.doubtful else ''}"


def parse_action_units(cell: object) -> tuple[ActionUnit, ...]:
    """Read a cell of action units.

    Parameters
    ----------
    cell : str, int or None
        For example ``"R12+15 or 4+L10"``, ``12``, ``"AU4B + 7?"``; nothing for None, NaN, an empty cell or ``"/"``.

    Returns
    -------
    tuple of ActionUnit
        In the order written. ``A``, ``B``, ``T`` and ``U`` in front of a number (bilateral, top, unilateral ...)
        leave the side open.

    Raises
    ------
    MerlibError
        For a part that is no action unit; the message counts parts and does not repeat the cell.

    See Also
    --------
    read_action_units : keeps what is readable.

    Examples
    --------
    >>> [str(unit) for unit in parse_action_units("R12+15 or 4+L10")]
    ['R12', '15', '4', 'L10']
    """
    units, unread = read_action_units(cell)
    if unread:
        raise MerlibError(
            f"{unread} parts of an action-unit cell are no action unit.",
            f"a number from 1 to {HIGHEST}, with L or R before it, a level A to E or ? behind it, joined by +.",
            "correct the cell, or read what is readable with read_action_units.",
        )
    return units


def read_action_units(cell: object) -> tuple[tuple[ActionUnit, ...], int]:
    """Read what is readable in a cell of action units.

    Parameters
    ----------
    cell : str, int or None
        As for `parse_action_units`.

    Returns
    -------
    units : tuple of ActionUnit
        In the order written.
    unread : int
        How many different parts of the cell are not action units. Each word of a remark counts by itself.
    """
    if cell is None or cell != cell:
        return (), 0
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = _LOOSE.sub(r"\1", str(cell).strip().replace("？", "?"))
    if text in ("", "/", "-"):
        return (), 0
    text = _MARKS.sub(r"\1\2", _LEVELS.sub(r"\1-\2", _REFERENCE.sub(r"\1", text)))
    units: list[ActionUnit] = []
    unread: set[str] = set()
    for reading, part in enumerate(_readings(text)):
        pieces = [piece for piece in _BETWEEN.split(re.sub(r"\s+\?", "?", part.strip())) if piece]
        read = [(piece, _one(piece, reading)) for piece in pieces]
        units += [unit for _, unit in read if unit is not None]
        unread.update(piece for piece, unit in read if unit is None)
    return tuple(units), len(unread)


def _readings(text: str) -> list[str]:
    """Return the readings of a cell: ``(R6 or R12)+R15`` is ``R6+R15`` and ``R12+R15``."""
    inside = _BRACKETS.search(text)
    if not inside:
        return _READINGS.split(text)
    options = _READINGS.split(inside.group(1))
    spread = [text[: inside.start()] + option + text[inside.end() :] for option in options]
    return [reading for each in spread for reading in _readings(each)][:_MOST_READINGS]


def _one(piece: str, reading: int) -> ActionUnit | None:
    doubtful = piece.endswith("?")
    match = _UNIT.fullmatch(piece.rstrip("?").upper())
    if not match or not 1 <= int(match["number"]) <= HIGHEST:
        return None
    side = match["side2"] or match["side"] or ""
    return ActionUnit(
        int(match["number"]),
        side if side in _ONE_SIDED else "",
        match["level"] or "",
        doubtful or bool(match["doubt"]),
        reading,
    )


def write_action_units(units: Iterable[ActionUnit]) -> str:
    """Return the tidy spelling of action units, ``R12+15 or 4+L10``; `parse_action_units` reads it back."""
    readings: dict[int, list[str]] = {}
    for unit in units:
        readings.setdefault(unit.reading, []).append(str(unit))
    return " or ".join("+".join(part) for _, part in sorted(readings.items()))


def action_unit_counts(table: pd.DataFrame, doubtful: bool = True, by: str = "label") -> pd.DataFrame:
    """Count in how many clips of each class each action unit occurs (Dual-ATME, Figure 3).

    Parameters
    ----------
    table : DataFrame
        A clip table. In a composite, the clips of SMIC carry no action units and count as uncoded.
    doubtful : bool
        Whether units with a question mark count.
    by : str
        Column that gives the classes: ``label`` or ``dataset``.

    Returns
    -------
    DataFrame
        One row per action unit, named such as ``AU4``, the most frequent first; one column per class, and ``total``.
        Only the coder's first reading counts, and a clip counts once for a unit, whichever sides it names. ``attrs``
        holds ``coded`` and ``uncoded``, the numbers of clips with and without action units.

    Raises
    ------
    MerlibError
        When a cell holds something that is not an action unit.
    """
    pairs = []
    uncoded = 0
    for row in table.itertuples(index=False):
        units = [unit for unit in parse_action_units(row.action_units) if unit.reading == 0]
        uncoded += not units
        numbers = {unit.number for unit in units if doubtful or not unit.doubtful}
        pairs += [(number, getattr(row, by)) for number in sorted(numbers)]
    classes = sorted(set(table[by]))
    long = pd.DataFrame(pairs, columns=["number", "class"])
    counts = pd.crosstab(long["number"], long["class"]).reindex(columns=classes, fill_value=0)
    counts["total"] = counts.sum(axis=1)
    counts = counts.reset_index().sort_values(["total", "number"], ascending=[False, True])
    counts.index = pd.Index("AU" + counts.pop("number").astype(str), name="action unit")
    counts.columns.name = None
    counts = counts.astype("int64")
    counts.attrs = {"coded": len(table) - uncoded, "uncoded": uncoded}
    return counts
