"""Write any text into Markdown or LaTeX so that no sign of it is read as markup; for HTML, `html.escape` does it."""

from __future__ import annotations

import re

MARKDOWN = re.compile(r"[\\_*<>\[\]|`$]|&(?=#?\w+;)")
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def as_markdown(text: object) -> str:
    """Escape what Markdown would read as markup: indices such as TP_c, products, tags, brackets, bars and dollars."""
    return MARKDOWN.sub(r"\\\g<0>", str(text))


def as_latex(text: object) -> str:
    r"""Escape what LaTeX would read as a command, for a caption: a per cent sign hides the rest of its line.

    The cells and names of a table are escaped by ``DataFrame.to_latex(escape=True)``, which leaves the caption alone.
    """
    return "".join(LATEX.get(sign, sign) for sign in str(text))


def in_one_line(text: object) -> str:
    """Return a text with every run of blanks and line breaks as one blank, since a cell of Markdown is one line."""
    return " ".join(str(text).split())
