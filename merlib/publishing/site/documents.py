"""The checkout's own documents as pages of the book: what they link to lies there too, in the same layout."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from merlib.publishing.site.markdown import linked_errata
from merlib.publishing.site.record_pages import FOLDER, OUTSIDE

PAGES = ("README.md", "CONTRIBUTING.md")  # besides docs/
ERRATA = "docs/errata.md"
LINK = re.compile(r"(!?)\[([^\]\n]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def copy_documents(source: Path, root: Path) -> None:
    """Copy README, CONTRIBUTING and what lies in ``docs/``, with everything that they show or link to.

    A link to a committed record leads to the record's page. A folder has no page, so a link to one becomes its path.
    Other documents, such as the plan of the analysis, become pages outside of the menu.
    """
    menu = [*(root / name for name in PAGES), *sorted((root / "docs").glob("*.md"))]
    wanted, copied = list(menu), set()
    while wanted:
        path = wanted.pop()
        if path not in copied:
            copied.add(path)
            wanted += copy_document(path, source, root, head="" if path in menu else OUTSIDE)


def copy_document(path: Path, source: Path, root: Path, head: str = "") -> list[Path]:
    """Copy one document with `head` before it, and the files that it links to; return the documents among them."""
    target = source / path.relative_to(root)
    documents = []

    def follow(link: re.Match) -> str:
        shows, label, address, place = link.groups()
        linked = (path.parent / address).resolve()
        if linked.is_dir():
            return f"{label} (`{linked.relative_to(root).as_posix()}/`)"
        if _is_record(linked):
            name = json.loads(linked.read_text(encoding="utf-8"))["id"]
            return f"[{label}]({_seen_from(target, source / FOLDER / name)}.md)"
        if linked.suffix == ".md" and linked.is_file():
            documents.append(linked)
        elif linked.suffix != ".ipynb" and linked.is_file():
            _copy(linked, source / linked.relative_to(root))
        return f"{shows}[{label}]({address}{place or ''})"

    text = LINK.sub(follow, path.read_text(encoding="utf-8"))
    if path != root / ERRATA:
        text = linked_errata(text, _seen_from(target, source / ERRATA))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(head + text, encoding="utf-8")
    return documents


def _is_record(path: Path) -> bool:
    return path.suffix == ".json" and path.parent.name == "artefacts" and path.is_file()


def _seen_from(page: Path, other: Path) -> str:
    return Path(os.path.relpath(other, page.parent)).as_posix()


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
