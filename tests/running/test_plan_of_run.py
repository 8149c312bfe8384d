"""Names, parameters and digests of the notebooks a run will execute."""

from __future__ import annotations

import os
import time

import nbformat
import pytest

from merlib.errors import MerlibError
from merlib.running.plan import (
    declared_parameters,
    find_notebooks,
    notebook_digest,
    plan_jobs,
    read_notebook,
    select_notebooks,
    sources_not_named,
    typed_parameters,
)

TEXT = """# %% [markdown]
# A word.
# %% tags=["parameters"]
profile = "smoke"
data = []
store = ""
clips = 3
share = 0.5
mirrored = True
# %%
print(clips)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "01_flow.py").write_text(TEXT)
    (tmp_path / "02_folds.py").write_text(TEXT)
    (tmp_path / "_draft.py").write_text(TEXT)
    nbformat.write(read_notebook(tmp_path / "02_folds.py"), tmp_path / "02_folds.ipynb")
    return tmp_path


def test_the_notebook_is_preferred_to_its_text_and_drafts_are_left_out(folder):
    assert {name: path.suffix for name, path in find_notebooks(folder).items()} == {
        "01_flow": ".py",
        "02_folds": ".ipynb",
    }


@pytest.mark.parametrize("asked", ["02", "02_folds", "02_folds.ipynb"])
def test_a_notebook_is_found_by_its_name_or_the_beginning(folder, asked):
    assert list(select_notebooks(find_notebooks(folder), [asked])) == ["02_folds"]


def test_a_folder_without_notebooks_is_refused_instead_of_run(tmp_path):
    (tmp_path / "_draft.py").write_text(TEXT)
    with pytest.raises(MerlibError, match=r"no notebook in .*\."):
        find_notebooks(tmp_path)


def test_unknown_and_ambiguous_notebooks_list_the_valid_ones(folder):
    with pytest.raises(MerlibError, match="01_flow, 02_folds"):
        select_notebooks(find_notebooks(folder), ["07"])
    with pytest.raises(MerlibError, match="01_flow, 02_folds"):
        select_notebooks(find_notebooks(folder), ["0"])


def test_a_misspelt_parameter_lists_the_declared_ones(folder):
    words = r"'clip'(.|\n)*clips, data, mirrored, profile, share, store(.|\n)*did you mean 'clips'"
    with pytest.raises(MerlibError, match=r"parameter of notebook 01_flow " + words):
        typed_parameters("01_flow", read_notebook(folder / "01_flow.py"), {"clip": "4"})


def test_text_becomes_the_type_of_the_default(folder):
    given = {"clips": "4", "share": "1", "mirrored": "false", "store": "7", "data": "['a=b']"}
    values = typed_parameters("01_flow", read_notebook(folder / "01_flow.py"), given)
    assert values == {"clips": 4, "share": 1.0, "mirrored": False, "store": "7", "data": ["a=b"]}
    assert type(values["share"]) is float


@pytest.mark.parametrize(("name", "value"), [("clips", "four"), ("clips", "4.5"), ("mirrored", "1"), ("data", "x")])
def test_a_value_of_another_type_is_refused(folder, name, value):
    with pytest.raises(MerlibError, match=f"01_flow: {name}="):
        typed_parameters("01_flow", read_notebook(folder / "01_flow.py"), {name: value})


def test_run_parameters_are_not_set_by_p(folder):
    with pytest.raises(MerlibError, match="--profile"):
        plan_jobs(find_notebooks(folder), {"profile": "smoke"}, {"profile": "teach"})


def test_the_digest_follows_code_and_library_but_not_prose(folder):
    path = folder / "01_flow.py"
    before = notebook_digest(read_notebook(path), "library")
    path.write_text(TEXT.replace("A word.", "Another word."))
    assert notebook_digest(read_notebook(path), "library") == before
    assert notebook_digest(read_notebook(path), "other library") != before
    path.write_text(TEXT.replace("print(clips)", "print(clips + 1)"))
    assert notebook_digest(read_notebook(path), "library") != before


def test_a_new_or_changed_reference_puts_notebooks_out_of_date(folder, tmp_path, monkeypatch):
    def digest() -> str:
        return plan_jobs(find_notebooks(folder), {}, {})[0].digest

    references = tmp_path / "references"
    monkeypatch.setenv("MERLIB_REFERENCES", str(references))
    predictions = references / "some_data" / "predictions" / "model.parquet"
    predictions.parent.mkdir(parents=True)
    seen = [digest()]
    for content in (b"one seed", b"two seeds"):
        predictions.write_bytes(content)
        seen.append(digest())
    assert len(set(seen)) == 3
    monkeypatch.setenv("MERLIB_REFERENCES", "off")
    assert digest() == seen[0]


def test_an_unreadable_notebook_is_named(tmp_path):
    (tmp_path / "01_flow.ipynb").write_text('{"cells": [')
    with pytest.raises(MerlibError, match=r"01_flow\.ipynb"):
        plan_jobs(find_notebooks(tmp_path), {}, {})


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('study.samples("megc2019-flow")', ["my-set"]),
        ('study.samples("my-set")', []),
        ('study.samples("my_set")', []),
        ('study.samples(f"{mine}")  # mine is my-set', []),
    ],
)
def test_a_source_of_your_own_that_a_notebook_never_asks_for_is_told(source, told):
    parameters = nbformat.v4.new_code_cell('data = ["my-set=x"]', metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(source)])
    assert sources_not_named(notebook, ["my-set=x", "casme2=y"]) == told


def test_the_note_of_a_job_tells_it_unless_a_module_of_yours_may_ask(folder, monkeypatch):
    jobs = plan_jobs(select_notebooks(find_notebooks(folder), []), {"data": ["my-set=nowhere"]}, {})
    assert all("names no my-set" in job.note for job in jobs)
    monkeypatch.setattr("merlib.running.plan.own_modules_digest", lambda *_: "a module of yours")
    jobs = plan_jobs(select_notebooks(find_notebooks(folder), []), {"data": ["my-set=nowhere"]}, {})
    assert not any(job.note for job in jobs)


def a_terabyte(path):
    with path.open("wb") as file:
        file.truncate(10**12)


@pytest.mark.parametrize("name", ["x.ipynb", "x.py"])
@pytest.mark.parametrize(
    "put",
    [
        os.mkfifo,
        os.mkdir,
        a_terabyte,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path),
        lambda path: path.write_bytes(b"\xff\xfe" * 50),
    ],
    ids=["a named pipe", "a folder", "a sparse terabyte", "an endless device", "a link to itself", "no UTF-8"],
)
def test_what_is_no_notebook_is_told_and_not_waited_for(tmp_path, put, name):
    put(tmp_path / name)
    began = time.monotonic()
    with pytest.raises(MerlibError, match=name.replace(".", r"\.")):
        read_notebook(tmp_path / name)
    assert time.monotonic() - began < 5


def test_a_notebook_nested_too_deep_is_told(tmp_path):
    (tmp_path / "x.ipynb").write_text("[" * 100_000)
    with pytest.raises(MerlibError, match="not readable"):
        read_notebook(tmp_path / "x.ipynb")


@pytest.mark.parametrize(
    "source", ["epochs = " + "(" * 3000 + "1" + ")" * 3000, "x = " + "-" * 100_000 + "1", "if True:"]
)
def test_a_parameters_cell_that_never_parses_is_told_in_few_words(source):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    with pytest.raises(MerlibError, match="of the parameters cell") as told:
        declared_parameters("x", nbformat.v4.new_notebook(cells=[cell]))
    assert len(str(told.value)) < 600
