"""Blocks of the size of a batch's maps are not fetched from the system anew in each step."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="page faults are counted by the system's own means")

STEPS = """
import json, resource, sys
from contextlib import nullcontext
import torch
from merlib.learning.memory import freed_memory_kept

def megabytes():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize() / 2**20

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(2**24)  # 64 MB, freed at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with freed_memory_kept() if sys.argv[1] == "keep" else nullcontext() as kept:
    faults()
    found = {"kept": kept, "faults": faults(), "inside": megabytes()}
print(json.dumps(found | {"after": megabytes()}))
"""


def found(how: str) -> dict:
    done = subprocess.run([sys.executable, "-c", STEPS, how], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_freed_memory_is_used_again_and_goes_back_in_the_end():
    keep, default = found("keep"), found("default")
    if not keep["kept"]:
        pytest.skip("this C library is not glibc: freed memory goes back as it likes")
    assert keep["faults"] * 10 < default["faults"]
    assert keep["after"] < keep["inside"] - 50
