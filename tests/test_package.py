"""A wheel works where there is no checkout, and an editable clone called merlib is found from the folder above it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("pyproject.toml", "setup.py", "MANIFEST.in", "constraints.txt", "README.md", "LICENSE", "merlib")
BACKEND = "import sys; from setuptools import build_meta; build_meta.{hook}(sys.argv[1])"


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A copy of what a wheel is built from, in a folder called merlib as a clone would be."""
    folder = tmp_path_factory.mktemp("above") / "merlib"
    folder.mkdir()
    for name in (*NEEDED, "data_manifests"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def built(clone: Path, hook: str, into: Path) -> Path:
    """Build with setuptools' own hook, which needs no network, and unpack the wheel."""
    pytest.importorskip("setuptools", minversion="77", reason="WHEEL NOT CHECKED: setuptools 77 is not installed")
    into.mkdir()
    command = [sys.executable, "-c", BACKEND.format(hook=hook), str(into)]
    subprocess.run(command, cwd=clone, check=True, capture_output=True, timeout=120)
    [wheel] = into.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(into / "unpacked")
    return into / "unpacked"


@pytest.fixture(scope="module")
def unpacked(clone, tmp_path_factory) -> Path:
    return built(clone, "build_wheel", tmp_path_factory.mktemp("wheel") / "built")


def outside(unpacked: Path, folder: Path, *command: str) -> subprocess.CompletedProcess:
    """Run Python in `folder`, outside any checkout, with the merlib of the wheel."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MERLIB_")}
    environment |= {"PYTHONPATH": str(unpacked), "COLUMNS": "200", "MERLIB_PROGRESS": "off"}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


VERBS = """import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from merlib.cli.main import main
for words in json.loads(sys.argv[1]):
    sys.argv, told, status = ["merlib", *words], io.StringIO(), 0
    with redirect_stdout(told), redirect_stderr(told):
        try:
            main()
        except SystemExit as ended:
            status = ended.code or 0
    print(json.dumps([status, told.getvalue()]))
"""


def verbs(unpacked: Path, folder: Path, *lines: str) -> list[list]:
    """Return status and output of several verbs, one after another in one process, since imports take seconds."""
    done = outside(unpacked, folder, "-c", VERBS, json.dumps([line.split() for line in lines]))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.long
def test_the_wheel_holds_every_manifest(unpacked):
    committed = {path.relative_to(ROOT) for path in (ROOT / "data_manifests").rglob("*") if path.is_file()}
    packaged = {path.relative_to(unpacked / "merlib") for path in (unpacked / "merlib/data_manifests").rglob("*.*")}
    assert packaged == committed
    assert (unpacked / "merlib" / "constraints.txt").is_file()


@pytest.mark.long
def test_verbs_that_need_no_checkout_work_without_one(unpacked, tmp_path):
    listed = verbs(unpacked, tmp_path, "data list", "weights list", "store list")
    assert [status for status, _ in listed] == [0, 0, 0], listed
    assert "megc2019-flow" in listed[0][1]


@pytest.mark.long
def test_verbs_that_need_a_checkout_say_where_it_comes_from(unpacked, tmp_path):
    refused = verbs(unpacked, tmp_path, "run", "status", "reference list")
    assert [status for status, _ in refused] == [2, 2, 2], refused
    assert all("git clone" in told for _, told in refused)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_model_of_the_readme_trains_from_a_file_outside_a_checkout(unpacked, tmp_path):
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    (tmp_path / "my_models.py").write_text(block, encoding="utf-8")
    done = outside(unpacked, tmp_path, "my_models.py")
    assert done.returncode == 0, done.stderr
    assert "Interval(value=" in done.stdout
    assert list((tmp_path / "results" / "store").rglob("*.parquet"))
    (tmp_path / "two.py").write_text(
        block.replace("workers=1", "workers=2").replace('"mine"', '"two"'), encoding="utf-8"
    )
    assert "Interval(value=" in outside(unpacked, tmp_path, "two.py").stdout


def test_a_clone_called_merlib_is_not_taken_for_the_package(clone, tmp_path):
    site = built(clone, "build_editable", tmp_path / "built")
    script = clone.parent / "script.py"  # its folder comes first on sys.path, and merlib/ lies in it
    script.write_text(f"import site; site.addsitedir({str(site)!r})\nimport merlib.errors\nprint(merlib.__file__)\n")
    done = subprocess.run([sys.executable, "-E", "-S", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(clone / "merlib" / "__init__.py"), done.stderr
