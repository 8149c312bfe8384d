"""One environment told in three files: pyproject names it, constraints pin it, environment.yml repeats it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


def requirements() -> dict[str, set[str]]:
    """Packages that pyproject names, by extra; the empty name holds the direct dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {extra: {canonicalize_name(Requirement(text).name) for text in group} for extra, group in groups.items()}


def pins(lines: list[str]) -> dict[str, str]:
    """Versions by canonical name; anything but ``name==version`` is refused."""
    found = {}
    for line in lines:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!]+)", line)
        assert match, f"not an exact version: {line!r}"
        assert canonicalize_name(match[1]) not in found, f"twice: {line!r}"
        found[canonicalize_name(match[1])] = match[2]
    return found


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return pins([line for line in lines if line and not line.startswith("#")])


def conda() -> tuple[list[str], list[str]]:
    """The conda dependencies and the pip section of environment.yml."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    [section] = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    return [entry for entry in listed if isinstance(entry, str)], section


def test_every_dependency_of_pyproject_has_an_exact_version():
    named = set().union(*requirements().values())
    assert named - set(constraints()) == set()


def test_every_pinned_version_installs_on_the_oldest_python_that_is_promised():
    # Debian 12 brings Python 3.11.2: a pin that asks for 3.11.5 leaves its users without an installation.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = re.fullmatch(r">=(\d+\.\d+)", project["requires-python"])[1] + ".0"
    pinned = constraints()
    here = [found for found in distributions() if pinned.get(canonicalize_name(found.name)) == found.version]
    assert len(here) > 100
    asks = {found.name: found.metadata.get("Requires-Python") or "" for found in here}
    assert {name: asked for name, asked in asks.items() if not SpecifierSet(asked).contains(oldest)} == {}


def test_conda_gets_every_dependency_in_the_same_version():
    _, section = conda()
    listed = pins([line for line in section if not line.startswith("-")])
    wanted = {extra: named for extra, named in requirements().items() if extra != "browser"}  # useless without Chromium
    assert set(listed) == set().union(*wanted.values())
    assert listed == {name: constraints()[name] for name in listed}


def test_conda_pins_the_rest_by_the_constraints_and_installs_merlib():
    dependencies, section = conda()
    assert "python=3.11" in dependencies
    assert "--constraint constraints.txt" in section
    assert "--editable ." in section


def test_one_opencv_only():
    builds = {name for name in constraints() if name.startswith("opencv")}
    assert builds == {"opencv-python"}


def test_torch_is_pinned_alike_in_the_makefile():
    pinned = re.search(r"^TORCH\s*\?=\s*(\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    assert pinned == f"torch=={constraints()['torch']}"


def test_make_installs_with_the_constraints():
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"pip install .*\\\n\s*-c \$\(VENV\)/constraints\.txt -e", makefile)
    assert "$(READY): pyproject.toml constraints.txt" in makefile


@pytest.mark.parametrize("line", ["numpy>=2", "numpy", "torch @ file.whl", "-e ."])
def test_a_line_that_is_no_exact_version_is_caught(line):
    with pytest.raises(AssertionError, match="not an exact version"):
        pins([line])
