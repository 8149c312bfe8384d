"""Resuming looks at your own modules, at what is already there, and at which file was meant."""

from __future__ import annotations

import nbformat
import pytest

from merlib.errors import MerlibError
from merlib.running.plan import declared_parameters, plan_jobs, read_notebook, select_notebooks
from merlib.running.rules import check_pair
from merlib.running.run import RunRequest, run_notebooks

TEXT = """# %% tags=["parameters"]
profile = "smoke"
data = []
store = ""
# %%
{imports}
print(1)
"""


def write(path, imports="import json", **changes):
    text = TEXT.format(imports=imports)
    for old, new in changes.items():
        text = text.replace(f"{old} = ", f"{old} = {new}  # ")
    path.write_text(text)
    return path


def digest(path) -> str:
    return plan_jobs({path.stem: path}, {}, {})[0].digest


@pytest.mark.long
@pytest.mark.parametrize(
    ("imports", "folder"),
    [
        ("import {0}", "."),
        ("from {0} import width", "."),
        ('import sys; sys.path.insert(0, "mine")\nimport {0}', "mine"),
        ("%matplotlib inline\ndef late():\n    import {0}", "."),
    ],
)
def test_a_module_of_your_own_that_a_cell_imports_counts(imports, folder, tmp_path, request):
    name = f"their_settings_{abs(hash(request.node.name))}"
    module = tmp_path / folder / f"{name}.py"
    module.parent.mkdir(exist_ok=True)
    notebook, found = write(tmp_path / "01_mine.py", imports.format(name)), []
    helper = tmp_path / folder / f"{name}_helper.py"
    for width, depth in (("1", "1"), ("1  # one", "1"), ("2", "1"), ("2", "22")):
        module.write_text(f"from {name}_helper import depth\nwidth = {width}\n")
        helper.write_text(f"depth = {depth}\n")
        found.append(digest(notebook))
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_a_notebook_named_by_its_path_is_that_file(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ours, theirs = write(tmp_path / "01_flow.py"), write(elsewhere / "01_flow.py")
    available = {"01_flow": ours, "02_folds": write(tmp_path / "02_folds.py")}
    assert select_notebooks(available, ["01"]) == {"01_flow": ours}
    assert select_notebooks(available, [str(theirs), "02"]) == {"01_flow": theirs, "02_folds": available["02_folds"]}
    with pytest.raises(MerlibError, match="no file"):
        select_notebooks(available, [str(elsewhere / "02_folds.py")])
    with pytest.raises(MerlibError, match="two files of one name"):
        select_notebooks(available, [str(ours), str(theirs)])


@pytest.mark.long
def test_halves_that_differ_are_an_error_and_a_half_named_by_its_path_is_run(tmp_path):
    text = write(tmp_path / "01_flow.py")
    nbformat.write(read_notebook(text), text.with_suffix(".ipynb"))
    check_pair(text)
    write(text, "import math")
    with pytest.raises(MerlibError, match="jupytext --sync") as told:
        run_notebooks(RunRequest(notebooks=("01",), notebooks_dir=tmp_path, results_dir=tmp_path / "results"))
    assert str(text) in told.value.action
    assert not (tmp_path / "results").exists()
    request = RunRequest(notebooks=(str(text),), results_dir=tmp_path / "results")
    assert [each.state for each in run_notebooks(request).notebooks] == ["done"]


def test_an_equals_sign_in_the_parameters_cell_is_read(tmp_path):
    path = write(tmp_path / "01_flow.py", data='["megc2019-flow=DIR"]')
    assert declared_parameters("01_flow", read_notebook(path))["data"] == ["megc2019-flow=DIR"]
    [job] = plan_jobs({"01_flow": path}, {"data": []}, {})
    assert job.parameters["data"] == ["megc2019-flow=DIR"]
    assert "megc2019-flow=DIR" in job.note
    [job] = plan_jobs({"01_flow": path}, {"data": ["casme2=DIR"]}, {})
    assert (job.parameters["data"], job.note) == (["casme2=DIR"], "")


def test_a_notebook_without_a_parameters_cell_is_told_how_to_tag_one(tmp_path):
    path = tmp_path / "01_flow.py"
    path.write_text(TEXT.format(imports="").replace(' tags=["parameters"]', ""))
    with pytest.raises(MerlibError) as told:
        plan_jobs({"01_flow": path}, {"profile": "smoke"}, {})
    line = told.value.action.rpartition(" as ")[2].rstrip(".")
    path.write_text(path.read_text().replace("# %%", line, 1))
    assert plan_jobs({"01_flow": path}, {"profile": "smoke"}, {})


@pytest.mark.parametrize("value", ["list()", "[store", "2 * 3 * x"])
def test_a_computed_parameter_is_told_with_its_line(value, tmp_path):
    path = write(tmp_path / "01_flow.py", data=value)
    with pytest.raises(MerlibError, match="line 2 of the parameters cell"):
        plan_jobs({"01_flow": path}, {}, {})


def test_a_notebook_of_another_machines_kernel_runs_with_this_environments(tmp_path):
    path = tmp_path / "01_flow.ipynb"
    notebook = read_notebook(write(tmp_path / "01.py"))
    notebook.metadata["kernelspec"] = {"name": "conda-env-mer-py", "display_name": "mer", "language": "python"}
    nbformat.write(notebook, path)
    assert read_notebook(path).metadata["kernelspec"]["name"] == "python3"
    notebook.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    nbformat.write(notebook, path)
    with pytest.raises(MerlibError, match="written in R"):
        read_notebook(path)


@pytest.mark.parametrize("name", ["gpu", "cuda:99"])
def test_a_device_that_is_not_here_ends_a_run_before_its_first_notebook(name, tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_DEVICE", name)
    write(tmp_path / "01_flow.py")
    with pytest.raises(MerlibError, match=f"MERLIB_DEVICE={name}"):
        run_notebooks(RunRequest(notebooks_dir=tmp_path, results_dir=tmp_path / "results"))
    assert not (tmp_path / "results").exists()
