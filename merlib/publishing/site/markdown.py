"""Tables and plain text as Markdown, for the pages that are written from records and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import pandas as pd

from merlib.publishing.planned.headline import markdown
from merlib.sources.errata import read_errata

MARKUP = "\\_*<>[]|`$"
KEPT = re.compile(
    r"(```.*?```|`[^`\n]+`|\[[^\]\n]*\]\([^)\n]*\)|<!--.*?-->|\$[^$\n]+\$|^#.*?$)", re.DOTALL | re.MULTILINE
)


def as_text(text: str) -> str:
    """Escape what Markdown would read as markup: indices such as TP_c, products, brackets, bars and dollars."""
    for sign in MARKUP:
        text = text.replace(sign, f"\\{sign}")
    return text


def table(rows: Iterable[Mapping[str, str]]) -> str:
    """Return rows of Markdown cells as a table; the columns are those of the first row, and each cell is one line."""
    frame = pd.DataFrame([{name: " ".join(str(cell).split()) for name, cell in row.items()} for row in rows])
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
