"""How the loops of this folder are compiled.

Compiled code is kept on disk beside its source. numba's cache looks at the file of the compiled function alone and
would miss a change in another: compiled functions use functions and constants of their own file only, and whoever
changes the flags here deletes `__pycache__`. What they call is `inlined` or an intrinsic: of a `compiled` function the
process that compiles and those that load the caller from disk would run different copies, with different bits.
"""

from __future__ import annotations

from numba import njit

import merlib.wide_vectors  # noqa: F401  # before anything is compiled

# sums may be reordered and fused; a NaN stays a NaN, so that a diverged training is seen
_HOW = {"cache": True, "error_model": "numpy", "fastmath": {"reassoc", "contract", "nsz", "arcp"}}
compiled = njit(**_HOW)
inlined = njit(inline="always", **_HOW)
