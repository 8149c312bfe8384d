"""The committed notebooks: text and notebook agree, every cell was executed, nothing was stripped."""

from __future__ import annotations

import copy
import os
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest

from merlib.running import rules as checks
from merlib.running.pairs import build_pair, clean

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[!._]*.ipynb"))
TEXTS = sorted((ROOT / "notebooks").glob("[!._]*.py"))


def by_name(paths):
    return pytest.mark.parametrize("path", paths, ids=[path.stem for path in paths])


@by_name(NOTEBOOKS)
def test_the_notebook_was_executed_and_shows_what_it_should(path):
    assert checks.check_notebook(nbformat.read(path, as_version=4)) == []


@by_name(TEXTS)
def test_text_and_notebook_agree(path):
    assert checks.pair_differs(path, path.with_suffix(".ipynb")) == []


@by_name(TEXTS)
def test_code_fits_the_page_and_cells_stay_short(path):
    notebook = jupytext.read(path)
    assert [line for cell in checks.code_cells(notebook) for line in checks.wide_lines(cell)] == []
    assert checks.long_cells(notebook) == []


def test_every_notebook_has_its_text():
    assert [path.stem for path in NOTEBOOKS] == [path.stem for path in TEXTS]


@by_name(NOTEBOOKS)
def test_the_notebook_keeps_nothing_of_the_machine_or_the_hour(path):
    notebook = nbformat.read(path, as_version=4)
    assert clean(copy.deepcopy(notebook), ROOT).cells == notebook.cells
    assert set(notebook.metadata) <= {"jupytext", "kernelspec", "language_info"}


def saved_by_jupyterlab(notebook: Path, root: Path) -> None:
    """Open and save a notebook as JupyterLab does, with its kernel's names, from a server started in `root`."""
    from jupyter_server.services.contents.largefilemanager import LargeFileManager
    from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

    manager = build_sync_jupytext_contents_manager_class(LargeFileManager)()
    manager.root_dir = str(root)
    path = notebook.relative_to(root).as_posix()
    content = manager.get(path)["content"]
    content.metadata["kernelspec"] = {"display_name": "Python 3 (mine)", "language": "python", "name": "python3"}
    content.metadata["language_info"] = {"name": "python", "version": "3.13.1", "file_extension": ".py"}
    manager.save({"type": "notebook", "format": "json", "content": content, "path": path}, path)


@pytest.mark.long
@pytest.mark.parametrize(
    ("path", "root"),
    [(path, ".") for path in NOTEBOOKS] + [(path, "notebooks") for path in NOTEBOOKS[:1]],
    ids=lambda value: getattr(value, "stem", value),
)
def test_a_save_in_jupyterlab_leaves_the_text_and_the_checks_as_they_were(path, root, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for half in (path.with_suffix(".py"), path):
        shutil.copyfile(half, folder / half.name)
    os.utime(folder / path.with_suffix(".py").name, (0, 0))  # a checkout may write the halves in any order
    saved_by_jupyterlab(folder / path.name, tmp_path / root)
    assert (folder / path.with_suffix(".py").name).read_bytes() == path.with_suffix(".py").read_bytes(), (
        "the text's header differs from what jupytext writes: take that of 00_start_here.py"
    )
    test_the_notebook_keeps_nothing_of_the_machine_or_the_hour(folder / path.name)
    assert checks.check_notebook(nbformat.read(folder / path.name, as_version=4)) == []


# --- planted faults ------------------------------------------------------------------------------------------------

TEXT = """# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
# ---

# %% [markdown]
# # Folds

# %% tags=["parameters"]
profile = "smoke"
data = []
store = ""

# %%
import os
subjects = ["sub01", "006"]

# %%
print(len(subjects), os.getcwd())

# %%
subjects[0]
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A pair built for real."""
    root = tmp_path_factory.mktemp("pair")
    text = root / "01_folds.py"
    text.write_text(TEXT)
    complaints = build_pair(text, root / "results", root.parent)
    return text, complaints


@pytest.fixture
def notebook(built):
    return nbformat.read(built[0].with_suffix(".ipynb"), as_version=4)


@pytest.mark.long
def test_a_built_pair_satisfies_every_check(built, notebook):
    text, complaints = built
    assert complaints == checks.check_notebook(notebook) == []
    assert checks.pair_differs(text, text.with_suffix(".ipynb")) == []
    assert [output.text for output in notebook.cells[3].outputs] == [f"2 {text.parent.name}\n"]


@pytest.mark.slow
def test_building_again_gives_the_same_bytes(built):
    text, _ = built
    before = text.with_suffix(".ipynb").read_bytes()
    build_pair(text, text.parent / "results", text.parent.parent)
    assert text.with_suffix(".ipynb").read_bytes() == before
    assert b"papermill" not in before


@pytest.mark.long
def test_a_failing_build_leaves_the_notebook_that_was_there(built, tmp_path):
    from merlib.errors import MerlibError

    text = tmp_path / "01_folds.py"
    text.write_text(TEXT.replace("subjects[0]", "subjects[2]"))
    text.with_suffix(".ipynb").write_text("the old one")
    with pytest.raises(MerlibError, match=r"cell 5: IndexError(.|\n)*subjects\[2\]"):
        build_pair(text, tmp_path / "results", tmp_path)
    assert text.with_suffix(".ipynb").read_text() == "the old one"


def test_a_cell_never_executed_is_caught(notebook):
    notebook.cells[2].execution_count = None
    assert checks.never_executed(notebook) == ["never executed: 'import os'"]


def test_a_notebook_executed_out_of_order_is_caught(notebook):
    notebook.cells[2].execution_count = 7
    assert "[1, 7, 3, 4]" in checks.never_executed(notebook)[0]


@pytest.mark.parametrize(("index", "line"), [(3, "print("), (4, "subjects[0]")])
def test_a_stripped_output_is_caught(notebook, index, line):
    notebook.cells[index].outputs = []
    [complaint] = checks.stripped_outputs(notebook)
    assert line in complaint


def test_a_notebook_without_any_output_is_caught(notebook):
    notebook.cells = notebook.cells[:3]
    assert checks.stripped_outputs(notebook) == ["no cell has any output"]


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        ("x = 1", False),
        ("table", True),
        ("table.shape", True),
        ("draw(table)", False),
        ("print(1)\nx = 2", True),
        ("figure.axes[0];", False),
        ("%matplotlib inline\nx", True),
        ('"""A remark."""', False),
    ],
)
def test_which_cells_must_show_something(source, shows):
    assert checks.shows_something(source) is shows


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("error", {"ename": "ValueError", "evalue": "x", "traceback": []}),
        ("stream", {"name": "stderr", "text": "warning"}),
        ("execute_result", {"data": {"text/plain": "<Study at 0x7f3a33e9e710>"}}),
    ],
)
def test_errors_and_warnings_in_outputs_are_caught(notebook, kind, fields):
    notebook.cells[4].outputs.append(nbformat.v4.new_output(kind, **fields))
    assert len(checks.unwelcome_outputs(notebook)) == 1


def test_a_long_cell_and_a_long_median_are_caught(notebook):
    notebook.cells[4].source = "\n".join(f"x{i} = {i}" for i in range(25))
    assert checks.long_cells(notebook) == []
    notebook.cells[4].source += "\nx = 26\n"
    assert checks.long_cells(notebook) == ["26 lines, at most 25: 'x0 = 0'"]
    for cell in checks.code_cells(notebook):
        cell.source = "\n".join("abcdef")
    [complaint] = checks.long_cells(notebook)
    assert complaint.startswith("median of 6")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('store = ""', 'store = ""\nclips = 3'),
        ('store = ""', 'store = ""\nepochs = 3'),
        ("data = []\n", ""),
        ('"smoke"', '"teach"'),
        ("data = []", "data = list()"),
        ('store = ""', 'store = ""\nprint(store)'),
    ],
)
def test_other_parameters_than_profile_data_and_store_are_caught(notebook, old, new):
    notebook.cells[1].source = notebook.cells[1].source.replace(old, new)
    assert len(checks.wrong_parameters(notebook)) == 1


def test_a_notebook_that_trains_may_take_epochs_people_and_loss(notebook):
    notebook.cells[1].source += '\nepochs = 0  # 0: as the profile says\npeople = 0\nloss = ""'
    assert checks.wrong_parameters(notebook) == []


def test_a_missing_parameters_tag_is_caught(notebook):
    del notebook.cells[1].metadata["tags"]
    assert checks.wrong_parameters(notebook) == ["0 cells tagged parameters, not 1"]


def test_a_kernel_without_language_is_caught(notebook):
    del notebook.metadata.kernelspec["language"]
    assert len(checks.wrong_kernel(notebook)) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("subjects[0]", "subjects[1]"),
        ("# # Folds", "# # Other folds"),
        (' tags=["parameters"]', ""),
        ("# %%\nsubjects[0]\n", ""),
    ],
)
def test_a_pair_that_differs_is_caught(built, tmp_path, old, new):
    text = tmp_path / "01_folds.py"
    text.write_text(TEXT.replace(old, new))
    nbformat.write(jupytext.read(built[0].with_suffix(".ipynb")), tmp_path / "01_folds.ipynb")
    [complaint] = checks.pair_differs(text, text.with_suffix(".ipynb"))
    assert "make notebooks" in complaint


def test_a_missing_half_is_caught(built, tmp_path):
    assert "missing" in checks.pair_differs(built[0], tmp_path / "01_folds.ipynb")[0]
