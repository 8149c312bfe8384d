"""Faults planted in a small built book are found, each with its page, and a sound book passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlib.publishing.site.html_check import complaints_about

SOUND = """<html><head><link rel="stylesheet" href="style.css"><script src="tables.js"></script></head><body>
<a href="https://example.org/paper">a link elsewhere is followed by a reader, not by the browser</a>
<a href="other.html#place">there</a> <a href="#here">here</a> <p id="here">x</p>
<img src="picture.png" alt="Two curves"> <img src="data:image/png;base64,AAAA" alt="a map">{planted}</body></html>"""


@pytest.fixture
def book(tmp_path):
    def made(planted: str = "", style: str = "p { color: red }") -> Path:
        (tmp_path / "index.html").write_text(SOUND.format(planted=planted))
        (tmp_path / "other.html").write_text('<html><body><h2 id="place">x</h2></body></html>')
        (tmp_path / "style.css").write_text(style)
        (tmp_path / "tables.js").write_text("")
        (tmp_path / "picture.png").write_bytes(b"")
        return tmp_path

    return made


def test_a_sound_book_passes(book):
    assert complaints_about(book()) == []


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ('<script src="https://cdn.example.org/x.js"></script>', "fetched from elsewhere"),
        ('<script src="//cdn.example.org/x.js"></script>', "fetched from elsewhere"),
        ('<link rel="preconnect" href="https://fonts.example.org">', "fetched from elsewhere"),
        ('<img src="http://example.org/a.png" alt="x">', "fetched from elsewhere"),
        ('<img srcset="picture.png 1x, https://example.org/a.png 2x" alt="x">', "fetched from elsewhere"),
        ("<style>@import 'https://example.org/a.css';</style>", "fetched from elsewhere"),
        ('<p style="background: url(https://example.org/a.png)">x</p>', "fetched from elsewhere"),
        ('<script type="module">import {x} from "https://example.org/m.js"</script>', "fetched from elsewhere"),
        ('<img src="gone.png" alt="x">', "missing file"),
        ('<a href="gone.html">x</a>', "dead link"),
        ('<a href="other.html#gone">x</a>', "no such place"),
        ('<a href="#gone">x</a>', "no such place"),
        ('<img src="picture.png">', "without a text"),
        ('<img src="picture.png" alt=" ">', "without a text"),
    ],
)
def test_a_planted_fault_is_found(book, planted, said):
    [complaint] = complaints_about(book(planted))
    assert complaint.startswith("index.html: ")
    assert said in complaint


def test_a_style_sheet_that_fetches_a_font_is_found(book):
    [complaint] = complaints_about(book(style="@font-face { src: url('https://fonts.example.org/a.woff2') }"))
    assert complaint.startswith("style.css: fetched from elsewhere")


def test_an_empty_folder_is_no_book(tmp_path):
    assert complaints_about(tmp_path) != []
