"""How the loops of this folder are compiled.

Compiled code is kept on disk beside its source. numba's cache looks at the file of the compiled function alone and
would miss a change in another: compiled functions use functions and constants of their own file only, and whoever
changes the flags here deletes `__pycache__`.
"""

from __future__ import annotations

import llvmlite.binding as llvm
from numba import config, njit


def _use_whole_vectors() -> None:
    """Let numba use vectors of 512 bits where the processor has them: LLVM prefers 256, which halves these loops.

    It works only before numba has compiled anything. Where face-alignment was imported first, in the same process, the
    loops are slower and sums differ in their last bits; the engine's own processes never import it.
    """
    features = llvm.get_host_cpu_features()
    if config.CPU_FEATURES is None and features.get("avx512f"):
        config.CPU_FEATURES = f"{features.flatten()},-prefer-256-bit"


_use_whole_vectors()

# sums may be reordered and fused; a NaN stays a NaN, so that a diverged training is seen
_HOW = {"cache": True, "error_model": "numpy", "fastmath": {"reassoc", "contract", "nsz", "arcp"}}
compiled = njit(**_HOW)
inlined = njit(inline="always", **_HOW)
