"""Names and captions of any wording come out of every form of a saved table as they went in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from known_predictions import make_samples
from markdown_it import MarkdownIt

from merlib.publishing import save_table
from merlib.publishing.records.escaping import as_latex, as_markdown

ROW = "50 % | a_b * c_d & <i>net</i> &lt; $x$ `y`\nsecond line"
COLUMN = "<b>loss</b> | share in % [1]"
CAPTION = "5 % of TP_c | FP_c & <script>alert(1)</script> #1 {x} ~ ^ \\ cost $1 and $2, to the end"
READ = "50 % | a_b * c_d & <i>net</i> &lt; $x$ `y` second line"


class _Cells(HTMLParser):
    """The text of every cell and paragraph of a page of HTML, and the tags that it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.texts, self.inside = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in ("td", "th", "p"):
            self.texts.append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th", "p")

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data


@pytest.fixture
def saved(study):
    frame = pd.DataFrame({COLUMN: [0.25], "plain": [1.0]}, index=[ROW])
    return save_table("extra.names", frame, samples=[make_samples(synthetic=False)], caption=CAPTION)


def _file(study, suffix: str) -> str:
    return (study.artefact_folder / f"extra.names.{suffix}").read_text(encoding="utf-8")


def test_bars_tags_and_line_breaks_in_names_leave_the_markdown_table_whole(saved, study):
    shown = _Cells(MarkdownIt("commonmark", {"html": True}).enable("table").render(_file(study, "md")))
    heading, *cells = (text.strip() for text in shown.texts)
    assert cells == ["", COLUMN, "plain", READ, "0.250", "1.000"]
    assert heading == saved.headline
    assert not {"b", "i", "script", "em", "code"} & set(shown.tags)


def test_caption_and_names_in_latex_hide_nothing_and_command_nothing(saved, study):
    tex = _file(study, "tex")
    caption = next(line for line in tex.splitlines() if line.startswith(r"\caption{"))
    assert caption == rf"\caption{{{as_latex(saved.headline)}}}"
    assert caption.endswith("to the end}")
    for line in (caption, *(line for line in tex.splitlines() if "loss" in line or "net" in line)):
        assert not re.search(r"(?<!\\)[%#$]", line)


def test_tags_in_names_and_caption_are_text_in_html(saved):
    shown = _Cells(saved._repr_html_())
    assert shown.texts[0] == saved.headline
    assert {COLUMN, ROW.replace("\n", r"\n")} <= set(shown.texts)  # pandas writes a line break as its escape
    assert not {"i", "script"} & set(shown.tags)


@pytest.mark.parametrize("text", [r"\input{x}", r"100%\\", "a~b^c", "{", "#&_$"])
def test_latex_of_a_text_has_no_sign_of_its_own_left(text):
    left = re.sub(r"\\(?:textbackslash|textasciitilde|textasciicircum)\{\}|\\[&%$#_{}]", "", as_latex(text))
    assert not set(left) & set(r"\&%$#_{}~^")


def test_markdown_leaves_a_plain_ampersand_and_escapes_an_entity():
    assert as_markdown("D&C-RoIs, F.&N.") == "D&C-RoIs, F.&N."
    assert as_markdown("&lt;b&gt; &#60;") == r"\&lt;b\&gt; \&#60;"
