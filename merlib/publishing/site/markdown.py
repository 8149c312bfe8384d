"""Tables and links to errata as Markdown, for the pages that are written from records and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import pandas as pd

from merlib.publishing.planned.headline import markdown
from merlib.publishing.records.escaping import in_one_line
from merlib.sources.errata import read_errata

KEPT = re.compile(
    r"(```.*?```|`[^`\n]+`|\[[^\]\n]*\]\([^)\n]*\)|<!--.*?-->|\$[^$\n]+\$|^#.*?$)", re.DOTALL | re.MULTILINE
)


def table(rows: Iterable[Mapping[str, str]]) -> str:
    """Return rows of Markdown cells as a table; the columns are those of the first row, and each cell is one line."""
    frame = pd.DataFrame([{name: in_one_line(cell) for name, cell in row.items()} for row in rows])
    return "" if frame.empty else markdown(frame) + "\n"


def linked_errata(text: str, page: str) -> str:
    """Return Markdown in which each id of an erratum outside code, links and headings leads to its entry on `page`."""
    parts = KEPT.split(text)  # every second part is code, a link or a heading and is left as it is
    parts[::2] = [
        errata_ids().sub(lambda found: f"[{found[0]}]({page}#{found[0].lower()})", part) for part in parts[::2]
    ]
    return "".join(parts)


@lru_cache(maxsize=1)
def errata_ids() -> re.Pattern:
    """Return a pattern that finds the ids of the errata as whole words, the longest first."""
    names = sorted((re.escape(erratum.id) for erratum in read_errata()), key=len, reverse=True)
    return re.compile(rf"(?<![\w/#-])(?:{'|'.join(names)})(?![\w-])")
