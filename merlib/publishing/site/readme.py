"""The README's tables of results, generated from the committed records: headline, planned tests, ledger.

``merlib maintain pages`` writes them between their markers; a test fails when they are out of date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from merlib.places import repository_root
from merlib.publishing.planned.headline import (
    baselines_finding,
    headline_by_archive,
    losses_finding,
    markdown,
    modules_finding,
)
from merlib.publishing.records.ledger import best_records, grade_counts, read_records, status_of

NESTED = "Linear on pixels, C by inner folds"


def ledger_markdown(best: dict[str, dict]) -> str:
    """Return the ledger by paper, grade and training as a Markdown table."""
    counts = grade_counts(status_of(best))
    counts = counts.astype(str).mask(counts == 0, "")
    return markdown(counts.rename_axis("Paper").reset_index())


def headline_markdown(best: dict[str, dict]) -> str:
    """Return the papers' headline numbers beside ours, the linear classifier and the champion, as Markdown."""
    return markdown(headline_by_archive(best["extra.same_folds"]))


def tests_markdown(best: dict[str, dict]) -> str:
    """Return the three questions of the analysis plan with their answers as a Markdown table."""
    tests, losses, modules = (_frame(best[name]) for name in ("extra.planned_tests", "am3f.table5", "am3f.table4"))
    seeds = {family: part["seeds"].iloc[0].replace(" ", ", ") for family, part in tests.groupby("family")}
    own = _cell(best["am3f.table3"], "AM3F-FlowNet", "full.uf1")
    runs = best["extra.reference_runs"]
    nested = _cell(runs, NESTED, "full.uf1")
    choices = [one["chosen"].values() for one in runs["experiments"] if one["label"].startswith(NESTED)]
    chosen = Counter(fold["C"] for folds in choices for fold in folds)
    rows = [
        ("Is LASCE the best of AM3F's losses?", "losses", "ten folds", losses_finding(tests, losses)),
        ("Do AM3F's modules help?", "modules", "ten folds", modules_finding(tests, modules)),
        (
            "Is AM3F ahead of humble baselines?",
            "humble baselines",
            "leave one subject out",
            baselines_finding(tests, own, nested, chosen),
        ),
    ]
    many = {family: "s" if "," in named else "" for family, named in seeds.items()}
    table = [(asked, f"{how}, seed{many[family]} {seeds[family]}", said) for asked, family, how, said in rows]
    return markdown(pd.DataFrame(table, columns=["question", "runs", "answer"]))


BLOCKS: dict[str, Callable[[dict[str, dict]], str]] = {
    "headline": headline_markdown,
    "tests": tests_markdown,
    "ledger": ledger_markdown,
}


def _frame(record: dict) -> pd.DataFrame:
    return pd.read_csv(Path(record["path"]).with_suffix(".csv"), index_col=0, dtype={"seeds": str})


def _cell(record: dict, row: str, column: str) -> dict | None:
    cells = [cell for cell in record["cells"] if cell["row"].startswith(row) and cell["column"] == column]
    return cells[0] if cells else None


def fill_readme(text: str, reference: Path | None = None) -> str:
    """Return the README with the tables between its markers made anew from the records below `reference`."""
    best = best_records(read_records([reference or repository_root() / "results" / "reference"]))
    for name, made in BLOCKS.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{made(best)}\n{end}{rest.split(end)[1]}"
    return text


def write_readme() -> Path:
    """Make the tables of README.md anew from the committed records and return the file."""
    path = repository_root() / "README.md"
    path.write_text(fill_readme(path.read_text(encoding="utf-8")), encoding="utf-8")
    return path
