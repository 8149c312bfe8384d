"""Weights are opened as tensors only, and what lies in their place is refused, called by its name, and never run."""

from __future__ import annotations

import os
import pickle
import time
import zipfile

import pytest
import torch

from merlib.errors import MerlibError
from merlib.sources.weights import load_state


def test_a_state_dict_is_unwrapped_and_its_values_are_kept(tmp_path):
    torch.save({"state_dict": {"module.a": torch.tensor([1.0]), "module.b": torch.tensor([2.0])}}, tmp_path / "x.pth")
    state = load_state(tmp_path / "x.pth")
    assert {name: float(value) for name, value in state.items()} == {"a": 1.0, "b": 2.0}


def test_safetensors_are_read_by_their_suffix(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.tensor([3.0])}, tmp_path / "x.safetensors")
    assert float(load_state(tmp_path / "x.safetensors")["a"]) == 3.0


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('the pickle ran')",))


def test_a_pickle_that_needs_more_than_tensors_is_refused_and_not_run(tmp_path):
    torch.save({"a": Bomb()}, tmp_path / "bomb.pth", pickle_module=pickle)
    with pytest.raises(MerlibError, match="more than tensors"):
        load_state(tmp_path / "bomb.pth")


INSTEAD_OF_WEIGHTS = {
    "nothing": b"",
    "text": b"not a model",
    "a page of the server": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 21576446\n",
    "a zip cut short": b"PK\x03\x04" + bytes(1000),
}


@pytest.mark.parametrize("suffix", [".pth", ".pytorch", ".safetensors"])
@pytest.mark.parametrize("what", INSTEAD_OF_WEIGHTS)
def test_a_damaged_file_is_reported(tmp_path, what, suffix):
    (tmp_path / f"x{suffix}").write_bytes(INSTEAD_OF_WEIGHTS[what])
    with pytest.raises(MerlibError, match=rf"x\{suffix}"):
        load_state(tmp_path / f"x{suffix}")


@pytest.mark.parametrize(("what", "words"), [("a page of the server", "web page"), ("a pointer of Git LFS", "LFS")])
def test_what_lies_in_place_of_weights_is_called_by_its_name(tmp_path, what, words):
    (tmp_path / "x.pth").write_bytes(INSTEAD_OF_WEIGHTS[what])
    with pytest.raises(MerlibError, match=words):
        load_state(tmp_path / "x.pth")


def a_terabyte(path):
    with path.open("wb") as file:
        file.truncate(10**12)


def a_bomb(path):
    torch.save({"a": torch.zeros(2)}, path)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x", "w", force_zip64=True) as member,
    ):
        for _ in range(2**31 // 2**24 + 1):
            member.write(bytes(2**24))


NO_FILES = {
    "a named pipe": os.mkfifo,
    "a folder": os.mkdir,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a sparse terabyte": a_terabyte,
}


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_or_too_large_for_weights_is_refused_unread(tmp_path, what, suffix):
    NO_FILES[what](tmp_path / f"x{suffix}")
    began = time.monotonic()
    with pytest.raises(MerlibError, match=rf"x\{suffix} cannot be read"):
        load_state(tmp_path / f"x{suffix}")
    assert time.monotonic() - began < 5


@pytest.mark.long
def test_a_checkpoint_that_unpacks_to_gigabytes_is_refused_by_the_sizes_that_it_states(tmp_path):
    a_bomb(tmp_path / "x.pth")
    with pytest.raises(MerlibError, match="unpacks to"):
        load_state(tmp_path / "x.pth")


def test_a_file_of_something_else_is_no_state_dict(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "x.pth")
    with pytest.raises(MerlibError, match="no mapping of tensors"):
        load_state(tmp_path / "x.pth")
