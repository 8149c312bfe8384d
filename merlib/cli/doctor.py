"""Is this machine ready? Each check says what it found and, when that is not right, what to do."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from merlib.errors import MerlibError
from merlib.places import PACKAGE, find_checkout, results_folder, store_folder

if TYPE_CHECKING:
    from rich.table import Table

NEEDED_GIB, COMFORTABLE_GIB = 1, 5
NEEDED_MEMORY_GIB, COMFORTABLE_MEMORY_GIB = 1, 4
OPENCV_BUILDS = ("opencv-python", "opencv-contrib-python", "opencv-python-headless", "opencv-contrib-python-headless")
STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True)
class CheckResult:
    """One check: its name, ``ok``, ``warn`` or ``fail``, what was found, and what to do about it."""

    check: str
    level: str
    found: str
    action: str = ""


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> CheckResult:
    """Python 3.11 or newer."""
    found = ".".join(map(str, version[:3]))
    if version[:2] < (3, 11):
        return CheckResult("Python", "fail", found, "install Python 3.11 or newer, then: make PYTHON=python3.11 venv")
    return CheckResult("Python", "ok", found)


def constraints_file() -> Path:
    """Return the file of pinned versions: the checkout's, or the copy inside an installed package."""
    packaged = PACKAGE / "constraints.txt"
    return packaged if packaged.is_file() else (find_checkout() or PACKAGE.parent) / "constraints.txt"


def pinned_versions(constraints: Path) -> dict[str, str]:
    """Return the versions of a constraints file by canonical package name."""
    from packaging.utils import canonicalize_name

    lines = (line.split("#")[0].strip() for line in constraints.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("==", 1) for line in lines if "==" in line)
    return {canonicalize_name(name): version.strip() for name, version in pairs}


def check_versions(pinned: Mapping[str, str], wanted: tuple[str, ...]) -> list[CheckResult]:
    """Compare the installed versions of `wanted` with `pinned`; a missing package fails, another version warns."""
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    different = []
    findings = []
    for name in wanted:
        pin = pinned.get(canonicalize_name(name))
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            action = f"run make venv, or: pip install {name}{f'=={pin}' if pin else ''}"
            findings.append(CheckResult(f"package {name}", "fail", "not installed", action))
            continue
        if pin and Version(installed).public != Version(pin).public:
            different.append(f"{name} {installed} (pinned {pin})")
    if different:
        action = f"results may differ in the last digits; the pins are in {constraints_file()} (make clean venv)"
        findings.append(CheckResult("versions", "warn", ", ".join(different), action))
    elif not findings:
        findings.append(CheckResult("versions", "ok", f"{len(wanted)} packages as pinned"))
    return findings


def direct_dependencies() -> tuple[str, ...]:
    """Return the packages that merlib itself requires, extras left out."""
    from packaging.requirements import Requirement

    needs = (Requirement(text) for text in metadata.requires("merlib") or [])
    return tuple(need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""}))


def check_opencv_builds(installed: set[str] | None = None) -> CheckResult:
    """At most one OpenCV: several builds overwrite each other's files silently."""
    if installed is None:
        installed = {str(dist.metadata["Name"]).lower().replace("_", "-") for dist in metadata.distributions()}
    builds = [name for name in OPENCV_BUILDS if name in installed]
    if len(builds) > 1:
        action = f"pip uninstall -y {' '.join(builds)}, then: pip install -c constraints.txt opencv-python"
        return CheckResult("one OpenCV", "fail", " and ".join(builds), action)
    return CheckResult(
        "one OpenCV", "ok" if builds else "fail", builds[0] if builds else "none", "" if builds else "make venv"
    )


def check_import(module: str, advice: Mapping[str, str]) -> CheckResult:
    """Import `module` in a process of its own; `advice` maps a part of the error to what to do."""
    code = f"import {module}; print({module}.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    if done.returncode == 0:
        return CheckResult(f"import {module}", "ok", done.stdout.strip())
    last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    action = next((text for part, text in advice.items() if part in last), "run make clean venv")
    return CheckResult(f"import {module}", "fail", last, action)


def check_kernel() -> CheckResult:
    """The Jupyter kernel that the notebooks name, ``python3``, belongs to this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return CheckResult("kernel python3", "fail", "none", "python -m ipykernel install --sys-prefix")
    program = spec.argv[0]
    if os.path.isabs(program) and Path(program).parent != Path(sys.executable).parent:
        action = "python -m ipykernel install --sys-prefix"
        return CheckResult("kernel python3", "warn", f"starts another Python, {program}", action)
    return CheckResult("kernel python3", "ok", spec.resource_dir)


def check_writable(label: str, folder: Path, instead: str = "choose another with --results or --store") -> CheckResult:
    """A file can be made in `folder`, or in the nearest parent that exists."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    probe = place / f".merlib-doctor-{os.getpid()}.tmp"
    try:
        probe.write_text("x", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        return CheckResult(label, "fail", f"{folder}: {error.strerror}", instead)
    return CheckResult(label, "ok", str(folder))


def check_disk(folder: Path, free: int | None = None) -> CheckResult:
    """Room for stores and results on the disk of `folder`; `free` in bytes."""
    while not folder.exists():
        folder = folder.parent
    gib = (shutil.disk_usage(folder).free if free is None else free) / 2**30
    level = "fail" if gib < NEEDED_GIB else "warn" if gib < COMFORTABLE_GIB else "ok"
    action = "" if level == "ok" else f"free some: profile teach wants {COMFORTABLE_GIB} GiB"
    return CheckResult("free disk", level, f"{gib:.1f} GiB", action)


def check_cores() -> CheckResult:
    """Cores that this process may use; folds are spread over them."""
    from joblib import cpu_count

    cores = cpu_count()  # heeds the affinity and a container's quota
    note = "" if cores > 1 else "folds run one after another"
    return CheckResult("cores", "ok", f"{cores}, {platform.machine()}", note)


def check_memory(free: int | None = None) -> CheckResult:
    """Memory that two notebooks at once find; `free` in bytes, by default what is free here and in the container."""
    if free is None:
        import psutil

        free = min([psutil.virtual_memory().available, *_container_memory()])
    gib = free / 2**30
    level = "fail" if gib < NEEDED_MEMORY_GIB else "warn" if gib < COMFORTABLE_MEMORY_GIB else "ok"
    action = "" if level == "ok" else "close other programs, and run one notebook at a time: make reproduce JOBS=1"
    return CheckResult("free memory", level, f"{gib:.1f} GiB", action)


def _container_memory(folder: Path = Path("/sys/fs/cgroup")) -> list[int]:
    """Bytes left below a container's limit; empty where there is none."""
    try:
        limit, used = ((folder / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        return [] if limit == "max" else [max(0, int(limit) - int(used))]
    except (OSError, ValueError):
        return []


def check_device() -> CheckResult:
    """The device that networks are trained on computes something, in a process of its own."""
    code = (
        "import torch; from merlib.learning.engine import default_device; device = torch.device(default_device()); "
        "layer = torch.nn.Conv2d(3, 4, 3).to(device); layer(torch.ones(2, 3, 8, 8, device=device)).sum().backward(); "
        "print(torch.cuda.get_device_name(device) if device.type == 'cuda' else device)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    if done.returncode == 0:
        return CheckResult("training device", "ok", done.stdout.strip())
    lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
    said = next((line for line in lines if "Found: " in line), lines[-1])
    return CheckResult(
        "training device", "fail", said.rpartition("Found: ")[2], "set MERLIB_DEVICE=cpu, which trains on the processor"
    )


def check_weights() -> CheckResult:
    """Each file of the weights registry: here and verified, fetchable, or missing with the folder to put it in."""
    from merlib.sources.weights import default_weights, list_weights, weights_folder, weights_state

    try:
        states = {entry.name: weights_state(entry.name) for entry in list_weights()}
    except MerlibError as error:
        return CheckResult("weights", "fail", error.found, error.action)
    needed = {name: states[name] for name in default_weights()}
    level, action = "ok", ""
    if any(state.startswith("fetchable") for state in needed.values()):
        action = "merlib weights get fetches what the default needs; afterwards no network is used"
    if unusable := [name for name, state in states.items() if state.startswith("damaged")]:
        level, action = "fail", states[unusable[0]]
    elif any(state.startswith("missing") for state in needed.values()):
        level, action = "fail", "face detection cannot run: put the files there"
    by_state: dict[str, list[str]] = {}
    for entry in list_weights():
        state = states[entry.name]
        absent = state.startswith("missing")
        by_state.setdefault(f"missing, put into {weights_folder()}" if absent else state, []).append(
            entry.file if absent else entry.name
        )
    found = "; ".join(f"{state}: {', '.join(names)}" for state, names in by_state.items())
    return CheckResult("weights", level, found, action)


def check_data(folders: Mapping[str, Path]) -> list[CheckResult]:
    """Each folder of real data that was named passes its audit; without any, everything runs on the twin."""
    if not folders:
        return [CheckResult("real data", "ok", "none named: all runs on the synthetic twin", "try --data NAME=DIR")]
    from merlib.cli.tables import audit_report

    findings = []
    for name, folder in folders.items():
        try:
            _, problems = audit_report(name, str(folder), None, quick=True)
        except MerlibError as error:
            findings.append(CheckResult(f"data {name}", "warn", error.found, error.action))
            continue
        action = f"merlib data check {name}={folder}" if problems else ""
        findings.append(CheckResult(f"data {name}", "fail" if problems else "ok", str(folder), action))
    return findings


def diagnose(
    data: Mapping[str, Path] | None = None, store: Path | None = None, results: Path | None = None
) -> list[CheckResult]:
    """Run every check; none of them raises for what it finds.

    Parameters
    ----------
    data : mapping of str to Path, optional
        Folders of real data by source name.
    store, results : Path, optional
        As for `merlib.running.run.run_notebooks`.
    """
    import tempfile

    from jupyter_core.paths import jupyter_runtime_dir

    from merlib.sources.weights import weights_folder

    gl = "install libGL: apt-get install libgl1 libglib2.0-0 (Debian), dnf install mesa-libGL (Fedora)"
    constraints = constraints_file()
    pinned = pinned_versions(constraints) if constraints.is_file() else {}
    return [
        check_python(),
        *check_versions(pinned, direct_dependencies()),
        check_opencv_builds(),
        check_import("cv2", {"libGL": gl, "libgthread": gl, "libglib": gl}),
        check_import("torch", {}),
        check_device(),
        check_kernel(),
        check_cores(),
        check_memory(),
        check_disk(results_folder(results)),
        check_writable("results", results_folder(results)),
        check_writable("fold store", store_folder(store, results)),
        check_writable("weights folder", weights_folder(), "set MERLIB_WEIGHTS to another folder"),
        check_writable("temporary folder", Path(tempfile.gettempdir()), "set TMPDIR to another folder"),
        check_writable("Jupyter's folder", Path(jupyter_runtime_dir()), "set JUPYTER_RUNTIME_DIR to another folder"),
        check_weights(),
        *check_data(data or {}),
    ]


def findings_table(findings: list[CheckResult]) -> Table:
    """Return the findings as a terminal table."""
    from rich.table import Table
    from rich.text import Text

    table = Table("check", "", "found", "what to do", title="this machine", title_justify="left")
    for finding in findings:
        level = Text(finding.level, style=STYLES[finding.level])
        table.add_row(finding.check, level, Text(finding.found, overflow="fold"), Text(finding.action, overflow="fold"))
    return table
