"""A fold that another process trains is waited for with a word, and taken over when that process is gone."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from merlib.learning import FoldStore
from merlib.learning.store import claims

KEY = "ab" * 32
HOLDER = """
import sys, time
from merlib.learning.store.fold_store import FoldStore
with FoldStore(sys.argv[1]).claim(sys.argv[2]):
    print("held", flush=True)
    time.sleep(120)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path), KEY], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def locks(store: FoldStore) -> list:
    return list((store.root / "locks").glob("*"))


@pytest.mark.long
def test_a_stopped_holder_is_named_and_its_fold_taken_over_when_it_is_gone(holder, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(claims, "PATIENCE", 0.2)
    holder.send_signal(signal.SIGSTOP)
    store, entered = FoldStore(tmp_path), threading.Event()

    def wait():
        with store.claim(KEY):
            entered.set()

    with caplog.at_level(logging.WARNING):
        waiter = threading.Thread(target=wait)
        waiter.start()
        patience = time.monotonic() + 30
        while "waiting" not in caplog.text and time.monotonic() < patience:
            time.sleep(0.05)
        assert not entered.is_set()
        for word in (KEY[:12], f"process {holder.pid} ", time.strftime("%Y-%m-%d"), "stopped", f"kill -9 {holder.pid}"):
            assert word in caplog.text
        os.kill(holder.pid, signal.SIGKILL)  # as the message says
        assert entered.wait(10)
        waiter.join()
    assert locks(store) == []


@pytest.mark.long
def test_the_lock_file_goes_with_the_claim_and_one_that_was_left_is_tidied(holder, tmp_path):
    store = FoldStore(tmp_path)
    store.tidy([KEY])
    assert len(locks(store)) == 1, "a lock that is held was removed"
    holder.kill()
    holder.wait()
    assert len(locks(store)) == 1
    store.tidy([KEY, "cd" * 32])
    assert locks(store) == []
    with store.claim(KEY):
        assert len(locks(store)) == 1
    assert locks(store) == []


def test_what_a_killed_process_left_of_this_entry_is_removed_and_nothing_else(tmp_path):
    store = FoldStore(tmp_path)
    folder = store.path(KEY).parent
    folder.mkdir(parents=True)
    mine, other = folder / f".{KEY}.parquet.0f0f.tmp", folder / f".{KEY[:-1]}0.parquet.0f0f.tmp"
    for stray in (mine, other):
        stray.touch()
    with store.claim(KEY):
        assert not mine.exists()
    assert other.exists()


def test_many_claimants_of_one_fold_hold_it_one_at_a_time(tmp_path):
    store, inside, most, done = FoldStore(tmp_path), [0], [0], []

    def claimant():
        for _ in range(20):
            with store.claim(KEY):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.0005)
                inside[0] -= 1
        done.append(1)

    threads = [threading.Thread(target=claimant) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    assert most == [1]
    assert locks(store) == []
