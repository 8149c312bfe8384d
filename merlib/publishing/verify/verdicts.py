"""The reviewer's view: every published number beside ours, with a verdict and the reason for a difference."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from merlib.publishing.records.ledger import (
    KINDS,
    PAPERS,
    artefacts,
    best_records,
    get_artefact,
    grade_counts,
    protocol_words,
    read_records,
    record_folders,
)
from merlib.publishing.records.save_table import heading
from merlib.publishing.style import COLOURS, use_style
from merlib.scoring.interval_text import value_text
from merlib.sources.reported import reported_artefacts, reported_values

GREENS = ("#009E73", "#40B696", "#7FCEB9", "#A6DDCF", "#CCECE3")  # for the twin, from the paper's training to smoke
COLUMNS = ["artefact", "row", "column", "reported", "ours", "low", "high", "difference", "verdict", "grade"]
COLUMNS += ["protocol", "classes", "training", "reason"]
MARKS = "osD^v<>p"
LEAK_FREE = "last epoch, nothing chosen on test data"
KIND_COLOURS = dict(
    zip(
        KINDS,
        (COLOURS["blue"], *("#56B4E9", "#7CC4EE", "#A2D5F3", "#C0E2F7", "#DDF0FB"), *GREENS, "#BBBBBB", "#FFFFFF"),
        strict=True,
    )
)


def reason(record: dict, cell: dict) -> str:
    """Return why our value may differ from the reported one: other data, the protocol, and errata on the cell."""
    if cell["verdict"] == "identical" and not record["experiments"]:
        return ""
    parts = [record["substitution"]] if record["substitution"] else []
    if record["synthetic"]:
        parts.insert(0, "SYNTHETIC data: proves the pipeline, says nothing about the claim")
    if record["protocol"]:
        parts.append(f"{protocol_words(record['protocol'])}, {LEAK_FREE}")
    if cell["note"]:
        parts.append(cell["note"])
    return "; ".join(parts)


def verdict_table(records: Iterable[dict]) -> pd.DataFrame:
    """Return one row per published number that was regenerated, from the best record of each artefact.

    Parameters
    ----------
    records : iterable of dict
        Artefact records; see `ledger.read_records`.

    Returns
    -------
    DataFrame
        Columns artefact, row, column, reported, ours, low, high, difference, verdict, grade, protocol, classes,
        training, reason.
    """
    rows = []
    for identifier, record in best_records(records).items():
        for cell in record.get("cells", []):
            if cell["reported"] is None:
                continue
            rows.append(
                {
                    "artefact": identifier,
                    "row": cell["row"],
                    "column": heading(cell["column"]),
                    "reported": cell["reported"],
                    "ours": cell["value"],
                    "low": cell["low"],
                    "high": cell["high"],
                    "difference": cell["difference"],
                    "verdict": cell["verdict"],
                    "grade": record["grade"],
                    "protocol": protocol_words(record["protocol"]),
                    "classes": ", ".join(map(str, record["classes"])),
                    "training": record["training"],
                    "reason": reason(record, cell),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


NOT_MADE = "not regenerated"


def every_printed(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return `verdict_table` with further rows for the printed numbers that have no counterpart, ordered by paper."""
    there = set(zip(verdicts["artefact"], verdicts["row"], verdicts["column"], strict=True)) if len(verdicts) else set()
    missing = [
        {
            "artefact": artefact,
            "row": cell.row,
            "column": heading(cell.column),
            "reported": cell.value,
            "verdict": NOT_MADE,
            "grade": "missing",
            "reason": cell.note,
        }
        for artefact in reported_artefacts()
        for cell in reported_values(artefact).itertuples()
        if (artefact, cell.row, heading(cell.column)) not in there
    ]
    both = pd.concat([verdicts, pd.DataFrame(missing, columns=COLUMNS)], ignore_index=True)
    order = {artefact: place for place, artefact in enumerate(artefacts())}
    both = both.sort_values("artefact", key=lambda column: column.map(order), kind="stable", ignore_index=True)
    return both.fillna(dict.fromkeys(("protocol", "classes", "training"), ""))


def verdict_counts(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts by paper."""
    papers = verdicts["artefact"].map(lambda identifier: PAPERS[get_artefact(identifier).paper])
    return pd.crosstab(papers.rename("paper"), verdicts["verdict"])


def trained_on_real(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are results of a model on real data: those with an interval and a real grade."""
    return verdicts[verdicts["low"].notna() & verdicts["grade"].str.startswith("real")]


def for_readers(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of verdicts that says where each number is printed, and the artefact's id in its last column."""
    readable = table.drop(columns="artefact")
    readable.insert(
        table.columns.get_loc("artefact"), "printed in", table["artefact"].map(lambda one: get_artefact(one).place)
    )
    return readable.assign(id=table["artefact"])


def gaps_caption(verdicts: pd.DataFrame) -> str:
    """Return a sentence on how many reported numbers are higher and lower than ours, and how many intervals hold them.

    Parameters
    ----------
    verdicts : DataFrame
        Rows of `verdict_table`.
    """
    lower = int((verdicts["ours"] < verdicts["reported"]).sum())
    held = int(((verdicts["low"] <= verdicts["reported"]) & (verdicts["reported"] <= verdicts["high"])).sum())
    higher = len(verdicts) - lower
    return (
        f"{held} of {len(verdicts)} reported numbers lie in our 95 % intervals. {lower} are higher than ours, "
        f"their points below the dotted line; {higher} are not."
    )


def grades_caption(status: pd.DataFrame) -> str:
    """Return a sentence on how many artefacts rest on real data, on the SYNTHETIC twin, on a model alone."""
    of = status["grade"].value_counts()
    real = sum(count for grade, count in of.items() if grade.startswith("real"))
    return (
        f"Of {len(status)} tables and figures {real} rest on real data and {of.get('twin', 0)} on the SYNTHETIC twin; "
        f"{of.get('diagram', 0)} are diagrams that need no data, {of.get('missing', 0)} are missing."
    )


def real_results(records: Iterable[dict]) -> pd.DataFrame:
    """Return value and interval of every trained result on real data as text, also where the papers have no number.

    Rows are named by where the result is printed, or its title, and by its own row; its id stands in the last column.
    """
    rows = {}
    for identifier, record in best_records(records).items():
        cells = [cell for cell in record.get("cells", []) if cell["low"] is not None]
        if not cells or not record["grade"].startswith("real"):
            continue
        for cell in cells:
            text = value_text(cell["value"], cell["low"], cell["high"], ".3f")
            rows.setdefault((identifier, cell["row"]), {})[heading(cell["column"])] = text
    table = pd.DataFrame.from_dict(rows, orient="index")
    if not table.empty:
        table = table[[c for c in table.columns if c.startswith("Full")]].dropna(how="all")
        table["id"] = [identifier for identifier, _ in table.index]
        named = [(get_artefact(identifier).place, row) for identifier, row in table.index]
        table.index = pd.MultiIndex.from_tuples(named, names=["result", "row"])
    return table.fillna("-")


def gather(run_folder: Path) -> list[dict]:
    """Return the committed reference records and those of the current run."""
    return read_records(record_folders(Path(run_folder) / "artefacts"))


def draw_ledger(status: pd.DataFrame) -> Figure:
    """Draw the ledger: one bar per paper, one colour per grade and training, with the numbers inside."""
    use_style()
    counts = grade_counts(status).drop(index="all")
    figure, axis = plt.subplots(figsize=(7.5, 2.8), layout="constrained")
    left = pd.Series(0, index=counts.index)
    for grade in counts.columns:
        bars = axis.barh(
            counts.index,
            counts[grade],
            left=left,
            color=KIND_COLOURS[grade],
            edgecolor="black",
            linewidth=0.6,
            label=grade,
        )
        axis.bar_label(bars, [str(n) if n else "" for n in counts[grade]], label_type="center", fontsize=8)
        left = left + counts[grade]
    axis.set(xlabel="tables, figures and diagrams")
    axis.invert_yaxis()
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.28), ncols=3, fontsize=8)
    return figure


def draw_verdicts(verdicts: pd.DataFrame) -> Figure:
    """Draw reported against regenerated values of models on real data, with 95 % intervals and the identity.

    A paper has one colour, and each of its tables and figures a mark of its own.
    """
    use_style()
    figure, axis = plt.subplots(figsize=(8.0, 5.2), layout="constrained")
    seen: dict[str, int] = {}
    least = 0.4
    colours = dict(zip(PAPERS, COLOURS.values(), strict=False))
    for identifier, part in verdicts.groupby("artefact"):
        paper = get_artefact(identifier).paper
        mark, colour = MARKS[seen.get(paper, 0) % len(MARKS)], colours[paper]
        seen[paper] = seen.get(paper, 0) + 1
        scale = part["reported"].where(part["reported"] <= 1, part["reported"] / 100) / part["reported"]
        ours, low, high = (part[c] * scale for c in ("ours", "low", "high"))
        least = min(least, low.min(), (part["reported"] * scale).min())
        ends, look = [ours - low, high - ours], {"markersize": 5, "linewidth": 0.9}
        look["label"] = get_artefact(identifier).place
        axis.errorbar(part["reported"] * scale, ours, yerr=ends, fmt=mark, color=colour, **look)
    axis.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":", label="identity")
    axis.set(xlim=(least, 1), ylim=(least, 1), xlabel="reported (share)", ylabel="regenerated (share), 95 % interval")
    axis.set_aspect("equal")
    figure.legend(loc="outside right upper", fontsize=8)  # beside the points
    return figure
