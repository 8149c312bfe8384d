"""Set-up on a machine that has never seen merlib: what is looked for first, and what continuous integration hides."""

from __future__ import annotations

import os
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDS = runpy.run_path(str(ROOT / ".ci" / "system_needs.py"))
HIDDEN = ["HOME", "XDG_CACHE_HOME", "TORCH_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "IPYTHONDIR"]
HIDDEN += ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"]


@pytest.fixture
def without_libraries(monkeypatch):
    """No library loads: the planted fault."""
    monkeypatch.setitem(NEEDS["what_lacks"].__globals__, "loads", lambda library: False)


def test_a_missing_library_is_told_with_the_package_that_brings_it(without_libraries, capsys):
    if not sys.platform.startswith("linux"):
        pytest.skip("LIBRARIES NOT CHECKED: elsewhere OpenCV brings its own")
    assert NEEDS["main"]([]) == 2
    told = capsys.readouterr().out
    assert "libGL.so.1" in told
    assert "apt-get install libgl1 libglib2.0-0" in told
    assert NEEDS["main"](["--packages"]) == 0
    assert capsys.readouterr().out.split() == ["libgl1", "libglib2.0-0"]


def test_other_systems_are_not_asked_for_libraries_of_linux(without_libraries):
    assert NEEDS["what_lacks"](False, "darwin") == {}


def test_an_old_python_is_told_what_it_is(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 8, 10))
    assert NEEDS["main"]([]) == 2
    assert "3.8.10" in capsys.readouterr().out


def make(*arguments: str) -> str:
    return subprocess.run(["make", "-n", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_system_libraries_are_looked_for_before_anything_is_installed():
    lines = make("venv", "EXTRAS=never-asked-before").splitlines()
    looked = next(number for number, line in enumerate(lines) if "system_needs.py" in line)
    assert looked < next(number for number, line in enumerate(lines) if "pip install" in line)


@pytest.mark.parametrize(
    ("given", "sources"),
    [
        ("", []),
        ("megc2019-flow=maps", ["megc2019-flow=maps"]),
        ("megc2019-flow=/my maps/flow casme2=/d/CASME II", ["megc2019-flow=/my maps/flow", "casme2=/d/CASME II"]),
    ],
)
def test_folders_of_data_may_hold_spaces(given, sources):
    [line] = [line for line in make("reproduce", f"DATA={given}").splitlines() if "merlib run" in line]
    words = shlex.split(line)
    assert [words[index + 1] for index, word in enumerate(words) if word == "--data"] == sources
    assert "" not in words


@pytest.fixture
def continuous_integration(tmp_path):
    """Run ``.ci/run`` with a make that only writes down its environment; nothing is installed or tested."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "make").write_text(
        f'#!/bin/sh\nenv > "{tmp_path}/env"\necho "$@" > "{tmp_path}/words"\nexit ${{STATUS}}\n'
    )
    (programs / "make").chmod(0o755)
    home = tmp_path / "home"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text("[global]\n")

    def go(status: int = 0, **variables: str):
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "XDG_"))}
        environment = {**plain, "PATH": path, "HOME": str(home), "STATUS": str(status), "PYTHON": sys.executable}
        script = [shutil.which("sh"), ROOT / ".ci" / "run"]
        done = subprocess.run(script, env={**environment, **variables}, capture_output=True, text=True, timeout=60)
        seen = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line)
        return done.returncode, seen, (tmp_path / "words").read_text()

    go.home = home
    return go


def test_continuous_integration_sees_nothing_that_earlier_runs_left(continuous_integration):
    inherited = {"MERLIB_WEIGHTS": "/full", "MERLIB_REFERENCES": "off", "JUPYTER_PATH": "/x", "TORCH_HOME": "/t"}
    status, seen, words = continuous_integration(**inherited)
    assert status == 0
    assert [name for name in seen if name.startswith("MERLIB_") or name == "JUPYTER_PATH"] == []
    [fresh] = {Path(seen[name]).parent for name in HIDDEN}
    assert not fresh.exists(), "the folder is removed at the end"
    assert f"STORE={fresh}" in words


@pytest.mark.long
def test_continuous_integration_keeps_the_settings_and_downloads_of_pip(continuous_integration):
    _, seen, _ = continuous_integration()
    assert seen["PIP_CONFIG_FILE"] == str(continuous_integration.home / ".config" / "pip" / "pip.conf")
    assert seen["PIP_CACHE_DIR"].startswith(str(continuous_integration.home))


def test_continuous_integration_fails_when_a_test_fails(continuous_integration):
    assert continuous_integration(status=3)[0] == 3
