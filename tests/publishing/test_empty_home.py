"""What a user of a machine that has never seen merlib meets: files are fetched at first need, or asked for plainly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDERS = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TORCH_HOME", "NUMBA_CACHE_DIR")
HIDDEN = (*FOLDERS, "MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
FETCH = "from merlib.sources.weights import find_weights; print(find_weights('blazeface-short-range'))"
NOTEBOOK = """# %% tags=["parameters"]
profile = "smoke"
data = []
store = ""
# %%
from merlib.sources.weights import find_weights
find_weights("face-mesh")
"""


@pytest.fixture
def empty_home(tmp_path) -> dict[str, str]:
    """An environment whose folders are all new; pip keeps its settings and its downloads, as in ``.ci/run``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MERLIB_", "JUPYTER"))}
    home = Path.home()
    settings = [home / ".config" / "pip" / "pip.conf", home / ".pip" / "pip.conf"]
    found = [path for path in settings if path.is_file()]
    if found and "PIP_CONFIG_FILE" not in kept:
        kept["PIP_CONFIG_FILE"] = str(found[0])
    kept.setdefault("PIP_CACHE_DIR", str(home / ".cache" / "pip"))
    for name in HIDDEN:
        (tmp_path / name).mkdir()
        kept[name] = str(tmp_path / name)
    return kept | {"COLUMNS": "200", "OMP_NUM_THREADS": "1"}


def python(environment: dict[str, str], *words: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, timeout=900)


def run(environment: dict[str, str], results: Path, *words: str | Path) -> subprocess.CompletedProcess:
    verb = ("-c", "from merlib.cli.main import main; main()", "run", "--results", results)
    return python(environment, *verb, *words)


@pytest.mark.slow  # continuous integration executes every notebook in an empty home
@pytest.mark.timeout(1200)
def test_notebook_03_runs_in_an_empty_home(empty_home, tmp_path):
    fetched = python(empty_home, "-c", FETCH)
    if "cannot be reached" in fetched.stderr:
        pytest.skip(f"EMPTY HOME NOT CHECKED: {fetched.stderr.strip().splitlines()[-3]}")
    assert fetched.returncode == 0, fetched.stderr
    assert Path(fetched.stdout.strip().splitlines()[-1]).is_relative_to(tmp_path)
    done = run(empty_home, tmp_path / "results", "03")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_a_file_that_cannot_be_fetched_is_asked_for_plainly(empty_home, tmp_path):
    (tmp_path / "01_faces.py").write_text(NOTEBOOK)
    offline = {**empty_home, "MERLIB_OFFLINE": "1"}
    done = run(offline, tmp_path / "results", "--from", tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "face_landmark.tflite" in done.stdout
    assert empty_home["XDG_CACHE_HOME"] in done.stdout, "the folder to put the file in"
    assert not list(Path(empty_home["XDG_CACHE_HOME"]).rglob("*.tflite"))
