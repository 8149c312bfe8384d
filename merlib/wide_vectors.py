"""Make numba's loops use the processor's widest vectors; must be imported before numba compiles anything.

LLVM prefers vectors of 256 bits on processors that have 512, which halves the speed of the loops below
`merlib.learning.fast`. Numba fixes the width once per process, when it compiles the first function. Whatever compiles
with numba therefore imports this module first: all of merlib's processes then use the same width, and give the same
bits with one worker as with two.
"""

from __future__ import annotations

import llvmlite.binding as llvm
from numba import config

_features = llvm.get_host_cpu_features()
if config.CPU_FEATURES is None and _features.get("avx512f"):
    config.CPU_FEATURES = f"{_features.flatten()},-prefer-256-bit"
