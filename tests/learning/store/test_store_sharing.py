"""A store that is shared, large, or has to make room: nothing trained twice, nothing deleted by accident."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.learning.store.fold_store import FoldStore
from merlib.learning.store.index import list_store, prune_store, summarise_store

FRAME = pd.DataFrame({"clip": ["a"], "label": [0]})


def _meta(model: str = "linear", fold: str = "fold00", seed: int = 0) -> dict:
    experiment = {"model": model, "label": model.upper(), "protocol": "groupkfold:2"}
    return {"experiment": experiment, "fold": fold, "seed": seed, "samples": "0123456789abcdef", "seconds": 3.0}


def _key(i: int) -> str:
    return f"{i:064x}"[::-1]


@pytest.fixture
def store(tmp_path) -> FoldStore:
    store = FoldStore(tmp_path / "store")
    for i, model in enumerate(["linear", "linear", "ststnet"]):
        store.save(_key(i), FRAME, _meta(model, f"fold{i:02d}"))
    return store


def test_list_describes_entries_from_the_index_and_from_files_alike(store):
    listed = list_store(store)
    assert listed["model"].tolist() == ["linear", "linear", "ststnet"]
    (store.root / "index.jsonl").unlink()
    pd.testing.assert_frame_equal(list_store(store), listed)


def test_line_cut_short_by_a_kill_hides_no_entry(store):
    index = store.root / "index.jsonl"
    index.write_text(index.read_text()[:-20])
    assert len(list_store(store)) == 3
    assert "damaged" not in list_store(store)["model"].tolist()


def test_entry_deleted_by_hand_is_no_longer_listed_and_a_damaged_one_is_named(store):
    store.path(_key(0)).unlink()
    (store.root / "index.jsonl").unlink()
    store.path(_key(1)).write_bytes(b"PAR1 cut")
    assert sorted(list_store(store)["model"]) == ["damaged", "ststnet"]


def test_summary_adds_folds_and_hours_by_experiment(store):
    summary = summarise_store(list_store(store)).set_index("model")
    assert summary.loc["linear", "folds"] == 2
    assert summary.loc["linear", "hours"] == pytest.approx(6 / 3600)


def test_prune_needs_a_condition_and_deletes_only_what_matches(store):
    with pytest.raises(MerlibError, match="no condition"):
        prune_store(store)
    assert len(prune_store(store, model="linear", dry_run=True)) == 2
    assert len(list_store(store)) == 3
    os.utime(store.path(_key(0)), (0, 0))
    assert prune_store(store, older_than=1, model="linear")["key"].tolist() == [_key(0)]
    assert len(list_store(store)) == 2


@pytest.mark.long
def test_ten_thousand_entries_are_listed_without_opening_them(store, monkeypatch):
    lines = []
    for i in range(3, 10_000):
        path = store.path(_key(i))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        lines.append(json.dumps({**_line(store), "key": _key(i)}))
    with open(store.root / "index.jsonl", "a", encoding="utf-8") as index:
        index.write("\n".join(lines) + "\n")
    monkeypatch.setattr("merlib.learning.store.index.read_meta", lambda path: pytest.fail(f"opened {path}"))
    assert len(list_store(store)) == 10_000
    assert len(list(store.keys())) == 10_000


def _line(store: FoldStore) -> dict:
    return json.loads((store.root / "index.jsonl").read_text().splitlines()[0])


HOLDER = """
import pathlib, sys, time
from merlib.learning.store.fold_store import FoldStore
with FoldStore(sys.argv[1]).claim("k" * 64):
    pathlib.Path(sys.argv[2]).touch()
    time.sleep(60)
"""


def _hold(folder, sign) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", HOLDER, str(folder), str(sign)])


def _appears(sign, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not sign.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return sign.exists()


@pytest.mark.long
def test_claim_keeps_a_second_process_waiting_and_ends_with_a_killed_one(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    processes = [_hold(tmp_path, first)]
    try:
        assert _appears(first, 60)
        processes.append(_hold(tmp_path, second))
        assert not _appears(second, 3), "two processes hold one fold"
        processes[0].kill()
        assert _appears(second, 60)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_fold_that_another_run_finished_meanwhile_is_not_trained_again(tmp_path, samples, monkeypatch):
    from merlib.learning import Experiment, Recipe, run
    from merlib.learning.workers import tasks as fold_tasks

    experiment = Experiment("linear", Recipe("linear"), "groupkfold:2")
    first = run(experiment, samples, store=tmp_path, workers=1, references=False)
    monkeypatch.setattr(fold_tasks, "_train_claimed", lambda *_: pytest.fail("a finished fold was trained again"))
    store = FoldStore(tmp_path)
    looks = iter([None, None])  # the first look at the store comes before the other run has finished
    original = FoldStore.load
    monkeypatch.setattr(FoldStore, "load", lambda self, *asked: next(looks, 1) and original(self, *asked))
    again = run(experiment, samples, store=store, workers=1, references=False)
    assert again["prediction"].tolist() == first["prediction"].tolist()
