"""Binder, dev container and Dockerfile agree with what `make` needs; repo2docker's documented rules are kept.

None of them can be built in these tests, which have neither conda nor Docker. The rules are those of the page
"Configuration files" of repo2docker's documentation.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = ROOT / ".devcontainer" / "Dockerfile"


def faults_for_binder(root: Path) -> list[str]:
    """Return what repo2docker would do other than install `root`'s environment.yml with the repository at hand."""
    faults = [f"{name} hides environment.yml" for name in ("Dockerfile", "binder", ".binder") if (root / name).exists()]
    environment = yaml.safe_load((root / "environment.yml").read_text())
    if not isinstance(environment, dict):
        return [*faults, "environment.yml is no mapping"]
    listed = environment.get("dependencies", [])
    plain = [entry for entry in listed if isinstance(entry, str)]
    if not any(re.fullmatch(r"python\s*=+\s*3\.\d+(\.\d+)?", entry) for entry in plain):
        faults.append("no version of Python that repo2docker reads; it would take its own default")
    sections = [entry["pip"] for entry in listed if isinstance(entry, dict) and "pip" in entry]
    lines = [line for section in sections for line in section]
    local = ("-r", "-c", "-e", "--requirement", "--constraint", "--editable")
    if sections and "pip" not in plain:
        faults.append("conda is not told to install pip")
    if not any(line.startswith(local) for line in lines):
        faults.append("no local file is named, so that the repository would be copied after the installation")
    if "prefix" in environment:
        faults.append("a prefix names a folder of one machine")
    script = root / "postBuild"
    if script.exists() and not (os.access(script, os.X_OK) and script.read_text().startswith("#!")):
        faults.append("postBuild is not a program")
    packages = (root / "apt.txt").read_text().split("\n") if (root / "apt.txt").exists() else []
    faults += [
        f"apt.txt: no package name: {line!r}" for line in packages if line and not re.fullmatch(r"[a-z0-9.+-]+", line)
    ]
    return faults


def system_packages() -> set[str]:
    """Return the Debian packages that .ci/system_needs.py asks for."""
    spec = importlib.util.spec_from_file_location("system_needs", ROOT / ".ci" / "system_needs.py")
    needs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(needs)
    return set(needs.LIBRARIES.values())


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_binder_installs_our_environment():
    assert faults_for_binder(ROOT) == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Dockerfile", "FROM x", "hides"),
        ("environment.yml", "- numpy", "mapping"),
        ("environment.yml", "dependencies: [python>=3.11, pip, {pip: [--editable .]}]", "Python"),
        ("environment.yml", "dependencies: [python=3.11, {pip: [--editable .]}]", "pip"),
        ("environment.yml", "dependencies: [python=3.11, pip, {pip: [numpy]}]", "local file"),
        ("environment.yml", "dependencies: [python=3.11, pip, {pip: [-e .]}]\nprefix: /opt/x", "prefix"),
        ("postBuild", "merlib weights get", "program"),
        ("apt.txt", "# a comment", "package name"),
    ],
)
def test_a_planted_fault_for_binder_is_found(tmp_path, name, text, said):
    (tmp_path / "environment.yml").write_text("dependencies: [python=3.11, pip, {pip: [--editable .]}]")
    assert faults_for_binder(tmp_path) == []
    (tmp_path / name).write_text(text)
    [fault] = faults_for_binder(tmp_path)
    assert said in fault


def test_every_place_gets_the_system_libraries_that_make_looks_for():
    installed = set(re.search(r"--no-install-recommends ([a-z0-9. -]+)", DOCKERFILE.read_text())[1].split())
    assert system_packages() | {"make", "git"} <= installed
    assert set((ROOT / "apt.txt").read_text().split()) == system_packages()


def test_the_container_runs_what_make_has():
    dockerfile, settings = (
        DOCKERFILE.read_text(),
        json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text()),
    )
    assert set(re.findall(r"^RUN make (\w+)|^CMD \[\"make\", \"(\w+)\"\]", dockerfile, re.MULTILINE)) == {
        ("venv", ""),
        ("", "reproduce"),
    }
    assert settings["postCreateCommand"].split() == ["make", "venv"]
    assert {"venv", "reproduce", "test"} <= targets()


def test_the_container_has_the_python_and_the_stages_that_are_named():
    dockerfile, settings = (
        DOCKERFILE.read_text(),
        json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text()),
    )
    assert (DOCKERFILE.parent / settings["build"]["dockerfile"]).samefile(DOCKERFILE)
    assert (DOCKERFILE.parent / settings["build"]["context"]).samefile(ROOT)
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", dockerfile, re.MULTILINE)
    assert settings["build"]["target"] in {name for _, name in stages}
    assert stages[0][0].startswith("python:3.11-")
    makes = re.search(r"^TORCH\s*\?=\s*(\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    assert re.search(r"^ARG TORCH=(\S+)$", dockerfile, re.MULTILINE)[1] == makes


def test_the_page_names_each_module_of_unix_that_the_package_imports():
    unix = {"fcntl", "resource", "termios", "pwd", "grp"} & set(sys.stdlib_module_names)
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "merlib").rglob("*.py")]
    imported = {
        name for name in unix for text in sources if re.search(rf"^\s*(import|from) {name}\b", text, re.MULTILINE)
    }
    told = set(
        re.findall(r"`(\w+)`", (ROOT / "docs" / "elsewhere.md").read_text().split("## Windows")[1].split("##")[0])
    )
    assert imported == told & unix != set()
