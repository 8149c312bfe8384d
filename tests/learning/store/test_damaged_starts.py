"""Pretrained weights are believed as they were written, with the people they saw, under the name they have."""

from __future__ import annotations

import json
import logging
import os
import random
import zipfile
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import FoldStore, pretrain
from merlib.learning.store.start_files import read_start_file, write_start_file
from merlib.learning.store.starts import read_start, start_path

A, B = "a" * 64, "b" * 64
STATE = {"w": torch.arange(4096.0), "n": torch.tensor(3), "half": torch.ones(2, dtype=torch.bfloat16)}


@pytest.fixture
def path(tmp_path) -> Path:
    for name, sign, people in ((A, 1, ["d/s1"]), (B, -1, [])):
        state = {key: sign * tensor for key, tensor in STATE.items()}
        write_start_file(start_path(tmp_path, name), name, state, {"people": people, "notes": [name[:1]]})
    return start_path(tmp_path, A)


def same(state) -> bool:
    return state.keys() == STATE.keys() and all(torch.equal(state[key], STATE[key]) for key in STATE)


def test_a_start_comes_back_as_it_was_written(path):
    start = read_start(A, path.parents[1])
    assert same(start.state)
    assert start.record == {"people": ["d/s1"], "notes": ["a"]}


@pytest.mark.parametrize("number", range(20))
def test_a_flipped_bit_is_refused_or_changes_nothing(path, number):
    content, chance = bytearray(path.read_bytes()), random.Random(number)
    # half of them among the numbers, where every bit counts
    place = chance.randrange(1500, 12_000) if number % 2 else chance.randrange(len(content))
    content[place] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    try:
        start = read_start(A, path.parents[1])
    except MerlibError as error:
        assert error.action.startswith("call learning.pretrain")  # noqa: PT017 some flips change nothing
        return
    assert number % 2 == 0
    assert same(start.state)
    assert start.record["people"] == ["d/s1"]


def _saved(**changes):
    def damage(path):
        content = torch.load(path, weights_only=True)
        torch.save({key: value for key, value in {**content, **changes}.items() if value is not None}, path)

    return damage


def _of_another(path):
    path.write_bytes(start_path(path.parents[1], B).read_bytes())


def _linked(path):
    path.unlink()
    path.symlink_to(start_path(path.parents[1], B))


def _pipe(path):
    path.unlink()
    os.mkfifo(path)


def _unpacks_to_gigabytes(path):
    """One member of 16 MB, listed until the list reaches beyond two gigabytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(2**24))
        [member] = archive.filelist
        for number in range(2**31 // 2**24):
            again = copy(member)
            again.filename = f"x{number}"
            archive.filelist.append(again)


OTHERS = {
    "another start": _of_another,
    "a link to another start": _linked,
    "nobody seen": _saved(record=json.dumps({"people": [], "notes": [], "start": A})),
    "people in one word": _saved(record=json.dumps({"people": "d/s1", "notes": [], "start": A})),
    "other weights": _saved(state_dict={"w": torch.zeros(4096)}),
    "without a digest, as older versions wrote it": _saved(content=None),
    "no record": _saved(record=None),
    "a named pipe": _pipe,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "a pickle with code": lambda path: torch.save({"state_dict": Path, "record": "{}", "content": ""}, path),
    "a zip file that unpacks to gigabytes": _unpacks_to_gigabytes,
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_or_altered_start_is_refused(path, name):
    OTHERS[name](path)
    with pytest.raises(MerlibError, match=r"learning\.pretrain"):
        read_start_file(path, A)


def test_a_damaged_start_is_trained_again_and_told(tmp_path, caplog):
    macro = replace(make_samples(seed=7, name="toy-macro"), subjects=[f"twin1-{i}" for i in range(12)])
    store = FoldStore(tmp_path)
    name = pretrain(make_experiment("started_net"), macro, store=store)
    before = read_start(name, store.root)
    path = start_path(store.root, name)
    path.write_bytes(path.read_bytes()[:-30])
    with caplog.at_level(logging.WARNING):
        assert pretrain(make_experiment("started_net"), macro, store=store) == name
    assert "trained again" in caplog.text
    again = read_start(name, store.root)
    assert all(torch.equal(again.state[key], before.state[key]) for key in before.state)
    assert again.record["people"] == before.record["people"]
