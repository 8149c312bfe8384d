"""The edition without solutions, and the rules that make it possible: solutions fold and keep to their own names."""

from __future__ import annotations

import jupytext
import nbformat
import pytest
from typer.testing import CliRunner

from merlib.cli.main import app
from merlib.errors import MerlibError
from merlib.running.rules import names_bound, open_solutions
from merlib.running.student import write_student_edition

TEXT = """# %% [markdown]
# # Folds
#
# See the [glossary](../docs/glossary.md#measuring), [what else](01_more.ipynb) and [a page](https://example.org/a.md).
#
# ## Exercises

# %%
share = None
check("00.share", share)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution.
solution_share = 0.25
check("00.share", solution_share)

# %%
print("the end")
"""


@pytest.fixture
def course(tmp_path):
    """A repository with one executed notebook and a glossary."""
    root = tmp_path / "repository"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "glossary.md").write_text("words")
    notebook = jupytext.reads(TEXT, fmt="py:percent")
    for cell in notebook.cells[1:]:
        cell.outputs = [nbformat.v4.new_output("stream", text=f"output of {cell.source[:5]}")]
    nbformat.write(notebook, root / "00_folds.ipynb")
    return root, tmp_path / "course"


def written(course, names=("00_folds",)):
    root, folder = course
    return write_student_edition({name: root / f"{name}.ipynb" for name in names}, folder, root)


def test_the_edition_has_exercises_checks_and_outputs_and_no_solution(course):
    written(course)
    edition = nbformat.read(course[1] / "00_folds.ipynb", as_version=4)
    sources = "\n".join(cell.source for cell in edition.cells)
    assert "solution" not in sources
    assert "0.25" not in (course[1] / "00_folds.ipynb").read_text()
    assert 'check("00.share", share)' in sources
    assert [cell.outputs[0].text for cell in edition.cells if cell.cell_type == "code"] == [
        "output of share",
        "output of print",
    ]


def test_links_to_pages_go_to_copies_beside_the_notebook(course):
    written(course)
    prose = nbformat.read(course[1] / "00_folds.ipynb", as_version=4).cells[0].source
    assert "](docs/glossary.md#measuring)" in prose
    assert "](01_more.ipynb)" in prose
    assert "](https://example.org/a.md)" in prose
    assert (course[1] / "docs" / "glossary.md").read_text() == "words"


def test_writing_again_is_harmless_until_somebody_has_answered(course):
    before = {path: path.read_bytes() for path in written(course)}
    written(course)
    answered = course[1] / "00_folds.ipynb"
    answered.write_text(answered.read_text().replace("share = None", "share = 0.5"))
    kept = answered.read_bytes()
    (course[1] / "docs" / "glossary.md").unlink()
    with pytest.raises(MerlibError, match=r"00_folds\.ipynb"):
        written(course)
    assert answered.read_bytes() == kept != before[answered]
    assert not (course[1] / "docs" / "glossary.md").exists()  # all or nothing


def test_the_verb_writes_the_notebooks_that_are_named(tmp_path):
    told = CliRunner().invoke(app, ["notebooks", "00", "--student", str(tmp_path / "course")])
    assert told.exit_code == 0, told.output
    assert [path.name for path in (tmp_path / "course").glob("*.ipynb")] == ["00_start_here.ipynb"]
    edition = (tmp_path / "course" / "00_start_here.ipynb").read_text()
    assert "solution_" not in edition
    assert "(../" not in edition
    assert (tmp_path / "course" / "docs" / "glossary.md").is_file()


def complaints(old: str, new: str) -> list[str]:
    assert old in TEXT
    return open_solutions(jupytext.reads(TEXT.replace(old, new), fmt="py:percent"))


def test_a_folded_solution_with_its_own_names_is_accepted():
    assert complaints("0.25", "0.25") == []


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('"outputs_hidden": true, ', "", "open"),
        (' jupyter={"outputs_hidden": true, "source_hidden": true}', "", "open"),
        ("# One solution.\n", "", "first line"),
        ("solution_share = 0.25", "share = 0.25", "share"),
        ("solution_share = 0.25", "for k in range(3):\n    solution_share = k", "k"),
        ('check("00.share", solution_share)', "print(solution_share)", "checked"),
    ],
)
def test_an_open_solution_one_that_overwrites_and_one_unchecked_are_caught(old, new, word):
    [complaint] = complaints(old, new)
    assert word in complaint


def test_which_names_a_cell_binds():
    source = """
import numpy as np
a, (b, *c) = 1, (2, 3)
d: int = 1
e += 1
[f for f in range(3)]
def g(h): ...
with x as i: ...
"""
    assert names_bound(source) == {"a", "b", "c", "d", "e", "g", "i"}
