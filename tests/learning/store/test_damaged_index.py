"""The store's index comes from disk: whatever stands there, entries are listed as their own files describe them."""

from __future__ import annotations

import json
import os
import time

import pandas as pd
import pytest

from merlib.learning.store.fold_store import FoldStore
from merlib.learning.store.index import list_store, prune_store, summarise_store

FRAME = pd.DataFrame({"clip": ["a"], "label": [0]})
EXPERIMENT = {"model": "linear", "label": "Linear", "protocol": "groupkfold:2"}
META = {"experiment": EXPERIMENT, "fold": "fold00", "seed": 0, "samples": "0123456789ab", "seconds": 3.0}
KEYS = ["0" * 64, "1" * 64]


def line(**changes: object) -> str:
    told = {**EXPERIMENT, "key": KEYS[0], "fold": "fold00", "seed": 0, "samples": "0123456789ab", "seconds": 3.0}
    return json.dumps({**told, **changes}) + "\n"


def written(text: str):
    return lambda path: path.write_text(text)


INDEXES = {
    "nested without end": written("[" * 200_000 + "\n"),
    "no object": written('[1, 2]\n"key"\n7\nnull\n'),
    "a model that is a mapping": written(line(model={"a": [1]})),
    "a fold that is a number": written(line(fold=3)),
    "a seed in words": written(line(seed="x")),
    "a seed without bound": written(line(seed=10**400)),
    "seconds in words": written(line(seconds="many")),
    "seconds without bound": written(line(seconds=float("inf"))),
    "a key that is a list": written(line(key=[])),
    "a name left out": written('{"key": "' + KEYS[0] + '"}\n'),
    "no UTF-8": lambda path: path.write_bytes(b"\xff\xfe\n" * 100),
    "a named pipe": os.mkfifo,
    "a folder": os.mkdir,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a sparse terabyte": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 10**12),
}


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_of_whatever_content_changes_no_listing(name, tmp_path):
    store = FoldStore(tmp_path / "store")
    for key in KEYS:
        store.save(key, FRAME, META)
    listed = list_store(store)
    (store.root / "index.jsonl").unlink()
    INDEXES[name](store.root / "index.jsonl")
    began = time.monotonic()
    pd.testing.assert_frame_equal(list_store(store), listed)
    assert summarise_store(list_store(store))["folds"].tolist() == [2]
    assert len(prune_store(store, model="linear", dry_run=True)) == 2
    store.save("2" * 64, FRAME, META)  # a fold that was trained is kept, whatever the index is
    assert store.load("2" * 64) is not None
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "change",
    [
        {"experiment": []},
        {"experiment": "x"},
        {"seed": "x"},
        {"seconds": None},
        {"fold": ["a"]},
        {"experiment": {"model": 3}},
    ],
)
def test_an_entry_that_describes_itself_in_nonsense_is_listed_as_damaged(change, tmp_path):
    store = FoldStore(tmp_path / "store")
    store.save(KEYS[0], FRAME, META)
    from merlib.learning.store.fold_store import write_parquet

    write_parquet(FRAME, {**META, **change, "key": KEYS[1]}, store.path(KEYS[1]))
    assert sorted(list_store(store)["model"]) == ["damaged", "linear"]
    assert prune_store(store, model="damaged")["key"].tolist() == [KEYS[1]]
