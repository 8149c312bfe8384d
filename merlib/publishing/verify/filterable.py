"""Whole tables that are filtered by typing, for notebooks and pages; no row is cut off, and no script is fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from html import escape

import pandas as pd

ROWS = "16rem"  # height of a table beyond which it scrolls
_SCRIPT = (
    "var t=document.getElementById('{name}'),w=this.value.toLowerCase().split(' '),n=0;"
    "for(var r of t.tBodies[0].rows){{var s=r.textContent.toLowerCase(),"
    "on=w.every(function(x){{return s.includes(x)}});"
    "r.hidden=!on;n+=on}}document.getElementById('{name}-n').textContent=n;"
)


class Filterable:
    """A table below a text field; rows that lack one of the words typed there are hidden. A notebook shows it.

    Parameters
    ----------
    frame : DataFrame
        The table, of which every row and column is shown.
    title : str
        The name of the table, in words.
    colours : mapping of str to str, optional
        Background colour of a row by the text of its first cell, which says the same as the colour.
    height : str
        Height beyond which the table scrolls; empty for a page of its own.
    """

    def __init__(
        self, frame: pd.DataFrame, title: str = "", colours: Mapping[str, str] | None = None, height: str = ROWS
    ):
        self.frame, self.title, self.colours, self.height = frame, title, dict(colours or {}), height

    def to_html(self) -> str:
        """Return the table as one fragment of HTML with the few lines of script that filter it."""
        name = "t" + hashlib.sha256(f"{self.title}{self.frame.to_csv()}".encode()).hexdigest()[:10]
        head = "".join(f"<th>{escape(str(column))}</th>" for column in self.frame.columns)
        left = f"<style>#{name} th, #{name} td {{ text-align: left; }}</style>"
        body = "".join(self._row(row) for row in self.frame.itertuples(index=False))
        scroll = f"max-height:{self.height};" if self.height else ""
        field = (
            f'<label>{escape(self.title)} <input type="search" placeholder="type to filter" '
            f'oninput="{escape(_SCRIPT.format(name=name))}"></label> '
            f'<span id="{name}-n">{len(self.frame)}</span> of {len(self.frame)} rows'
        )
        style = "overflow:auto;" + scroll
        table = f'<table id="{name}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        return f'<div>{left}{field}<div style="{style}">{table}</div></div>'

    def _row(self, row: tuple) -> str:
        colour = self.colours.get(str(row[0])) if row else None
        style = f' style="background:{colour};color:#111"' if colour else ""
        return f"<tr{style}>" + "".join(f"<td>{escape(_text(value))}</td>" for value in row) + "</tr>"

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return f"{self.title}: {len(self.frame)} rows, shown as HTML; to_string() of .frame prints them"


def _text(value: object) -> str:
    if value is None or value != value:  # NaN
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
