"""Downloads against a file server on this machine: complete, checked, resumed, and clear when they fail."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from merlib.errors import MerlibError
from merlib.sources import archives, downloading, manifests_dir
from merlib.sources.archives import available_archives, fetch_archive

MAP = "datasets/STSNet_whole_norm_u_v_os/006_006_1_2 .png"
CONTENT = {
    "combined_3_class2_for_optical_flow.csv": b"dataset,sub,filename_o,label\nsamm,006,006_1_2,0\n",
    MAP: b"SYNTHETIC map one",
    "datasets/STSNet_whole_norm_u_v_os/sub01_EP02_01f .png": b"SYNTHETIC map two",
}


class Recorder(SimpleHTTPRequestHandler):
    """Serves a folder and remembers which paths were asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def serve():
    """Serve a folder on 127.0.0.1; returns its address and the list of paths asked for."""
    servers = []

    def start(folder: Path) -> tuple[str, list[str]]:
        handler = type("Handler", (Recorder,), {"asked": []})
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", handler.asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A fixture tree to serve, and manifests that pin exactly its three files."""
    origin = tmp_path / "origin"
    rows = ["path,sha256,bytes"]
    for name, content in CONTENT.items():
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        (origin / name).write_bytes(content)
        rows.append(f"{name},{hashlib.sha256(content).hexdigest()},{len(content)}")
    manifests = tmp_path / "manifests"
    shutil.copytree(manifests_dir(), manifests)
    (manifests / "megc2019_flow" / "files.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.setenv("MERLIB_MANIFESTS", str(manifests))
    return origin


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_arrive_under_their_own_paths_spaces_included(small, serve, tmp_path):
    url, asked = serve(small)
    into = fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False)
    assert everything(into) == CONTENT
    assert any(path.endswith("006_006_1_2%20.png") for path in asked)


def test_a_second_fetch_asks_for_nothing(small, serve, tmp_path):
    url, asked = serve(small)
    fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False)
    asked.clear()
    fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False)
    assert asked == []


def test_a_stopped_download_fetches_only_what_is_missing_or_damaged(small, serve, tmp_path):
    url, asked = serve(small)
    into = fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False)
    (into / MAP).write_bytes(CONTENT[MAP][:5])
    asked.clear()
    fetch_archive("megc2019-flow", into, base_url=url, progress=False)
    assert len(asked) == 1
    assert everything(into) == CONTENT


def test_a_corrupted_file_is_refused_by_name_and_not_left_behind(small, serve, tmp_path):
    (small / MAP).write_bytes(b"SYNTHETIC map 0ne")
    url, _ = serve(small)
    with pytest.raises(MerlibError) as error:
        fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False, workers=1)
    assert MAP in error.value.found
    assert hashlib.sha256(CONTENT[MAP]).hexdigest() in error.value.expected
    left = everything(tmp_path / "into")
    assert MAP not in left
    assert set(left) <= set(CONTENT)


def test_a_damaged_local_file_survives_until_its_replacement_is_right(small, serve, tmp_path):
    into = tmp_path / "into"
    (into / MAP).parent.mkdir(parents=True)
    (into / MAP).write_bytes(b"mine")
    (small / MAP).unlink()
    url, _ = serve(small)
    with pytest.raises(MerlibError, match=r"answered 404"):
        fetch_archive("megc2019-flow", into, base_url=url, progress=False)
    assert (into / MAP).read_bytes() == b"mine"


def test_an_unreachable_server_is_told_and_leaves_nothing(small, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(MerlibError, match="cannot be reached") as error:
        fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False)
    assert url in error.value.found
    assert "run it again" in error.value.action
    assert everything(tmp_path / "into") == {}


def test_a_place_that_is_a_file_is_told(small, serve, tmp_path):
    url, _ = serve(small)
    (tmp_path / "into").write_text("a file", encoding="utf-8")
    with pytest.raises(MerlibError, match="cannot be written"):
        fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False)
    assert (tmp_path / "into").read_text(encoding="utf-8") == "a file"


class Endless(SimpleHTTPRequestHandler):
    """Sends without end: as fast as it can, a byte at a time, or what it announces and never sends."""

    mode = "fast"

    def do_GET(self) -> None:
        self.send_response(200)
        if self.mode == "announced":
            self.send_header("Content-Length", str(10**12))
        self.end_headers()
        try:
            for _ in range(300):
                self.wfile.write(b"A" if self.mode == "slow" else b"A" * 2**20)
                self.wfile.flush()
                time.sleep(0.1 if self.mode == "slow" else 0)
        except OSError:
            pass

    def log_message(self, *_) -> None:
        pass


@pytest.mark.parametrize(("mode", "words"), [("fast", "sends more"), ("announced", "announces"), ("slow", "has sent")])
def test_a_server_that_never_ends_is_left_and_nothing_of_it_stays(small, tmp_path, monkeypatch, mode, words):
    monkeypatch.setattr(downloading, "PATIENCE", 1.0)
    monkeypatch.setattr(downloading, "SLOWEST", 10**9)
    if mode == "slow":  # so large a file that its size alone would not end the download
        monkeypatch.setattr(archives, "download", lambda url, size: downloading.download(url, 10**6))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Endless,), {"mode": mode}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    began, url = time.monotonic(), f"http://127.0.0.1:{server.server_port}"
    with pytest.raises(MerlibError, match="another mirror") as error:
        fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False)
    server.shutdown()
    server.server_close()
    assert words in error.value.found
    assert time.monotonic() - began < 15
    assert everything(tmp_path / "into") == {}


def test_a_pipe_in_the_place_of_a_file_is_replaced_without_waiting_for_it(small, serve, tmp_path):
    into = tmp_path / "into"
    (into / MAP).parent.mkdir(parents=True)
    os.mkfifo(into / MAP)
    url, _ = serve(small)
    fetch_archive("megc2019-flow", into, base_url=url, progress=False)
    assert everything(into) == CONTENT


def test_logs_are_saved_under_the_names_merlib_uses(tmp_path, monkeypatch, serve):
    manifests = tmp_path / "manifests"
    shutil.copytree(manifests_dir(), manifests)
    origin = tmp_path / "origin"
    origin.mkdir()
    path = manifests / "published_logs" / "manifest.yaml"
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    for file in manifest["download"]["files"]:
        content = f"SYNTHETIC {file['path']}".encode()
        (origin / file["path"]).write_bytes(content)
        file.update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    path.write_text(yaml.safe_dump(manifest), encoding="utf-8")
    monkeypatch.setenv("MERLIB_MANIFESTS", str(manifests))
    url, _ = serve(origin)
    into = fetch_archive("published-logs", tmp_path / "into", base_url=url, progress=False)
    assert sorted(everything(into)) == [
        "capsulenet_result_log.csv",
        "ststnet_matlab_log.txt",
        "ststnet_python_log.txt",
    ]


@pytest.mark.long
def test_the_default_address_is_the_pinned_commit():
    file = next(f for f in archives.download_files("megc2019-flow") if f.path == MAP)
    template = archives.load_manifest("megc2019-flow").download.url_template
    assert archives._address(file, template, None) == (
        "https://raw.githubusercontent.com/wangzhifengharrison/HTNet/91cf4bda0a2db50d638d46c04c5d7cf3b602d446/"
        "datasets/STSNet_whole_norm_u_v_os/006_006_1_2%20.png"
    )


def test_unknown_and_licensed_names_are_told_apart(tmp_path):
    assert available_archives() == ["megc2019-flow", "megc2019-phases", "published-logs"]
    with pytest.raises(MerlibError, match="did you mean 'megc2019-flow'"):
        fetch_archive("megc2019-flaw", tmp_path)
    with pytest.raises(MerlibError, match=r"helward\.mmu\.ac\.uk"):
        fetch_archive("samm", tmp_path)


@pytest.mark.long
@pytest.mark.real
def test_the_real_archive_is_fetched_complete_and_readable(flow_archive, serve, tmp_path):
    from merlib.datasets.archive.reader import read_flow_archive

    url, asked = serve(flow_archive)
    into = fetch_archive("megc2019-flow", tmp_path / "into", base_url=url, progress=False)
    assert len(asked) == 443
    assert read_flow_archive(into).digest == read_flow_archive(flow_archive).digest
