"""The frame of one-file reports: titles are plain text, and a page runs scripts only where it has some of its own."""

from __future__ import annotations

import re

from merlib.publishing.html_page import html_page


def policy(page: str) -> str:
    return re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]


def test_nothing_is_fetched_and_scripts_run_only_where_they_were_asked_for():
    quiet, moving = html_page("title", "<p>x</p>"), html_page("title", "<p>x</p>", scripts=True)
    assert all("default-src 'none'" in policy(page) for page in (quiet, moving))
    assert "script-src" not in policy(quiet)
    assert "script-src 'unsafe-inline'" in policy(moving)


def test_a_title_is_text_and_a_body_is_markup():
    page = html_page("a <b> & $c", "<p>costs $5</p>")
    assert page.count("a &lt;b&gt; &amp; $c") == 2
    assert "<p>costs $5</p>" in page
