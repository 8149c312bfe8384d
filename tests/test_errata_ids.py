"""Each erratum that is cited anywhere exists and is cited with its paper: a bare F1 is a score, a bare A2 a cell."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from merlib.sources import read_errata
from merlib.sources.errata import ID

ROOT = Path(__file__).resolve().parents[1]
PLACES = (
    "merlib/**/*.py",
    "tests/**/*.py",
    "notebooks/*.py",
    "notebooks/*.ipynb",
    "data_manifests/**/*.csv",
    "data_manifests/**/*.yaml",
    "docs/*.md",
    "*.md",
)
# Other things that look like a number without its paper: cells of a sheet, pairs of action units, Wendland's C2
# function, and the files that explain or test the ids themselves. By name, so that a file may move.
OTHER_THINGS = {
    "test_official_audit.py": r"[A-F]\d{1,2}",
    "test_action_unit_codes.py": r"B[12]",
    "action_units.py": r"C2",
    "errata.py": r"A17",
    "errata_page.py": r"A17|F1",
    "errata.md": r"A17|F1",
    "test_errata.py": r"A\d+|F1",
    "test_errata_ids.py": r"[A-FX]\d+",
}
BARE = re.compile(r"(?<![\w.+*-])[A-FX]\d{1,2}[a-z]?\b(?![+*=(\[]|-\d)")
# F1 is a score unless it stands where only an id stands: alone in brackets, after the word, or first in a table's row.
CITED_F1 = re.compile(r"(?<=\()F1(?=\))|(?<=errata )F1\b|^(?:# )?\| F1(?= \|)|^\s*F1(?=\s{3}\S)")


def prose(path: Path) -> list[str]:
    """Return the lines of a file; of a notebook the lines of its cells, since its outputs show what records hold."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text.splitlines()
    return [line for cell in json.loads(text)["cells"] for line in "".join(cell["source"]).splitlines()]


def bare_ids(name: str, lines: list[str]) -> list[str]:
    """Return where a file cites an erratum without its paper, as line number and id."""
    numbers = {erratum.id.rpartition("-")[2] for erratum in read_errata()}
    other = re.compile(OTHER_THINGS.get(name, r"(?!)"))
    found = []
    for number, line in enumerate(lines, 1):
        bare = [match[0] for match in BARE.finditer(line) if match[0] != "F1" and match[0] in numbers]
        bare += ["F1"] * len(CITED_F1.findall(line))
        found += [f"{number} {token}" for token in bare if not other.fullmatch(token)]
    return found


def unknown_ids(lines: list[str]) -> list[str]:
    """Return the ids, each with its paper, that are not in the list of errata."""
    known = {erratum.id for erratum in read_errata()}
    return [match[0] for line in lines for match in ID.finditer(line) if match[0] not in known]


def files() -> list[Path]:
    return sorted({path for place in PLACES for path in ROOT.glob(place)})


@pytest.mark.long
def test_every_cited_id_is_in_the_list():
    skipped = {"test_errata.py", "test_errata_ids.py"}  # they cite ids that must not exist
    unknown = {str(path.relative_to(ROOT)): unknown_ids(prose(path)) for path in files() if path.name not in skipped}
    assert {path: ids for path, ids in unknown.items() if ids} == {}


@pytest.mark.long
def test_no_erratum_is_cited_without_its_paper():
    found = [f"{path.relative_to(ROOT)}:{place}" for path in files() for place in bare_ids(path.name, prose(path))]
    assert found == []


def test_most_of_the_list_is_cited():
    """An empty list of files, or a pattern that finds nothing, would pass the two tests above."""
    places = ("notebooks/*.py", "data_manifests/papers/*.csv", "merlib/**/*.py")
    texts = [path.read_text(encoding="utf-8") for place in places for path in ROOT.glob(place)]
    cited = {match[0] for text in texts for match in ID.finditer(text)}
    assert len(cited) > 40


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("a.py", "# the sign is that of A16", ["1 A16"]),
        ("a.py", "as printed (F1)", ["1 F1"]),
        ("a.md", "| F1 | 32 factors |", ["1 F1"]),
        ("a.py", "(errata B2, B15)", ["1 B2", "1 B15"]),
        ("a.py", "the sign is that of AM3F-A16 (UAMRN-F1), see DUAL-ATME-C14b", []),
        ("a.py", "UF1 and F1 of each class; F1, mean over people", []),
        ("a.md", "| Metric | F1 |", []),
        ("action_units.py", "Wendland's C2 function, but A16", ["1 A16"]),
    ],
)
def test_planted_citations_are_told_from_scores_and_cells(name, line, found):
    assert bare_ids(name, [line]) == found


def test_a_planted_id_that_does_not_exist_is_caught():
    assert unknown_ids(["AM3F-A17 and AM3F-A71", "UAMRN-F1"]) == ["AM3F-A71"]
