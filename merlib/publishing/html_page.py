"""The frame of a report that is one HTML file and needs no other: head, common style, and what a browser may do."""

from __future__ import annotations

from html import escape
from string import Template

_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="$policy">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.5rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;
  border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
$style</style>
</head>
<body>
<h1>$title</h1>
$body</body>
</html>
"""
)


def html_page(title: str, body: str, style: str = "", scripts: bool = False) -> str:
    """Return one page of HTML that fetches nothing, from wherever it is opened.

    Parameters
    ----------
    title : str
        Plain text, escaped here; shown as the heading too.
    body : str
        HTML below the heading. Whoever writes it escapes the values in it.
    style : str
        Further rules of CSS, after those of every page.
    scripts : bool
        Whether the browser may run the page's own scripts. Without it, nothing that found its way into `body` runs.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'" + ("; script-src 'unsafe-inline'" if scripts else "")
    return _PAGE.substitute(policy=policy, title=escape(title), style=style, body=body)
