"""The papers' headline numbers beside ours, and the findings of the planned tests, as text made from saved tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from merlib.publishing.planned.comparisons import planned_tests
from merlib.publishing.planned.plan import planned_states
from merlib.publishing.planned.tables import OWN_ROWS, counted_inside, rows_missing, table_runs
from merlib.publishing.records.ledger import PAPERS, WORDS, get_artefact, protocol_words
from merlib.publishing.records.save_table import heading
from merlib.publishing.tables.metrics import metric_table
from merlib.scoring.interval_text import ends_text, value_text
from merlib.sources.reported import reported_values

LINE = "Linear on pixels"


def number(value: float, digits: int = 3) -> str:
    """Return a share without its leading zero, as papers print it: ``.713``, ``-.002``."""
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def span(low: float, high: float) -> str:
    """Return an interval, such as ``[.654, .770]``; see `ends_text`."""
    return ends_text(low, high, number)


def with_span(value: float, low: float, high: float) -> str:
    """Return a value and its interval, such as ``.713 [.654, .770]``; see `value_text`."""
    return value_text(value, low, high, number)


def headline_table(records: Mapping[str, dict]) -> pd.DataFrame:
    """Return the papers' own rows of their headline tables: the numbers on the whole composite and a verdict for each.

    Parameters
    ----------
    records : dict of str to dict
        Records by artefact, such as `ledger.best_records` returns; those of `OWN_ROWS` are read.

    Returns
    -------
    DataFrame
        Columns paper, number, printed, ours, protocol with archive, seeds and training, and verdict.
    """
    rows = []
    for artefact in OWN_ROWS:
        record = records[artefact]
        own = [cell for cell in record["cells"] if cell["row"] in OWN_ROWS[artefact]]
        inside, printed = counted_inside(own)
        seeds = f"seed{'s' if len(record['seeds']) > 1 else ''} {', '.join(map(str, record['seeds']))}"
        data = ", ".join(source["name"] for source in record["data"])
        training = WORDS.get(record["training"], record["training"])
        for cell in own:
            if cell["reported"] is None or not cell["column"].startswith("full."):
                continue
            within = counted_inside([cell])[0]
            how = f"{protocol_words(record['protocol'])}; {data}; {seeds}; {training}"
            rows.append(
                {
                    "paper": f"{PAPERS[record['paper']]}, Table {get_artefact(artefact).number}",
                    "number": heading(cell["column"]),
                    "printed": _as_printed(artefact, cell),
                    "ours": with_span(cell["value"], cell["low"], cell["high"]),
                    "protocol, archive, seeds, training": how,
                    "verdict": f"{'inside' if within else 'outside'} our interval ({inside} of {printed} in its row)",
                }
            )
    return pd.DataFrame(rows)


def headline_by_archive(record: Mapping) -> pd.DataFrame:
    """Return the papers' own rows on both public archives, beside the linear classifier and the champion.

    Parameters
    ----------
    record : mapping
        The record ``extra.same_folds``, whose rows are ``METHOD on ARCHIVE``.

    Returns
    -------
    DataFrame
        Columns paper, number, printed, archive, ours, the line (the linear classifier), the champion, and verdict,
        which says whether the printed number, as rounded, lies in our interval.
    """
    cells = {(cell["row"], cell["column"]): cell for cell in record["cells"]}
    archives = [data["name"] for data in record["data"] if f"{LINE} on {data['name']}" in {row for row, _ in cells}]
    rows = []
    for artefact, (own,) in ((artefact, tuple(rows)) for artefact, rows in OWN_ROWS.items()):
        printed = reported_values(artefact)
        printed = printed[(printed["row"] == own) & printed["column"].str.startswith("full.")]
        for cell in printed.to_dict("records"):
            for archive in dict.fromkeys(archives):
                ours, line, champion = (
                    cells.get((f"{row} on {archive}", cell["column"])) for row in (own, LINE, "Champion")
                )
                half = 0.5 * 10 ** -cell["decimals"] + 1e-12
                inside = ours and ours["low"] - half <= cell["value"] <= ours["high"] + half
                rows.append(
                    {
                        "paper": f"{PAPERS[get_artefact(artefact).paper]}, Table {get_artefact(artefact).number}",
                        "number": heading(cell["column"]),
                        "printed": number(cell["value"], cell["decimals"]),
                        "archive": archive,
                        "ours": _with_span(ours),
                        "the line": _with_span(line),
                        "the champion": _with_span(champion),
                        "verdict": f"{'inside' if inside else 'outside'} our interval" if ours else "-",
                    }
                )
    return pd.DataFrame(rows)


def _with_span(cell: Mapping | None) -> str:
    return with_span(cell["value"], cell["low"], cell["high"]) if cell else "not trained yet"


def _as_printed(artefact: str, cell: Mapping) -> str:
    """Return a cell's reported share with the decimals that the paper prints."""
    printed = reported_values(artefact).set_index(["row", "column"])["decimals"]
    return number(cell["reported"], int(printed[cell["row"], cell["column"]]))


def losses_finding(tests: pd.DataFrame, table: pd.DataFrame) -> str:
    """Return what was found about LASCE: for these trainings, with other seeds, and on the paper's own data set.

    Parameters
    ----------
    tests : DataFrame
        Table of `comparisons.planned_tests`, with rows ``A against B``.
    table : DataFrame
        am3f.table5 from the planned runs: columns full.uf1, casme2.acc, casme2.f1, rows CE, Focal, LA-Focal, LASCE.
    """
    told = [f"Full UF1 {number(table.loc['LASCE', 'full.uf1'])} with LASCE"]
    for other, label in (("ce", "CE"), ("focal", "focal loss"), ("la-focal", "LA-Focal")):
        test = tests.loc[f"am3f-10-lasce against am3f-10-{other}"]
        shown = test["verdict"] != "not shown"
        said = "above" if test["UF1 difference"] > 0 else "below"
        gap = f"by {number(abs(test['UF1 difference']))} (p {number(test['p, Holm'])} after Holm"
        holds = "excludes" if test["low"] > 0 or test["high"] < 0 else "holds"
        seeds = f"with seeds resampled too the interval {span(test['low'], test['high'])} {holds} zero)"
        told.append(f"{said} {label} {gap}; {seeds}" if shown else f"not shown {said} {label} {gap}; {seeds}")
    ce, lasce = table.loc["CE"], table.loc["LASCE"]
    ahead = "is level or ahead" if (ce >= lasce)[["casme2.acc", "casme2.f1"]].all() else "is not ahead"
    accuracies = f"{ce['casme2.acc']:.2f} % and F1 {number(ce['casme2.f1'])} against"
    part = f"{accuracies} {lasce['casme2.acc']:.2f} % and {number(lasce['casme2.f1'])} with LASCE"
    return (
        f"For these trainings: {'; '.join(told)}. On the CASME II part, of which the paper speaks, CE {ahead}: {part}."
    )


def planned_losses() -> str:
    """Return `losses_finding` of the committed runs; where one is missing, a sentence on how to make it."""
    states = planned_states()
    absent = rows_missing("am3f.table5", states)
    if absent:
        names = " ".join(absent)
        return f"Not told: {names} missing; make them with: merlib reference train {names} --data megc2019-flow=DIR"
    table = metric_table(table_runs("am3f.table5", states), artefact="am3f.table5")[0]
    return losses_finding(planned_tests(states).table, table)


def modules_finding(tests: pd.DataFrame, table: pd.DataFrame) -> str:
    """Return what was found about AM3F's modules.

    Parameters
    ----------
    tests : DataFrame
        Table of `comparisons.planned_tests`.
    table : DataFrame
        am3f.table4 from the planned runs.
    """
    mine = tests[tests["family"] == "modules"]
    shown = [name for name in mine.index if mine.loc[name, "verdict"] != "not shown"]
    uf1 = table["full.uf1"].rename(lambda row: row.removeprefix("AM3F-FlowNet").strip())
    without = ", ".join(f"{name} {number(value)}" for name, value in uf1.items() if name)
    ends = ", ".join(span(*mine.loc[name, ["low", "high"]]) for name in mine.index)
    said = f"Shown for {', '.join(shown)}" if shown else "Not shown"
    return f"{said}. Full UF1 {number(uf1[''])}; {without}. The full network minus each: {ends}."


def baselines_finding(tests: pd.DataFrame, own: Mapping, nested: Mapping | None, chosen: Mapping[float, int]) -> str:
    """Return how AM3F compares with the humble baselines and with its printed number.

    Parameters
    ----------
    tests : DataFrame
        Table of `comparisons.planned_tests`.
    own, nested : mapping
        Cells with value, low and high of Full UF1: AM3F's own row, with the reported number, and the linear classifier
        whose penalty inner folds choose, where it is committed.
    chosen : mapping of float to int
        How many folds chose each penalty.
    """
    mine = tests[tests["family"] == "humble baselines"]
    shown = [name for name in mine.index if mine.loc[name, "verdict"] != "not shown"]
    gaps = []
    for name, row in mine.iterrows():
        other = {"linear-loso": "the linear row", "ststnet-loso": "STSTNet"}[name.split(" against ")[1]]
        gaps.append(f"{with_span(row['UF1 difference'], row['low'], row['high'])} against {other}")
    said = f"Shown for {', '.join(shown)}" if shown else "Not shown"
    told = [f"{said}: {', '.join(gaps)}"]
    ours = f"AM3F {with_span(own['value'], own['low'], own['high'])}"
    told.append(f"{ours}, where {number(own['reported'], 4)} is printed")
    if nested:
        found = with_span(nested["value"], nested["low"], nested["high"])
        often = ", ".join(f"{value:g} in {folds} of {sum(chosen.values())}" for value, folds in chosen.items())
        told.append(f"A line whose C is chosen by inner folds has {found} in ten folds; they chose {often}")
    return ". ".join(told) + "."


def markdown(frame: pd.DataFrame) -> str:
    """Return a table as Markdown, without its index."""
    lines = ["| " + " | ".join(map(_title, frame.columns)) + " |", "|---" * len(frame.columns) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False)])


def _title(column: object) -> str:
    return str(column)[:1].upper() + str(column)[1:]
