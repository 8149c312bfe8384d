"""The papers' headline claims: which numbers they print, and which planned run answers them.

A claim is the row of the paper's own method in a table of results, and its id is that table's. It covers every number
that is printed in the row, so that counts of verdicts are counts of printed numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from merlib.errors import unknown_name
from merlib.publishing.planned.methods import RUNS
from merlib.publishing.planned.tables import TABLES
from merlib.publishing.records.ledger import PAPERS, get_artefact
from merlib.publishing.tables.comparison import NOT_COMPARABLE
from merlib.sources.errata import ID, Erratum, find_erratum, read_errata
from merlib.sources.reported import reported_values

TOPICS = {
    "comparison": "last row of a comparison with other methods",
    "choice": "the row that the paper calls best among its own variants",
}


@dataclass(frozen=True)
class Claim:
    """One row that a paper prints as its result.

    Parameters
    ----------
    id : str
        Id of the table in the ledger, such as ``am3f.table3``.
    row : str
        The row, as printed.
    topic : {'comparison', 'choice'}
        What the table shows.
    family : str
        Family of tests in the analysis plan that asks the same question; empty where none was planned.
    also : str
        A further place where the paper states it, such as its abstract.
    """

    id: str
    row: str
    topic: str = "comparison"
    family: str = ""
    also: str = ""

    @property
    def paper(self) -> str:
        """Key of the paper, such as ``am3f_flownet``."""
        return get_artefact(self.id).paper

    @property
    def where(self) -> str:
        """The place where the claim is printed, in words."""
        also = f"; {self.also}" if self.also else ""
        return f"{PAPERS[self.paper]}, Table {get_artefact(self.id).number}, row {self.row}{also}"

    @property
    def run(self) -> str:
        """Name of the planned run of this row without its archive; empty where none is planned."""
        return RUNS.get(self.id, {}).get(self.row) or TABLES.get(self.id, {}).get(self.row, "")

    def printed(self) -> pd.DataFrame:
        """Return the printed numbers of the row: column, value, unit, note and decimals."""
        cells = reported_values(self.id)
        return cells[cells["row"] == self.row].drop(columns="row").reset_index(drop=True)


CLAIMS = (
    Claim("am3f.table2", "AM3F-FlowNet"),
    Claim("am3f.table3", "AM3F-FlowNet", family="humble baselines"),
    Claim("am3f.table4", "AM3F-FlowNet", "choice", "modules"),
    Claim("am3f.table5", "LASCE", "choice", "losses"),
    Claim("dual_atme.table1", "HARS + AARS", "choice"),
    Claim("dual_atme.table3", "Dual-ATME", family="champion, first archive"),
    Claim("dual_atme.table5", "0.01", "choice"),
    Claim("dual_atme.table6", "Focal Adam", "choice"),
    Claim(
        "astnet.table5",
        "ASTNet",
        also="the abstract's improvements of 4.25 to 16.02 % and .79 to 12.93 % are differences to rows of this table",
    ),
    Claim("larnet.table5", "LARNet"),
    Claim("uamrn.table2", "UAMRN"),
    Claim("uamrn.table3", "UAMRN"),
    Claim("uamrn.table4", "UAMRN"),
)


def find_claim(identifier: str) -> Claim:
    """Return one claim by its id; an unknown id is an error with the nearest one."""
    known = {claim.id: claim for claim in CLAIMS}
    if identifier not in known:
        raise unknown_name("claim", identifier, known)
    return known[identifier]


def claims_of(paper: str) -> list[Claim]:
    """Return the claims of a paper, such as ``am3f_flownet``."""
    if paper not in PAPERS:
        raise unknown_name("paper", paper, PAPERS)
    return [claim for claim in CLAIMS if claim.paper == paper]


def errata_on(claim: Claim) -> list[Erratum]:
    """Return the errata that concern a claim: those that its printed cells or its row cite, and those on its table."""
    cited = [*ID.findall(" ".join(claim.printed()["note"])), *barred_by(claim)]
    paper, number = PAPERS[claim.paper], get_artefact(claim.id).number
    on_table = [one.id for one in read_errata() if one.paper == paper and number in _tables(one.where)]
    return [find_erratum(name) for name in dict.fromkeys([*cited, *on_table])]


def barred_by(claim: Claim) -> list[str]:
    """Return the ids of the errata because of which none of a claim's numbers can be compared with ours."""
    rows = ((artefact, row) for artefact, row, metric in NOT_COMPARABLE if not metric)
    named = [
        NOT_COMPARABLE[artefact, row, ""] for artefact, row in rows if artefact == claim.id and row in ("", claim.row)
    ]
    return ID.findall(" ".join(named))


def _tables(where: str) -> set[str]:
    """Return the numbers of the tables that an erratum's place names: 5 and 6 of ``Sec. 4.1, Tables 5 and 6``."""
    numbers: set[str] = set()
    for part in where.split("Table")[1:]:
        words = part.removeprefix("s").replace(",", " ").replace("and", " ").split()
        span = "to" in words
        read: list[int] = []
        for word in words:
            if word.isdigit():
                read.append(int(word))
            elif word != "to":
                break
        numbers |= {str(n) for n in (range(read[0], read[-1] + 1) if span and read else read)}
    return numbers
