"""The page of claims: each printed number that was regenerated, beside ours, with a verdict and the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable

from merlib.publishing.planned.headline import markdown
from merlib.publishing.records.escaping import as_markdown
from merlib.publishing.records.ledger import PAPERS, artefacts, get_artefact
from merlib.publishing.site.markdown import table
from merlib.publishing.site.record_pages import record_link
from merlib.publishing.verify.verdicts import verdict_counts, verdict_table
from merlib.scoring.interval_text import value_text

INTRODUCTION = """# Claims: each printed number beside ours

Every row is one number that a paper prints and that was regenerated from the committed records. *Within interval*
means that the printed number, as rounded, lies in our 95 % interval over people; *differs* that it does not; *analogue*
that other data or classes stand in for the paper's, as the last column says. A number from the SYNTHETIC twin, or of
other classes than the paper's, is not comparable, whatever its value. A difference is no verdict on the authors.
"""


def claims_page(records: Iterable[dict]) -> str:
    """Return the page as Markdown from committed records; see `verdicts.verdict_table`."""
    verdicts = verdict_table(records)
    if verdicts.empty:
        return f"{INTRODUCTION}\nNo record with a printed number is committed.\n"
    counts = markdown(verdict_counts(verdicts).rename_axis(columns=None).reset_index())
    parts = [INTRODUCTION, "## Verdicts by paper\n", counts, "\n## One by one\n"]
    order = list(artefacts())
    rows = sorted(verdicts.to_dict("records"), key=lambda claim: order.index(claim["artefact"]))
    parts += [":::{container} sentences", table(map(claim_row, rows)), ":::\n"]  # the style of its last column
    return "\n".join(parts)


def claim_row(claim: dict) -> dict[str, str]:
    """Return one row of `verdict_table` as cells of Markdown, its artefact linked to the record."""
    artefact = get_artefact(claim["artefact"])
    where = f"{PAPERS[artefact.paper]}, {artefact.kind} {artefact.number}"
    ours = value_text(claim["ours"], claim["low"], claim["high"], _number).replace("[", "\\[").replace("]", "\\]")
    return {
        "where": f"[{as_markdown(where)}]({record_link(artefact.id, below='')})",
        "row": as_markdown(claim["row"]),
        "number": as_markdown(claim["column"]),
        "printed": _number(claim["reported"]),
        "ours": ours,
        "verdict": claim["verdict"],
        "how": as_markdown(", ".join(filter(None, (claim["grade"], claim["protocol"], claim["training"])))),
        "why it may differ": as_markdown(claim["reason"]),
    }


def _number(value: float) -> str:
    """Return a value with up to four decimals, with two where it is above 1, and with none where it is whole."""
    if math.isclose(value, round(value)):
        return str(round(value))
    return f"{value:.2f}" if abs(value) > 1 else f"{value:.4f}".rstrip("0")
