"""A verification as a single HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from string import Template

import pandas as pd

import merlib
from merlib.publishing.verify.filterable import Filterable

COLOURS = {"green": "#d8f0e3", "red": "#f6c9c0", "open": "#ececec"}
MEANING = {
    "green": "computed or trained again, and found as recorded",
    "red": "not what the predictions, the protocol or the training give",
    "open": "could not be held against anything here; the last column says why",
}
_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.5rem; } ul { padding-left: 1.2rem; }
table { border-collapse: collapse; width: 100%; margin-top: .6rem; } th, td { vertical-align: top; padding: .3rem .6rem;
  border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
input { font: inherit; padding: .2rem .5rem; }
td:first-child { font-weight: 600; }
</style>
</head>
<body>
<h1>$title</h1>
<p>$summary</p>
<ul>$legend</ul>
$table
<p>merlib $version. Made by <code>$command</code>.</p>
</body>
</html>
"""
)


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
    return _PAGE.substitute(
        title=escape(title),
        summary=escape(summary(counts)),
        legend=legend,
        table=Filterable(table, "Filter", COLOURS, height="").to_html(),
        version=escape(merlib.__version__),
        command=escape(command),
    )


def summary(counts: Mapping[str, int]) -> str:
    """Return a sentence with the number of findings of each colour, and whether something is wrong."""
    said = f"{counts['green']} green, {counts['red']} red, {counts['open']} open"
    return f"{said}. " + ("Something is wrong." if counts["red"] else "Nothing is wrong.")
