"""How wide a vector numba's loops use, settled before anything is compiled.

LLVM prefers vectors of 256 bits on processors that have 512, which halves the speed of the loops below
`merlib.learning.fast`; and numba settles it once a process, when the first function is compiled. Whatever compiles with
numba imports this module first, so that all of merlib's processes agree and one worker gives the bits of two.
"""

from __future__ import annotations

import llvmlite.binding as llvm
from numba import config

_features = llvm.get_host_cpu_features()
if config.CPU_FEATURES is None and _features.get("avx512f"):
    config.CPU_FEATURES = f"{_features.flatten()},-prefer-256-bit"
