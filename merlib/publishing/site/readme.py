"""The README's table "what is reproduced on which data", generated from the committed records."""

from __future__ import annotations

from pathlib import Path

from merlib.places import repository_root
from merlib.publishing.records.ledger import best_records, grade_counts, read_records, status_of

BEGIN, END = "<!-- ledger: begin -->", "<!-- ledger: end -->"


def ledger_markdown(reference: Path | None = None) -> str:
    """Return the ledger by paper and grade as a Markdown table, from the records below `reference`."""
    records = read_records([reference or repository_root() / "results" / "reference"])
    counts = grade_counts(status_of(best_records(records)))
    lines = ["| Paper | " + " | ".join(counts.columns) + " |", "|---" * (len(counts.columns) + 1) + "|"]
    for paper, row in counts.iterrows():
        lines.append(f"| {paper} | " + " | ".join(str(n) if n else "" for n in row) + " |")
    return "\n".join(lines)


def fill_readme(text: str, reference: Path | None = None) -> str:
    """Return the README with the table between its two markers made anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{ledger_markdown(reference)}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    readme = repository_root() / "README.md"
    readme.write_text(fill_readme(readme.read_text(encoding="utf-8")), encoding="utf-8")
