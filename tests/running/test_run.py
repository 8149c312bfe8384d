"""Notebooks executed for real, each in its own process: success, failure, resuming, and being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from merlib.errors import MerlibError
from merlib.running.process import describe_step
from merlib.running.run import RunRequest, run_name, run_notebooks, store_folder

HEAD = """# %% tags=["parameters"]
profile = "smoke"
data = []
store = ""
"""
WORKS = f"""{HEAD}
# %%
import json, os, pathlib
artefacts = pathlib.Path(os.environ["MERLIB_RUN_DIR"]) / "artefacts"
artefacts.mkdir(exist_ok=True)
# %%
import joblib
keys = ("MERLIB_STORE", "OMP_NUM_THREADS", "PYTHONHASHSEED", "SOURCE_DATE_EPOCH")
record = dict(id="am3f.table5", notebook="01_works", synthetic=True)
record |= dict(profile=profile, store=store, workers=joblib.cpu_count())
(artefacts / "am3f.table5.json").write_text(json.dumps(record | {{key: os.environ[key] for key in keys}}))
"""
FAILS = f"""{HEAD}
# %%
apex_frames = {{}}
# %%
apex_frames["sub01"] + 1
"""
DIES = f"""{HEAD}
# %%
import os, signal
os.kill(os.getpid(), signal.SIGKILL)  # as the system does when the memory is full
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Three notebooks executed, two at once: one works, one raises, one takes its kernel down."""
    root = tmp_path_factory.mktemp("run {braces}")
    (root / "notebooks").mkdir()
    for name, text in (("01_works", WORKS), ("02_fails", FAILS), ("03_dies", DIES)):
        (root / "notebooks" / f"{name}.py").write_text(text)
    request = RunRequest(notebooks_dir=root / "notebooks", results_dir=root / "results", jobs=2, workers=1)
    return request, run_notebooks(request)


def states(outcome):
    return {notebook.name: notebook.state for notebook in outcome.notebooks}


@pytest.mark.long
def test_a_failing_notebook_does_not_stop_the_others(executed):
    _, outcome = executed
    assert states(outcome) == {"01_works": "done", "02_fails": "failed", "03_dies": "failed"}


@pytest.mark.long
def test_the_failing_cell_is_told_with_its_source_and_error(executed):
    _, outcome = executed
    error = outcome.notebooks[1].error
    assert (error["source"], error["name"]) == ('apex_frames["sub01"] + 1', "KeyError")
    assert any("sub01" in line for line in error["traceback"])


@pytest.mark.long
def test_a_kernel_that_dies_is_a_failure_that_names_the_cell(executed):
    _, outcome = executed
    error = outcome.notebooks[2].error
    assert "signal.SIGKILL" in error["source"]
    assert error["name"] == "DeadKernelError"
    assert all(word in error["value"] for word in ("memory", "--resume", "--workers"))


@pytest.mark.long
def test_parameters_and_environment_reach_the_notebook(executed):
    request, outcome = executed
    record = json.loads((outcome.folder / "artefacts" / "am3f.table5.json").read_text())
    assert outcome.notebooks[0].artefacts == ["am3f.table5"]
    assert record["profile"] == "smoke"
    assert record["store"] == record["MERLIB_STORE"] == str(request.results_dir / "store")
    assert record["OMP_NUM_THREADS"] == "1"
    assert record["workers"] == request.workers == 1
    assert record["PYTHONHASHSEED"] == "0"


@pytest.mark.long
def test_run_json_tells_each_notebook_and_no_scratch_file_stays(executed):
    _, outcome = executed
    record = json.loads((outcome.folder / "run.json").read_text())
    assert {name: entry["state"] for name, entry in record["notebooks"].items()} == states(outcome)
    assert record["notebooks"]["01_works"]["artefacts"] == ["am3f.table5"]
    assert not list((outcome.folder / "progress").iterdir())
    assert {path.suffix for path in executed[0].notebooks_dir.iterdir()} == {".py"}  # no socket either
    built = {path.name for path in (outcome.folder / "notebooks").iterdir()}
    assert built == {"01_works.ipynb", "02_fails.ipynb", "03_dies.ipynb"}
    assert nbformat.read(outcome.folder / "notebooks" / "01_works.ipynb", 4).cells[-1].execution_count == 4


@pytest.mark.long
def test_resume_skips_what_is_done_and_runs_what_was_mended(executed):
    request, first = executed
    mended = FAILS.replace("apex_frames = {}", 'apex_frames = {"sub01": 1}')
    (request.notebooks_dir / "02_fails.py").write_text(mended)
    changes = {"notebooks": ("01", "02"), "resume": True}
    again = run_notebooks(RunRequest(**{**vars(request), **changes}))
    assert states(again) == {"01_works": "skipped", "02_fails": "done"}
    assert again.notebooks[0].artefacts == ["am3f.table5"]
    assert again.notebooks[1].note == "it was failed"
    record = json.loads((first.folder / "run.json").read_text())["notebooks"]
    assert record["01_works"]["state"] == record["02_fails"]["state"] == "done"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"profile": "smok"}, "paper, smoke, teach"),
        ({"notebooks": ("09",)}, "01_works"),
        ({"parameters": {"profil": "smoke"}}, "data, profile, store"),
        ({"name": "../elsewhere"}, "run name"),
        ({"name": "{profile}"}, "run name"),
        ({"jobs": 0}, "--jobs 0"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(tmp_path, changes, message):
    (tmp_path / "01_works.py").write_text(WORKS)
    request = RunRequest(**{"notebooks_dir": tmp_path, "results_dir": tmp_path / "results", **changes})
    with pytest.raises(MerlibError, match=message):
        run_notebooks(request)
    assert not (tmp_path / "results").exists()


def test_a_results_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "01_works.py").write_text(WORKS)
    (tmp_path / "results").write_text("a file in the way")
    with pytest.raises(MerlibError, match="cannot be written"):
        run_notebooks(RunRequest(notebooks_dir=tmp_path, results_dir=tmp_path / "results"))
    assert (tmp_path / "results").read_text() == "a file in the way"


def test_the_run_is_named_after_profile_and_data(tmp_path):
    assert run_name(RunRequest()) == "smoke-twin"
    assert run_name(RunRequest(profile="teach", data={"megc2019-flow": tmp_path})) == "teach-megc2019-flow"


def test_the_store_is_the_option_then_the_variable_then_beside_the_runs(tmp_path, monkeypatch):
    monkeypatch.delenv("MERLIB_STORE", raising=False)
    assert store_folder(results=tmp_path) == tmp_path / "store"
    monkeypatch.setenv("MERLIB_STORE", str(tmp_path / "variable"))
    assert store_folder(results=tmp_path) == tmp_path / "variable"
    assert store_folder(tmp_path / "option", tmp_path) == tmp_path / "option"


SLEEPS = f"""{HEAD}
# %%
import os, pathlib, time
folder = pathlib.Path(os.environ["MERLIB_RUN_DIR"])
(folder / "kernel.pid").write_text(str(os.getpid()))
# %%
if not (folder / "go").exists():
    time.sleep(300)
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    import psutil

    return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_until(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.1)


def heed_sigint():
    """A shell starts what runs in the background with SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


ASKED = [pytest.param(sign, "interrupted", marks=pytest.mark.slow) for sign in (signal.SIGINT, signal.SIGTERM)]


@pytest.mark.long
@pytest.mark.parametrize(("sign", "state"), [*ASKED, (signal.SIGKILL, "running")])
def test_an_ended_run_leaves_no_kernel_behind_and_resumes(tmp_path, sign, state):
    (tmp_path / "01_works.py").write_text(WORKS)
    (tmp_path / "02_sleeps.py").write_text(SLEEPS)
    command = [sys.executable, "-m", "merlib.cli.main", "run", "--from", tmp_path, "--results", tmp_path / "results"]
    run = tmp_path / "results" / "runs" / "smoke-twin"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=heed_sigint)
    wait_until(lambda: (run / "kernel.pid").exists() and (run / "kernel.pid").read_text())
    process.send_signal(sign)
    process.wait(60)
    assert process.returncode == (-9 if sign == signal.SIGKILL else 130)
    kernel = int((run / "kernel.pid").read_text())
    wait_until(lambda: not alive(kernel))
    record = json.loads((run / "run.json").read_text())["notebooks"]
    assert {name: entry["state"] for name, entry in record.items()} == {"01_works": "done", "02_sleeps": state}
    (run / "go").touch()
    resumed = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "skipped 01_works" in resumed.stdout
    assert "done 02_sleeps" in resumed.stdout


def test_a_long_step_says_hours_and_minutes_before_its_name():
    step = {"what": "AM3F-FlowNet", "done": 0.23, "total": 204, "seconds_left": 68032.4}
    assert describe_step(step) == "18:53:52 left: AM3F-FlowNet 0.23/204"
    assert describe_step({**step, "seconds_left": 100_000}) == "1 day, 3:46:40 left: AM3F-FlowNet 0.23/204"
    assert describe_step({**step, "seconds_left": None}) == "AM3F-FlowNet 0.23/204"
