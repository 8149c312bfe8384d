"""Memory that a training step frees and the next one needs again stays with the process."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # their numbers in glibc's malloc.h
_LARGE = 2**30  # bytes; larger blocks than any map of a batch


@cache
def keep_freed_memory() -> bool:
    """Ask the C library not to return freed memory to the system; True where it can be asked (glibc).

    A batch's maps have tens of megabytes. By default glibc gives such blocks back when they are freed, and the system
    clears each of their pages when the next step asks for them. The process holds what it needed at most until it ends.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    # both are set, whatever the first answers
    return all([mallopt(_MMAP_THRESHOLD, _LARGE), mallopt(_TRIM_THRESHOLD, _LARGE)])
