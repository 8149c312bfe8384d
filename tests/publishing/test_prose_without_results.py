"""No result is typed into a notebook's prose: what was measured is printed by a cell, from a record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from merlib.places import repository_root
from merlib.sources.reported import reported_values

NOTEBOOKS = sorted((repository_root() / "notebooks").glob("*.py"))
SETTINGS = {  # no results: what somebody set, or what an erratum quotes
    "95 %": "coverage of every interval",
    "80 %": "power of a test",
    "5 %": "level of a test",
    "10 %": "jitter of AM3F-FlowNet's augmentation (AM3F-A16)",
    ".001": "penalty of the line",
    ".9": "momentum, our choice",
    "0.1": "UAMRN-F14 quotes it",
    "0.01": "lambda of Dual-ATME's Eq. 10",
}
NOT_PROSE = re.compile(
    r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|https?://\S+"
    r"|(?:Sec|Secs|Eq|Tables?|Fig|Figures?)\.? ?[\d.]+(?: (?:and|to) [\d.]+)*",
    re.DOTALL,
)
NUMBER = re.compile(r"(?<![\w.])\d*\.\d+(?: ?%)?|\b\d+ ?%|\b\d+(?:\.\d+)? points")


def prose_of(source: str) -> str:
    """Return the Markdown of a notebook in percent format, up to its exercises, without formulas, code, links, places.

    Exercises name the numbers that they are about.
    """
    source = source.partition("# ## Exercises")[0]
    cells = re.split(r"^# %%", source, flags=re.MULTILINE)
    texts = [cell for cell in cells if cell.lstrip().startswith("[markdown]")]
    return NOT_PROSE.sub(" ", "\n".join(re.sub("^# ?", "", text, flags=re.MULTILINE) for text in texts))


def typed(source: str, printed: set[float] = frozenset()) -> list[str]:
    """Return the numbers in a notebook's prose that look like results: neither settings nor printed by a paper."""
    found = [match[0] for match in NUMBER.finditer(prose_of(source)) if match[0] not in SETTINGS]
    return [text for text in found if float(re.match(r"[\d.]+", text)[0]) not in printed]


@pytest.fixture(scope="module")
def printed() -> set[float]:
    folder = repository_root() / "data_manifests" / "papers"
    tables = {line.split(",")[0] for path in folder.glob("*.csv") for line in path.read_text("utf-8").splitlines()[1:]}
    return {float(value) for table in tables if "." in table for value in reported_values(table)["value"]}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: Path(path).stem)
def test_prose_holds_no_result(path, printed):
    assert typed(path.read_text(encoding="utf-8"), printed) == []


@pytest.mark.parametrize(
    "sentence", ["UF1 rises to 0.743.", "It gains .021.", "right in 63 % of the clips", "2.5 points"]
)
def test_a_result_in_prose_is_found(sentence):
    assert len(typed(f"# %% [markdown]\n# {sentence}\n\n# %%\nx = 0.5\n")) == 1


def test_formulas_places_and_code_are_no_results():
    cell = r"# As Sec. 3.2.1 and Eq. 2 say, $\lambda = 0.25$, `C=0.5` and Table 3.4; 28 x 28 pixels."
    assert typed(f"# %% [markdown]\n{cell}\n\n# %%\nx = 0.5\n") == []
