"""The book's page for each artefact: its title, and every committed record of it with its origin."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from merlib.publishing.planned.headline import markdown
from merlib.publishing.records.escaping import as_markdown
from merlib.publishing.records.ledger import (
    Artefact,
    artefacts,
    best_records,
    get_artefact,
    kind_of,
    protocol_words,
    title_of,
)
from merlib.publishing.records.save_table import is_wide
from merlib.publishing.site.markdown import table

FOLDER = "records"
OUTSIDE = "---\norphan: true\n---\n\n"  # these pages are reached from the ledger and left out of the menu
FILES = f"{FOLDER}/files"  # copies of the committed records, pictures and tables


def write_record_pages(records: Iterable[dict], drawn: Mapping[str, list[str]], source: Path, root: Path) -> list[Path]:
    """Write a page for each artefact of the papers, for each further record, and the ledger that leads to them.

    Parameters
    ----------
    records : iterable of dict
        The committed records, with their ``path``; see `ledger.read_records`.
    drawn : mapping of str to list of str
        Notebooks that show an artefact, by its id.
    source : Path
        Source folder of the book; the records and their files are copied there.
    root : Path
        The checkout, below which the records lie.
    """
    by_id: dict[str, list[dict]] = defaultdict(list)
    for record in records:
        by_id[record["id"]].append(record)
    best = best_records(record for group in by_id.values() for record in group)
    names = list(dict.fromkeys([*artefacts(), *sorted(by_id), *sorted(drawn)]))
    pages = []
    for name in names:
        kept = sorted(by_id[name], key=lambda record: record is not best.get(name))
        text = artefact_page(get_artefact(name), kept, drawn.get(name, []), source, root)
        pages.append(_write(source / FOLDER / f"{name}.md", text))
    return [_write(source / FOLDER / "index.md", ledger_page(names, best)), *pages]


def ledger_page(names: Iterable[str], best: Mapping[str, dict]) -> str:
    """Return the page that lists every artefact with its grade and a link to its page."""
    rows = []
    for name in names:
        artefact, record = get_artefact(name), best.get(name)
        rows.append(
            {
                "artefact": f"[{as_markdown(artefact.title)}]({name}.md)",
                "grade": kind_of(record)
                if record
                else "missing"
                if artefact.kind != "extra"
                else "drawn by a notebook",
                "protocol": protocol_words(record["protocol"]) if record else "",
                "data": ", ".join(data["name"] for data in record["data"]) if record else "",
                "notebook": _notebook_link((record or {}).get("notebook", "")),
            }
        )
    return f"""# The ledger: every table, figure and diagram

Each row leads to a page that says on which data the artefact was made, how, by which notebook and which versions.
The first {len(artefacts())} rows are the five papers' own tables and figures, the others are results beyond them.
*Twin* means the SYNTHETIC twin. Click on a heading to sort; write into the field to filter.

{table(rows)}
"""


def artefact_page(artefact: Artefact, records: list[dict], drawn: list[str], source: Path, root: Path) -> str:
    """Return an artefact's page: the notebooks that show it, and its committed records with pictures and origin."""
    parts = [f"{OUTSIDE}# {as_markdown(artefact.title)}\n"]
    where = ", ".join(_notebook_link(name) for name in drawn)
    if where:
        parts.append(
            f"Shown in the notebook {where}, as it was executed with the profile `smoke` on the SYNTHETIC twin. "
        )
    if not records:
        parts.append(_without_record(artefact, bool(drawn)))
    elif drawn:
        parts.append("What is committed, often from longer runs on other data, stands below.\n")
    for record in records:
        parts.append(record_section(record, source, root))
    return "\n".join(parts)


def record_section(record: dict, source: Path, root: Path) -> str:
    """Return one committed record as a section: picture or table, then data, training, code and files."""
    path = Path(record["path"])
    place = path.relative_to(root)
    data = ", ".join(one["name"] for one in record["data"]) or "no data"
    stamp = "SYNTHETIC, " if record["synthetic"] else ""
    parts = [f"## {stamp}{data}, {kind_of(record)} (`{path.stem}`)\n"]
    copies = {suffix: _copied(path.with_suffix(suffix), source, root) for suffix in (".json", ".csv", ".png", ".md")}
    if copies[".png"]:
        said = as_markdown(f"{stamp}{title_of(record)}. {record['caption']}".strip())
        parts.append(f"![{said}]({copies['.png']})\n")
    if path.with_suffix(".md").is_file():
        parts.append(upright(path.with_suffix(".md").read_text(encoding="utf-8").replace("|  |", "| row |", 1)))
    elif record["caption"]:
        parts.append(f"{as_markdown(record['caption'])}\n")
    parts.append(table(origin_rows(record)))
    files = [f"{{download}}`{suffix[1:]} <{copies[suffix]}>`" for suffix in (".json", ".csv", ".png") if copies[suffix]]
    parts.append(f"\nFiles: {', '.join(files)}; in the repository `{place.with_suffix('.json').as_posix()}`.\n")
    return "\n".join(parts)


def origin_rows(record: Mapping) -> list[dict]:
    """Return the origin of a record as rows of two columns; rows that do not apply are left out."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    trained = [f"{one['label']} (`{one['experiment_digest'][:12]}`)" for one in record["experiments"]]
    told = {
        "Data": ", ".join(f"{one['name']} (`{one['digest'][:12]}`)" for one in record["data"]),
        "Protocol": protocol_words(record["protocol"]),
        "Training": record["training"],
        "Seeds": ", ".join(map(str, record["seeds"])),
        "Experiments": "; ".join(trained),
        "Stands in for": as_markdown(record["substitution"]),
        "Leaky, for comparison only": ", ".join(record.get("leaky", [])),
        "Notebook": _notebook_link(record["notebook"]),
        "Versions": versions,
        "Processor": record.get("processor", ""),
    }
    return [{"origin": key, "of this record": said} for key, said in told.items() if said]


def upright(text: str) -> str:
    """Return a saved table with rows and columns exchanged where it is wide and low, since a page is higher than wide.

    Parameters
    ----------
    text : str
        What `save_table` writes as Markdown: a headline, then the table.
    """
    lines = text.splitlines()
    cells = [line[2:-2].split(" | ") for line in lines if line.startswith("| ")]
    if not cells or len({len(row) for row in cells}) > 1 or not is_wide(len(cells[0]) - 1, len(cells) - 1):
        return text
    told = [line for line in lines if not line.startswith("|")]
    turned = pd.DataFrame(cells).T
    return "\n".join([*told, "", markdown(turned.iloc[1:].set_axis(turned.iloc[0], axis=1)), ""])


def record_link(artefact: str, below: str = "../") -> str:
    """Return the address of an artefact's page, seen from a page one folder below the book's front page."""
    return f"{below}{FOLDER}/{artefact}.md"


def _without_record(artefact: Artefact, drawn: bool) -> str:
    if drawn:
        return (
            "No record of it is committed: it is a drawing of the model, or of the run that you start yourself. "
            f"`make reproduce` writes its record to `results/runs/smoke-twin/artefacts/{artefact.id}.json`.\n"
        )
    return f"Not made yet. It needs: {as_markdown(artefact.needs)}.\n"


def _notebook_link(name: str) -> str:
    return f"[{name}](../notebooks/{name}.ipynb)" if name[:2].isdigit() else as_markdown(name)


def _copied(path: Path, source: Path, root: Path) -> str:
    """Copy a file beside a record into the book and return its address from a record's page; empty if there is none."""
    if not path.is_file():
        return ""
    if path.suffix == ".md":
        return path.name
    target = source / FILES / path.relative_to(root / "results" / "reference")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return Path(os.path.relpath(target, source / FOLDER)).as_posix()


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
