"""A file is there whole or not at all, and a refusal of the file system is told in one way."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from merlib.errors import MerlibError
from merlib.files import renamed_into, writing_to


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [True, False])
def test_the_content_takes_the_place_of_what_was_there(tmp_path, durable):
    target = tmp_path / "new" / "folder" / "entry"
    for content in (b"first", b"second"):
        with renamed_into(target, durable=durable) as file:
            file.write(content)
            assert not target.exists() or target.read_bytes() == b"first"  # not before the block ends
    assert target.read_bytes() == b"second"
    assert names(target.parent) == ["entry"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask  # as the umask says


def write_half(target, failure):
    with renamed_into(target) as file:
        file.write(b"half of the n")
        raise failure


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    target = tmp_path / "entry"
    target.write_bytes(b"old")
    with pytest.raises(failure):
        write_half(target, failure)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["entry"]


def test_only_content_that_must_last_waits_for_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with renamed_into(tmp_path / "entry", durable=False) as file:
        file.write(b"x")
    assert not synced
    with renamed_into(tmp_path / "entry") as file:
        file.write(b"x")
    assert len(synced) == 1


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path, monkeypatch, step):
    target = tmp_path / "entry"
    target.write_bytes(b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)
    with (
        pytest.raises(MerlibError, match=r"No space left(.|\n)*or go elsewhere") as told,
        renamed_into(target, "go elsewhere") as file,
    ):
        file.write(b"new")
    assert str(tmp_path) in str(told.value)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["entry"]


def test_a_folder_in_the_way_is_named_and_not_the_temporary_file(tmp_path):
    (tmp_path / "entry").mkdir()
    with pytest.raises(MerlibError, match="entry cannot be written") as told, renamed_into(tmp_path / "entry"):
        pass
    assert ".tmp" not in str(told.value)
    assert names(tmp_path) == ["entry"]


def test_a_file_where_the_folder_should_be_is_named(tmp_path):
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(MerlibError, match="folder cannot be written"), renamed_into(tmp_path / "folder" / "entry"):
        pass
    assert (tmp_path / "folder").read_text() == "a file"


def test_the_file_that_the_system_names_is_told_before_the_place(tmp_path):
    refusal = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "inner"))
    with pytest.raises(MerlibError, match=r"inner cannot be written \(Permission denied\)"), writing_to(tmp_path):
        raise refusal
    with pytest.raises(MerlibError, match="outer cannot be written"), writing_to(tmp_path / "outer"):
        raise OSError(errno.EROFS, "Read-only file system")
