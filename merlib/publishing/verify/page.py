"""A verification as a single HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import pandas as pd

import merlib
from merlib.publishing.html_page import html_page
from merlib.publishing.verify.filterable import Filterable

COLOURS = {"green": "#d8f0e3", "red": "#f6c9c0", "open": "#ececec"}
MEANING = {
    "green": "computed or trained again, and found as recorded",
    "red": "not what the predictions, the protocol or the training give",
    "open": "could not be held against anything here; the last column says why",
}
_STYLE = """ul { padding-left: 1.2rem; } table { margin-top: .6rem; }
input { font: inherit; padding: .2rem .5rem; }
td:first-child { font-weight: 600; }
"""


def verification_page(title: str, table: pd.DataFrame, counts: Mapping[str, int], command: str) -> str:
    """Return a verification as one page: counts, the meaning of the colours, and all rows, which can be filtered.

    Parameters
    ----------
    title : str
        What was verified.
    table : DataFrame
        One row per finding; the first column holds ``green``, ``red`` or ``open``.
    counts : mapping of str to int
        Number of findings of each colour.
    command : str
        The command that makes the page again.
    """
    legend = "".join(
        f'<li><span style="background:{colour};padding:0 .5rem">{name}: {counts[name]}</span> {MEANING[name]}</li>'
        for name, colour in COLOURS.items()
    )
    table_of_findings = Filterable(table, "Filter", COLOURS, height="").to_html()
    body = (
        f"<p>{escape(summary(counts))}</p>\n<ul>{legend}</ul>\n{table_of_findings}\n"
        f"<p>merlib {escape(merlib.__version__)}. Made by <code>{escape(command)}</code>.</p>\n"
    )
    return html_page(title, body, _STYLE, scripts=True)


def summary(counts: Mapping[str, int]) -> str:
    """Return a sentence with the number of findings of each colour, and whether something is wrong."""
    said = f"{counts['green']} green, {counts['red']} red, {counts['open']} open"
    return f"{said}. " + ("Something is wrong." if counts["red"] else "Nothing is wrong.")
