"""Common parts of the checks of errata: printed cells, the outcome of a check, and the list of all checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from merlib.scoring.grim import shares
from merlib.sources.reported import reported_values

CASME2, MEGC2019 = 246, 442  # clips of the five largest classes of CASME II, and of the composite


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check.

    Parameters
    ----------
    shown : str
        The sum, in words and numbers.
    holds : bool
        Whether the finding of the entry holds.
    """

    shown: str
    holds: bool


Check = Callable[[], Outcome]
CHECKS: dict[str, Check] = {}


def checks(identifier: str) -> Callable[[Check], Check]:
    """Register a function as the check of one erratum."""

    def register(function: Check) -> Check:
        CHECKS[identifier] = function
        return function

    return register


def cell(artefact: str, row: str, name: str) -> float:
    """Return the value that a paper prints in one cell, by artefact, row and name of the column."""
    cells = reported_values(artefact)
    return float(cells[(cells["row"] == row) & (cells["column"] == name)]["value"].item())


def column(artefact: str, name: str) -> list[float]:
    """Return the printed values of a column in the table's order, each once."""
    cells = reported_values(artefact)
    return list(dict.fromkeys(cells[cells["column"] == name]["value"].tolist()))


def listed(values) -> str:
    """Return numbers as text."""
    return ", ".join(f"{value:g}" for value in values)


def no_share(printed: list[float], clips: int) -> list[float]:
    """Return the printed percentages that no whole number of `clips` gives."""
    return [value for value in printed if not shares(value, clips)]
