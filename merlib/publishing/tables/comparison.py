"""A published comparison table beside our rows: reported values, ours on each archive, and whether they are comparable.

Ranks are given among our rows that leave one subject out on the same archive; a printed number never has a rank.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from merlib.publishing.records.ledger import get_artefact
from merlib.publishing.records.save_table import heading
from merlib.scoring import paired_permutation_test, uf1
from merlib.scoring.interval_text import ends_text, value_text
from merlib.sources.errata import ID
from merlib.sources.reported import reported_values

SAME, RANK = "same protocol?", "rank"
SINGLE_SETS = ("am3f.table2", "astnet.table5", "uamrn.table2", "uamrn.table3", "uamrn.table4")  # one data set at a time

# printed cells with which no number of ours can be compared: artefact, row and metric; an empty text means all
NOT_COMPARABLE = {
    ("am3f.table2", "AM3F-FlowNet", ""): "AM3F-A19",  # runs, seeds and epoch of the single data sets are not given
    ("am3f.table3", "CapsuleNet", ""): "CROSS-X2",  # best epoch of each test person, 435 of the 442 clips
    ("am3f.table3", "STSTNet", "uar"): "AM3F-A11",  # precision, not recall
    ("am3f.table3", "LBP-TOP", "uar"): "AM3F-A10",
    ("astnet.table5", "ASTNet", ""): "ASTNET-B9",  # means over subjects
    ("dual_atme.table3", "LBP-TOP", ""): "DUAL-ATME-C1",
    ("dual_atme.table3", "ResNet18", ""): "DUAL-ATME-C1",
    ("dual_atme.table3", "KFC-MER", ""): "DUAL-ATME-C14b",
    ("larnet.table5", "", ""): "LARNET-E6, LARNET-E7",  # no split is given, and the data set has two names
    ("uamrn.table2", "UAMRN", ""): "UAMRN-F7",  # shares of 247 clips, where the sheet has 246
    ("uamrn.table3", "UAMRN", ""): "UAMRN-F8",  # averaged over subjects by the text, pooled by the numbers
    ("uamrn.table4", "UAMRN", ""): "UAMRN-F8",
}


def not_comparable(artefact: str, row: str, column: str) -> str:
    """Return the ids of the errata because of which a printed cell cannot be compared with ours; empty if none."""
    metric = column.rpartition(".")[2]
    places = [(artefact, "", ""), (artefact, row, ""), (artefact, row, metric)]
    return ", ".join(NOT_COMPARABLE[place] for place in places if place in NOT_COMPARABLE)


def noted_errata(artefact: str, row: str) -> list[str]:
    """Return the ids of the errata that the notes of a printed row cite, each once."""
    cells = reported_values(artefact)
    notes = " ".join(cells.loc[cells["row"] == row, "note"])
    return list(dict.fromkeys(ID.findall(notes)))


def same_protocol(artefact: str, row: str, column: str, experiment: Mapping | None, classes: int, why: str = "") -> str:
    """Return whether our number of a row was made under the protocol of the printed one, and what differs.

    Parameters
    ----------
    artefact, row, column : str
        Place of the printed number.
    experiment : mapping, optional
        `Experiment.to_dict` of our run; None where there is none, for the reason `why`.
    classes : int
        Number of classes of our run.
    why : str
        Why a row was not run.
    """
    barred = not_comparable(artefact, row, column)
    see = ", ".join(one for one in noted_errata(artefact, row) if one not in barred)
    if experiment is None:
        return "; ".join(filter(None, [why, barred, see and f"see {see}"]))
    printed, differs = get_artefact(artefact).printed_classes(column), []
    if experiment["protocol"] != "loso":
        differs.append("ten folds")
    if printed and printed != classes:
        differs.append(f"{classes} classes for {printed}")
    if artefact in SINGLE_SETS:
        differs.append("trained on the composite")
    if differs or barred:
        return "no: " + "; ".join(filter(None, [*differs, barred]))
    return f"yes (see {see})" if see else "yes"


def comparison_view(
    artefact: str, column: str, records: Mapping[str, Mapping], same: Mapping[str, str], ranked: bool = True
) -> pd.DataFrame:
    """Return one column of a published table: a row for each method, reported and regenerated side by side.

    Parameters
    ----------
    artefact, column : str
        The published table and its column, such as ``full.uf1``.
    records : mapping of str to mapping
        Records of our rows, as `save_table` writes them, by the name of their data.
    same : mapping of str to str
        The result of `same_protocol` for each row, in the order of the rows.
    ranked : bool
        Whether rows on the same folds are ranked. A row with an erratum shows its id in place of a rank in any case.

    Returns
    -------
    DataFrame
        Columns reported, then each archive with its 95 % interval, ``same protocol?`` and ``rank``.
    """
    reported = reported_values(artefact)
    reported = reported[reported["column"] == column].set_index("row")
    view = pd.DataFrame(index=pd.Index(list(same), name=heading(column)))
    view["reported"] = [_printed(reported.loc[row]) if row in reported.index else "-" for row in same]
    ranks = {row: [] for row in same}
    for data, record in records.items():
        cells = {cell["row"]: cell for cell in record["cells"] if cell["column"] == column}
        view[data] = [f"{cells[row]['value']:.3f}" if row in cells else "-" for row in same]
        ends = {row: ends_text(cell["low"], cell["high"], ".3f") or "-" for row, cell in cells.items()}
        view[f"{data}, 95 %"] = [ends.get(row, "-") for row in same]
        alike = {one["label"] for one in record["experiments"] if one["experiment"]["protocol"] == "loso"}
        ordered = sorted((row for row in cells if row in alike), key=lambda row: -cells[row]["value"])
        for row in same:
            others = "ten folds" if row in cells else "-"
            ranks[row].append(str(ordered.index(row) + 1) if row in ordered else others)
    view[SAME] = list(same.values())
    view[RANK] = [_rank(artefact, row, column, ranks[row], ranked, row in reported.index) for row in same]
    return view


def _printed(cell: pd.Series) -> str:
    return f"{cell['value']:.{cell['decimals']}f}"


def _rank(artefact: str, row: str, column: str, places: list[str], ranked: bool, is_printed: bool) -> str:
    barred = not_comparable(artefact, row, column) if is_printed else ""
    if barred:
        return barred
    if set(places) <= {"-"}:  # no number of ours
        return "reported" if is_printed else "-"
    if not ranked:
        return "-"
    return " / ".join(places) if set(places) - {"ten folds", "-"} else "ten folds"


def between_archives(pairs: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """Compare each method with itself on two archives of the same clips, person by person.

    Parameters
    ----------
    pairs : mapping of str to two of DataFrame
        Predictions of one method on the first and the second archive, under the same protocol.

    Returns
    -------
    DataFrame
        Indexed by method: protocol, UF1 on the ``first`` and on the ``second`` archive, the ``difference`` second minus
        first, and ``low`` and ``high``, the ends of its 95 % interval over people, who are resampled in pairs. There is
        no p value, because the plan claims nothing across archives.
    """
    rows = {}
    for label, (first, second) in pairs.items():
        test = paired_permutation_test(second, first, uf1, permutations=1)
        rows[label] = {
            "protocol": "one subject left out" if first.attrs["experiment"]["protocol"] == "loso" else "ten folds",
            "first": uf1(first),
            "second": uf1(second),
            "difference": test.difference,
            "low": test.low,
            "high": test.high,
        }
    columns = ["protocol", "first", "second", "difference", "low", "high"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def archives_caption(table: pd.DataFrame) -> str:
    """Return a sentence on how much preprocessing alone changes the results of the methods of `between_archives`."""
    if table.empty:
        return "No method has a committed run on both archives yet."
    up, down = table["low"] > 0, table["high"] < 0
    largest = table["difference"].abs().idxmax()
    gap = table.loc[largest]
    moved = int((up | down).sum())
    return (
        f"The same clips, people and labels, other preprocessing: of {len(table)} methods, {moved} have an interval "
        f"that excludes zero ({int(up.sum())} higher on the second archive, {int(down.sum())} lower); the largest "
        f"change is {largest}'s, {value_text(gap['difference'], gap['low'], gap['high'], '+.3f')}."
    )


def forest_caption(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, line: str) -> str:
    """Return sentences on each archive's highest method, and on how many intervals lie above the linear classifier.

    Parameters
    ----------
    values, low, high : DataFrame
        UF1 and interval ends, one row for each method and one column for each archive.
    line : str
        Row of the linear classifier.
    """
    told = []
    for archive in values.columns:
        here = values[archive].dropna()
        if here.empty or line not in here.index:
            continue
        best = here.idxmax()
        beyond = int((low[archive] > here[line]).sum())
        told.append(
            f"On {archive}, {best} stands highest with "
            f"{value_text(here[best], low.loc[best, archive], high.loc[best, archive], '.3f')}, "
            f"the line has {here[line]:.3f}; "
            f"{beyond} of {len(here)} intervals lie wholly above the line's value"
        )
    return ". ".join(told) + "." if told else "No committed run that leaves one subject out."
