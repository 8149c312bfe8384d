"""The result of verifying one record, one file of predictions or one fold: a colour, and a text for each check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

GREEN, RED, OPEN = "green", "red", "open"


@dataclass
class Finding:
    """The result of verifying one record, file of predictions, or fold.

    Parameters
    ----------
    name : str
        Its path below ``results/reference``; for a fold followed by its name and seed.
    kind : {'record', 'predictions', 'fold'}
        What was verified.
    agreed : list of str
        Checks that agreed, in words.
    wrong : list of str
        Checks that did not agree, in words; empty for an honest file.
    open : list of str
        What could not be checked here, and why.
    """

    name: str
    kind: str
    agreed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """``red`` when anything is wrong, ``green`` when something agreed, else ``open``."""
        return RED if self.wrong else GREEN if self.agreed else OPEN

    @property
    def said(self) -> str:
        """One line with what is wrong, or else with what agreed and what could not be checked."""
        if self.wrong:
            return "; ".join(self.wrong)
        return "; ".join([*self.agreed, *(f"not checked: {text}" for text in self.open)])

    def check(self, right: bool, agreed: str, wrong: str) -> bool:
        """Add the text of one check to `agreed` or `wrong`, and return whether it was right."""
        (self.agreed if right else self.wrong).append(agreed if right else wrong)
        return right

    def to_dict(self) -> dict:
        """Return the finding as plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "verdict": self.verdict,
            "agreed": list(self.agreed),
            "wrong": list(self.wrong),
            "open": list(self.open),
        }


def findings_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return one row per finding: verdict, kind, name, and text; red ones first, then open, then green ones."""
    rows = [(one.verdict, one.kind, one.name, one.said) for one in findings]
    order = {RED: 0, OPEN: 1, GREEN: 2}
    rows.sort(key=lambda row: order[row[0]])
    return pd.DataFrame(rows, columns=["verdict", "kind", "name", "what was found"])


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings are green, red and open."""
    verdicts = [one.verdict for one in findings]
    return {colour: verdicts.count(colour) for colour in (GREEN, RED, OPEN)}
