"""The errata as tables: those that arithmetic can check, with the outcome, and those that must be read."""

from __future__ import annotations

import pandas as pd

from merlib.errors import unknown_name
from merlib.publishing.errata_checks import am3f_flownet, astnet, dual_atme, larnet_uamrn  # noqa: F401  they register
from merlib.publishing.errata_checks.printed import CHECKS
from merlib.scoring.grim import shares
from merlib.sources.errata import find_erratum, read_errata
from merlib.sources.reported import reported_artefacts, reported_values

# clips that a paper says it evaluates, by the beginning of its artefacts
STATED = {
    "am3f": {"casme2": 246, "samm": 136, "smic": 164},
    "astnet": {"casme2": 246, "smic": 164},
    "dual_atme": {"full": 442, "casme2": 145, "smic": 164, "samm": 133},
    "uamrn": {"casme2": 246, "samm": 136, "smic": 164},
}
OWN = {"am3f": "AM3F-FlowNet", "astnet": "ASTNet", "dual_atme": "Dual-ATME", "uamrn": "UAMRN"}
COLUMNS = ("artefact", "row", "column", "printed", "clips", "own", "possible")
COMPARISONS = ("am3f.table2", "astnet.table5", "dual_atme.table3", "uamrn.table2", "uamrn.table3", "uamrn.table4")


def execute(*identifiers: str) -> pd.DataFrame:
    """Compute the checks of some errata, or of all that have one, and return one row for each.

    Parameters
    ----------
    *identifiers : str
        Ids of errata that have a check, such as ``AM3F-A1``.

    Returns
    -------
    DataFrame
        Columns ``where``, ``worked out`` (the sum in words and numbers) and ``finding holds``.

    Raises
    ------
    MerlibError
        For an id that is not in the list of errata, or that no arithmetic can check.
    """
    rows = {}
    for identifier in identifiers or CHECKS:
        erratum = find_erratum(identifier)
        if identifier not in CHECKS:
            raise unknown_name("erratum that is checked by arithmetic", identifier, CHECKS)
        outcome = CHECKS[identifier]()
        rows[identifier] = {"where": erratum.where, "worked out": outcome.shown, "finding holds": outcome.holds}
    return pd.DataFrame.from_dict(rows, orient="index")


def quoted() -> pd.DataFrame:
    """Return the entries that must be read or looked up: where, the finding, and how to check it."""
    rest = [one for one in read_errata() if one.id not in CHECKS]
    rows = {one.id: {"where": one.where, "finding": one.finding, "check": one.check} for one in rest}
    return pd.DataFrame.from_dict(rows, orient="index")


def grim_table() -> pd.DataFrame:
    """Test every reported accuracy whose number of clips is stated: one row for each printed cell.

    Returns
    -------
    DataFrame
        Columns artefact, row, column, printed, clips, ``own`` (whether the row is the paper's own work) and
        ``possible`` (whether some whole number of clips gives it). A row quoted from elsewhere may rest on other clips.
    """
    rows = []
    for artefact in reported_artefacts():
        paper, table = artefact.split(".")[0], reported_values(artefact)
        for one in table[table["column"].str.endswith(".acc")].itertuples():
            clips = STATED.get(paper, {}).get(one.column.split(".")[0])
            if clips is None:
                continue
            whole, decimals = (100.0, max(one.decimals, 1)) if one.unit == "%" else (1.0, one.decimals)
            found = shares(one.value, clips, decimals, whole)
            own = artefact not in COMPARISONS or one.row.startswith(OWN[paper])
            told = (artefact, one.row, one.column, one.value, clips, own, bool(found))
            rows.append(dict(zip(COLUMNS, told, strict=True)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def grim_counts() -> pd.DataFrame:
    """Count, for each table, how many printed accuracies are a share of the stated clips: own rows and others."""
    table = grim_table()
    table["whose"] = table["own"].map({True: "own rows", False: "other rows"})
    frame = pd.DataFrame(index=list(dict.fromkeys(table["artefact"])))
    for whose, part in table.groupby("whose", sort=False):
        found = part.groupby("artefact")["possible"]
        frame[f"{whose}, possible"], frame[f"{whose}, printed"] = found.sum(), found.size()
    return frame.fillna(0).astype(int)
