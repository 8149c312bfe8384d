"""How the loops of this folder are compiled.

Compiled code is kept on disk beside its source. numba's cache looks only at the file of the compiled function and would
miss a change in another file. Compiled functions therefore use functions and constants of their own file only, and
whoever changes the flags here must delete `__pycache__`. The functions that they call are `inlined` or intrinsics. If
they called a `compiled` function, the process that compiles the caller and those that load it from disk would run
different copies, whose results can differ in the last bits.
"""

from __future__ import annotations

from numba import njit

import merlib.wide_vectors  # noqa: F401  # before anything is compiled

# The compiler may reorder sums and fuse operations. NaN is not assumed away, so that a diverged training is noticed.
_HOW = {"cache": True, "error_model": "numpy", "fastmath": {"reassoc", "contract", "nsz", "arcp"}}
compiled = njit(**_HOW)
inlined = njit(inline="always", **_HOW)
