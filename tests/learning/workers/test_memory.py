"""Blocks of the size of a batch's maps are not fetched from the system anew in each step, and go back in the end."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from toy_samples import make_experiment

from merlib.learning import run
from merlib.learning.store.fold_store import FoldStore
from merlib.learning.workers import memory
from merlib.learning.workers import tasks as fold_tasks

STEPS = """
import json, os, resource
from contextlib import nullcontext
import torch
from merlib.learning.workers.memory import freed_memory_kept

def megabytes():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize() / 2**20

def faults(size):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(size)  # freed at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

large, usual = 2**24, 2**22  # 64 and 16 MB
for context in (freed_memory_kept, nullcontext):  # in a process each, which is a copy of this one
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
        continue
    with context() as kept:
        faults(large)
        found = {"kept": kept, "faults": faults(large), "inside": megabytes()}
    found["after"] = megabytes()
    faults(usual)
    found["usual faults"] = faults(usual)
    torch.ones(2**27)  # 512 MB
    print(json.dumps(found | {"much later": megabytes()}), flush=True)
    os._exit(0)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="glibc is asked, and its pages are counted by Linux")
def test_freed_memory_is_used_again_and_goes_back_in_the_end():
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    keep, default = map(json.loads, done.stdout.splitlines())
    if not keep["kept"]:
        pytest.skip("this C library keeps freed memory as it likes")
    assert keep["faults"] * 10 < default["faults"]
    assert keep["after"] < keep["inside"] - 50
    assert keep["usual faults"] <= default["usual faults"] + 100  # what follows finds the C library as it was
    assert keep["much later"] < default["much later"] + 100


class Library:
    """A C library that takes thresholds up to `highest`."""

    def __init__(self, highest):
        self.highest, self.calls = highest, []

    def mallopt(self, which, value):
        self.calls.append((which, value))
        return int(value <= self.highest)

    def malloc_trim(self, pad):
        self.calls.append("trim")


def asked_of(monkeypatch, library) -> bool:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    with memory.freed_memory_kept() as kept:
        return kept


def test_a_library_that_refuses_the_threshold_is_left_as_it_is(monkeypatch):
    older = Library(2**25)  # setting the other threshold would make it return every block
    assert asked_of(monkeypatch, older) is False
    assert older.calls == [(-3, 2**30)]
    assert asked_of(monkeypatch, object()) is False  # not glibc at all


def test_a_thread_of_a_pool_is_left_as_it_is(monkeypatch):
    library = Library(2**40)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asked_of, monkeypatch, library).result() is False
    assert library.calls == []
    assert asked_of(monkeypatch, library) is True
    assert library.calls == [(-3, 2**30), (-1, 2**30), (-3, 2**25), (-1, 2**26), "trim"]


def test_each_fold_is_trained_with_it(samples, tmp_path, monkeypatch):
    seen = []

    @contextmanager
    def kept():
        seen.append("begin")
        yield True
        seen.append("end")

    own = fold_tasks.write_entry
    monkeypatch.setattr(fold_tasks, "freed_memory_kept", kept)
    monkeypatch.setattr(fold_tasks, "write_entry", lambda *a, **k: seen.append("written") or own(*a, **k))
    run(make_experiment(protocol="groupkfold:2"), samples, FoldStore(tmp_path), workers=1)
    assert seen == ["begin", "end", "written"] * 2
