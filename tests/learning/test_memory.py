"""Blocks of the size of a batch's maps are not fetched from the system anew in each step."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="page faults are counted by the system's own means")

STEPS = """
import resource, sys
import torch
from merlib.learning.memory import keep_freed_memory

asked = sys.argv[1] == "keep" and keep_freed_memory()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(2**24)  # 64 MB, freed at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(asked, faults())
"""


def test_freed_memory_is_used_again():
    counts = {}
    for how in ("keep", "default"):
        done = subprocess.run([sys.executable, "-c", STEPS, how], capture_output=True, text=True, check=True)
        asked, counts[how] = done.stdout.split()
        if how == "keep" and asked == "False":
            pytest.skip("this C library is not glibc: freed memory goes back as it likes")
    assert int(counts["keep"]) * 10 < int(counts["default"])
