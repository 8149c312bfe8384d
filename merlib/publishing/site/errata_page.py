"""``docs/errata.md``, generated from ``data_manifests/errata.csv``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from merlib.places import repository_root
from merlib.publishing.records.escaping import as_markdown
from merlib.sources.errata import Erratum, read_errata

INTRODUCTION = """# Errata of the five papers

<!-- Generated from data_manifests/errata.csv by `merlib maintain pages`; edit the list, not this page. -->

Whoever implements a paper finds places that contradict each other, and places that leave a choice open. This page
lists those that we met in five papers and in published code, so that a citation such as `AM3F-A14` in a docstring, a
notebook or a table can be looked up. Such places are usual in any paper; none of them says that a result is wrong.
Each entry says how you can check it yourself:

- **arithmetic**: from the printed numbers alone, by the formula given;
- **read**: by reading the places named beside each other;
- **log**: from predictions that the authors of a method publish (`merlib data get published-logs`).

An entry is **certain** when it follows from the text, from arithmetic or from a published log. It is **open** when
the paper leaves a question that an implementer has to decide. Records and tables made before this list had names for
its papers cite the bare number: `A17` there is `AM3F-A17` here, `F1` in brackets is `UAMRN-F1`.

**Are you an author of one of these papers, and is something here wrong or settled?** Please open an issue or a pull
request in this repository that names the id; we correct the entry, credit you, and keep the id so that citations stay
valid.
"""
HEADINGS = {
    "AM3F-FlowNet": "AM3F-FlowNet (Entropy 2023, 25, 1064)",
    "ASTNet": "ASTNet (Applied Sciences 2024, 14, 7755)",
    "Dual-ATME": "Dual-ATME (Entropy 2023, 25, 460) and its published code",
    "LARNet": "LARNet (Sensors 2021, 21, 1098)",
    "UAMRN": "UAMRN (Entropy 2022, 24, 1271)",
    "several": "Several papers",
}


def errata_page(errata: Iterable[Erratum]) -> str:
    """Return the page as Markdown: an introduction, then each paper's entries under a heading of their own."""
    parts = [INTRODUCTION]
    paper = ""
    for erratum in errata:
        if erratum.paper != paper:
            paper = erratum.paper
            parts.append(f"## {HEADINGS.get(paper, paper)}\n")
        parts.append(errata_entry(erratum))
    return "\n".join(parts)


def errata_entry(erratum: Erratum) -> str:
    """Return one entry as Markdown, under a heading that is its id."""
    lines = [
        f"### {erratum.id}\n",
        f"*{as_markdown(erratum.where)} · {erratum.status}*\n",
        f"- Printed: {as_markdown(erratum.printed)}",
        f"- Finding: {as_markdown(erratum.finding)}",
        f"- Check: {as_markdown(erratum.check)}",
    ]
    if erratum.decision:
        lines.append(f"- Here: {as_markdown(erratum.decision)}")
    return "\n".join(lines) + "\n"


def write_errata_page(root: Path | None = None) -> Path:
    """Write ``docs/errata.md`` of the checkout and return its path."""
    page = (root or repository_root()) / "docs" / "errata.md"
    page.write_text(errata_page(read_errata()), encoding="utf-8")
    return page
