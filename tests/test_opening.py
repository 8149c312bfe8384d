"""The gate for files of others: what is no regular file, too large, or decodes to too much is refused at once."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import struct
import time
import zipfile
import zlib

import psutil
import pytest

from merlib.errors import MerlibError, printable
from merlib.opening import Unfit, check_zip, is_regular, picture_size, read_file, read_json


def png(width: int, height: int) -> bytes:
    """A PNG that names its size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "named pipe"),
        (os.mkdir, "a folder"),
        (lambda path: path.symlink_to("/dev/zero"), "device"),
        (lambda path: path.symlink_to("/dev/null"), "device"),
        (lambda path: path.symlink_to(path), ""),
        (a_socket, ""),
        (lambda path: path.write_bytes(bytes(101)), "101 bytes"),
    ],
)
def test_what_is_no_file_or_too_large_is_refused_at_once(tmp_path, monkeypatch, make, words):
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    path = tmp_path / "x"
    make(path if make is not a_socket else path.relative_to(tmp_path))
    began, held = time.monotonic(), psutil.Process().num_fds()
    with pytest.raises(OSError) as caught:
        read_file(path, most=100)
    assert psutil.Process().num_fds() == held
    assert words in caught.value.strerror
    assert time.monotonic() - began < 1
    assert is_regular(path) == (words == "101 bytes")


def test_a_file_of_the_bound_and_of_its_hash_is_read(tmp_path):
    content = bytes(range(100))
    (tmp_path / "x").write_bytes(content)
    (tmp_path / "link").symlink_to(tmp_path / "x")
    digest = hashlib.sha256(content).hexdigest()
    assert read_file(tmp_path / "link", 100, digest) == content
    with pytest.raises(Unfit, match="instead of 0000"):
        read_file(tmp_path / "x", 100, "0" * 64)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "absent")


def test_a_sparse_file_of_terabytes_is_refused_by_its_size(tmp_path):
    with (tmp_path / "x").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(Unfit, match="1000000000000 bytes"):
        read_file(tmp_path / "x")


def test_json_is_read_and_what_is_none_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": [1, "ä"]}', encoding="utf-8")
    assert read_json(path) == {"a": [1, "ä"]}
    for content in (b"", b"{", b"[" * 100_000, b"\xff\xfe", b"{} {}"):
        path.write_bytes(content)
        with pytest.raises(Unfit, match="no JSON"):
            read_json(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Unfit, match="named pipe"):
        read_json(path)


@pytest.mark.parametrize("size", [(30_000, 30_000), (60_000, 60_000), (2**31 - 1, 1), (0, 5), (5, 0)])
def test_a_picture_of_too_many_pixels_or_none_is_refused_by_its_header(size):
    with pytest.raises(Unfit):
        picture_size(png(*size))


def test_the_size_of_a_picture_is_told_and_what_is_none_refused():
    assert picture_size(png(2040, 1088)) == (2040, 1088)
    for content in (b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(30)):
        with pytest.raises(Unfit):
            picture_size(content)


def test_a_zip_file_that_unpacks_to_more_than_the_bound_is_refused_unopened():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sharedStrings.xml", bytes(2 * 10**8))
    assert len(held.getvalue()) < 10**6
    with pytest.raises(Unfit, match="200000000 bytes"):
        check_zip(held.getvalue())
    check_zip(held.getvalue(), 2 * 10**8)
    with pytest.raises(Unfit):
        check_zip(b"no zip")


def test_messages_and_the_terminal_show_no_control_character(capsys):
    from rich.table import Table

    from merlib.cli.console import open_console

    name = "\x1b]0;PWN\x07\x1b[31mred\u202e\udcff\x9b31m"
    assert printable("plain, mit Umlauten: äöü") == "plain, mit Umlauten: äöü"
    assert printable("a\nb\tc") == "a\nb\tc"
    error = MerlibError(f"{name}.", name, name)
    assert printable(str(error)) == str(error)
    table = Table(title=name)
    table.add_column(name)
    table.add_row(name)
    for shown in (name, table, str(error)):
        open_console().print(shown, markup=False) if isinstance(shown, str) else open_console().print(shown)
    written = capsys.readouterr().out
    assert all(character.isprintable() or character == "\n" for character in written)
    assert "x1b" in written
