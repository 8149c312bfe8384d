"""What the doctor says about machines that are not as they must be."""

from __future__ import annotations

import pytest

from merlib.cli import doctor


def test_an_old_python_fails():
    assert doctor.check_python((3, 10, 14)).level == "fail"
    assert doctor.check_python((3, 11, 0)).level == "ok"


def test_two_opencv_builds_fail_and_both_are_named():
    finding = doctor.check_opencv_builds({"opencv-python", "opencv-contrib-python", "numpy"})
    assert finding.level == "fail"
    assert "opencv-python and opencv-contrib-python" in finding.found
    assert doctor.check_opencv_builds({"opencv-python"}).level == "ok"
    assert doctor.check_opencv_builds({"numpy"}).level == "fail"


def test_another_version_warns_and_a_missing_package_fails():
    from importlib.metadata import version

    pinned = {"numpy": "0.1", "rich": version("rich")}
    [finding] = doctor.check_versions(pinned, ("numpy", "rich"))
    assert (finding.level, "pinned 0.1" in finding.found) == ("warn", True)
    [finding] = doctor.check_versions(pinned, ("rich", "no-such-package"))
    assert (finding.level, finding.check) == ("fail", "package no-such-package")
    assert [finding.level for finding in doctor.check_versions(pinned, ("rich",))] == ["ok"]


def test_a_local_build_counts_as_its_version(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "2.13.0+cpu")
    assert [finding.level for finding in doctor.check_versions({"torch": "2.13.0"}, ("torch",))] == ["ok"]


def test_constraints_are_read_under_canonical_names(tmp_path):
    (tmp_path / "constraints.txt").write_text("# pins\nface_alignment==1.5.0  # why\n\nJinja2==3.1.6\n")
    assert doctor.pinned_versions(tmp_path / "constraints.txt") == {"face-alignment": "1.5.0", "jinja2": "3.1.6"}


def test_a_library_that_does_not_load_is_told_with_what_to_install(tmp_path, monkeypatch):
    broken = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    (tmp_path / "cv2_broken.py").write_text(broken)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = doctor.check_import("cv2_broken", {"libGL": "apt-get install libgl1"})
    assert (finding.level, finding.action) == ("fail", "apt-get install libgl1")


def test_little_disk_warns_and_less_fails(tmp_path):
    assert doctor.check_disk(tmp_path, free=9 * 2**30).level == "ok"
    assert doctor.check_disk(tmp_path, free=2 * 2**30).level == "warn"
    assert doctor.check_disk(tmp_path / "absent", free=2**28).level == "fail"


def test_a_folder_that_cannot_be_written_fails_and_no_probe_stays(tmp_path):
    (tmp_path / "file").write_text("")
    assert doctor.check_writable("results", tmp_path / "file" / "runs").level == "fail"
    assert doctor.check_writable("results", tmp_path / "runs").level == "ok"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_little_memory_warns_and_less_fails():
    assert [doctor.check_memory(gib * 2**30).level for gib in (16, 2, 0.5)] == ["ok", "warn", "fail"]


def test_the_limit_of_a_container_counts(tmp_path):
    assert doctor._container_memory(tmp_path) == []
    (tmp_path / "memory.current").write_text("300\n")
    (tmp_path / "memory.max").write_text("1000\n")
    assert doctor._container_memory(tmp_path) == [700]
    (tmp_path / "memory.max").write_text("max\n")
    assert doctor._container_memory(tmp_path) == []


@pytest.mark.long
def test_a_device_that_cannot_compute_fails(monkeypatch):
    monkeypatch.setenv("MERLIB_DEVICE", "cuda:77")
    finding = doctor.check_device()
    assert (finding.level, "MERLIB_DEVICE=cpu" in finding.action) == ("fail", True)
    assert "cuda:77" in finding.found
    monkeypatch.setenv("MERLIB_DEVICE", "cpu")
    assert doctor.check_device() == doctor.CheckResult("training device", "ok", "cpu")


def test_a_broken_data_folder_fails(tmp_path):
    [finding] = doctor.check_data({"megc2019-flow": tmp_path})
    assert finding.level == "fail"
    assert "merlib data check" in finding.action


def test_without_real_data_the_twin_is_named():
    [finding] = doctor.check_data({})
    assert (finding.level, "twin" in finding.found) == ("ok", True)


@pytest.mark.long
def test_this_machine_is_diagnosed_without_raising(tmp_path):
    findings = doctor.diagnose(store=tmp_path, results=tmp_path)
    assert {finding.level for finding in findings} <= {"ok", "warn", "fail"}
    assert {"Python", "one OpenCV", "import cv2", "kernel python3", "free disk"} <= {f.check for f in findings}
    assert all(finding.action for finding in findings if finding.level == "fail")


@pytest.mark.parametrize("name", ["torch", "numpy", "opencv-python", "papermill"])
def test_direct_dependencies_leave_the_extras_out(name):
    names = doctor.direct_dependencies()
    assert name in names
    assert "pytest" not in names


def test_weights_are_told_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.delenv("MERLIB_OFFLINE", raising=False)
    bare = doctor.check_weights()
    assert (bare.level, "when first needed: blazeface-short-range, face-mesh" in bare.found) == ("ok", True)
    assert f"missing, put into {tmp_path}: network-default.pytorch" in bare.found
    assert "merlib weights get" in bare.action
    monkeypatch.setenv("MERLIB_OFFLINE", "1")
    offline = doctor.check_weights()
    assert (offline.level, "face_landmark.tflite" in offline.found) == ("fail", True)
    (tmp_path / "face_landmark.tflite").write_bytes(b"cut short")
    damaged = doctor.check_weights()
    assert (damaged.level, f"remove {tmp_path / 'face_landmark.tflite'}" in damaged.action) == ("fail", True)


@pytest.mark.usefixtures("mesh_weights")
def test_weights_that_were_fetched_are_here_and_verified():
    found = doctor.check_weights()
    assert "here (verified): blazeface-short-range, face-mesh" in found.found
