"""Memory that a training step frees and the next one needs again stays with the process."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # their numbers in glibc's malloc.h
_LARGE = 2**30  # bytes; larger than any map of a batch


@contextmanager
def freed_memory_kept() -> Iterator[bool]:
    """Ask the C library not to return freed memory to the system before the block ends; True where it can (glibc).

    A batch's maps have tens of megabytes. By default glibc gives such blocks back when they are freed, and the system
    clears each of their pages when the next step asks for them. At the end all that is free goes back, or joblib takes
    the process for one that leaks, and ends it.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not (hasattr(library, "mallopt") and hasattr(library, "malloc_trim")):
        yield False
        return
    library.mallopt(_MMAP_THRESHOLD, _LARGE)
    library.mallopt(_TRIM_THRESHOLD, _LARGE)
    try:
        yield True
    finally:
        library.malloc_trim(0)
