"""The values that the papers print, cell by cell, with the ids of errata about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merlib.errors import MerlibError, unknown_name
from merlib.places import manifests_dir

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("artefact", "row", "column", "value", "unit", "note")


def reported_artefacts() -> list[str]:
    """Return the ids of all artefacts with reported values, such as ``am3f.table5``."""
    return sorted(_all_values()["artefact"].unique())


def reported_values(artefact: str) -> pd.DataFrame:
    """Return the cells of a published table as its paper prints them.

    Parameters
    ----------
    artefact : str
        Id in the ledger, such as ``am3f.table3``.

    Returns
    -------
    DataFrame
        Columns ``row`` (method, class or setting as printed, without citation marks), ``column`` (data set,
        then the metric if the table has several: ``samm.acc``, ``full.uf1``; ``full`` is the composite),
        ``value`` (float), ``unit`` (``%``, ``1`` for a fraction, ``count``, ``px``, ``frames/s``, ``yes=1``),
        ``note`` (errata ids and why a cell is doubtful, else empty) and ``decimals`` (as printed, so that a
        comparison knows what rounding can hide). Cells printed as a dash are absent.

    Raises
    ------
    MerlibError
        For an id without reported values; the message lists the ids that have some.
    """
    values = _all_values()
    rows = values[values["artefact"] == artefact]
    if rows.empty:
        raise unknown_name("artefact with reported values", artefact, values["artefact"].unique())
    rows = rows.drop(columns="artefact").reset_index(drop=True)
    decimals = rows["value"].str.partition(".")[2].str.len().astype("int64")
    return rows.assign(value=rows["value"].astype("float64"), decimals=decimals)


def _all_values() -> pd.DataFrame:
    import pandas as pd

    tables = []
    for path in sorted((manifests_dir() / "papers").glob("*.csv")):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        if tuple(table.columns) != COLUMNS:
            raise MerlibError(
                f"{path} has the columns {', '.join(table.columns)}.",
                f"{', '.join(COLUMNS)}.",
                "correct the first line of the file.",
            )
        tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
