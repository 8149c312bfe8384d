"""Whoever meets an abbreviation in a notebook finds it in the glossary, which README and notebook 00 link."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from merlib.sources.errata import ID

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
# Two capitals or more in a word, hyphens and digits allowed: MSFF, TV-L1, MEGC2019, ConvLSTM, UF1.
ACRONYM = re.compile(
    r"\b[A-Z][A-Za-z0-9]*(?:-[A-Z][A-Za-z0-9]*)*[A-Z][A-Za-z0-9]*\b|\b[A-Z][A-Za-z]*[A-Z0-9][A-Za-z0-9]*\b"
)
ORDINARY = {
    *(
        "NASA",
        "MIT",
        "IEEE",
        "GPU",
        "CPU",
        "RGB",
        "CSV",
        "JSON",
        "PNG",
        "URL",
        "SHA",
        "HTML",
        "ID",
        "OK",
        "PyTorch",
        "FOLDER",
    ),
    *(
        "SYNTHETIC",
        "LEAKY",
        "LOOKS",
        "RuLU",
        "README",
        "MERLIB",
        "DATA",
        "DIR",
        "NAME",
        "OpenCV",
        "ImageNet",
        "MediaPipe",
    ),
    *(
        "ICLR",
        "NIPS",
        "NeurIPS",
        "CVPR",
        "ECCV",
        "ICCV",
        "FG",
        "TAFFC",
        "JMLR",
        "DAGM",
        "ACPR",
        "SIGGRAPH",
        "PLoS",
        "ONE",
    ),
    *(
        "XIV",
        "arXiv",
        "BlazeFace",
        "DataFrame",
        "JupyterLab",
        "FaceNet",
        "ACM",
        "TOG",
        "TMM",
        "PAMI",
        "TPAMI",
        "IJCV",
        "MICCAI",
    ),
}


def defined() -> set[str]:
    """Return the words of all terms, which the glossary prints in bold, and the parts of those with a hyphen."""
    terms = re.findall(r"\*\*(.+?)\*\*", GLOSSARY)
    words = {word for term in terms for word in re.findall(r"[\w+-]+", term)}
    return words | {part for word in words for part in re.split(r"[+-]", word) if part}


def missing(prose: str) -> list[str]:
    """Return the abbreviations of a text that the glossary lacks; code in backticks and formulas are no prose."""
    prose = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|https?://\S+|\]\([^)]*\)", " ", prose, flags=re.DOTALL)
    known = defined() | ORDINARY
    words = {match[0] for match in ACRONYM.finditer(ID.sub(" ", prose)) if len(re.findall("[A-Z]", match[0])) > 1}
    return sorted(word for word in words if word not in known and not set(word.split("-")) <= known)


def prose_of(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("[!._]*.ipynb")), ids=lambda path: path.stem)
def test_every_abbreviation_of_a_notebook_is_in_the_glossary(path):
    assert missing(prose_of(path)) == []


def test_abbreviations_are_found_and_the_unknown_is_told():
    assert missing("MSFF, TV-L1, ConvLSTM, UF1 and MEGC2019 and AM3F-A14 beside `QQZ` and $XYZ$") == []
    assert missing("the QQZ module and its ConvXYZ") == ["ConvXYZ", "QQZ"]


def test_no_term_is_explained_twice():
    terms = [term for line in GLOSSARY.splitlines() for term in re.findall(r"\*\*(.+?)\*\*", line)]
    assert sorted(terms) == sorted(set(terms))


@pytest.mark.parametrize(
    "word",
    [
        *("onset", "apex", "offset", "subject", "fold", "pooled"),
        *("twin", "grade", "record", "profile", "reference", "store", "ledger", "erratum"),
    ],
)
def test_the_words_of_the_companion_are_terms(word):
    assert word in {term.lower() for term in defined()}


@pytest.mark.parametrize("name", ["README.md", "notebooks/00_start_here.py", "notebooks/00_start_here.ipynb"])
def test_the_glossary_is_linked_where_readers_start(name):
    assert "docs/glossary.md" in (ROOT / name).read_text(encoding="utf-8")


def anchors() -> set[str]:
    """Return the places of the glossary that a link may lead to."""
    headings = re.findall(r"^#+ (.+)$", GLOSSARY, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("[!._]*.py")), ids=lambda path: path.stem)
def test_links_to_the_glossary_lead_to_a_heading(path):
    linked = re.findall(r"docs/glossary\.md#([\w-]+)", path.read_text(encoding="utf-8"))
    assert [place for place in linked if place not in anchors()] == []
    if path.name[:2] <= "11":  # the notebooks of the course explain their terms where they first stand
        assert linked
