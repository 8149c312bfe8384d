"""While a fold is trained, memory that one training step frees stays with the process, since the next step needs it."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # their numbers in glibc's malloc.h
_LARGE = 2**30  # bytes; larger than any map of a batch
_USUAL = 2**25  # bytes; the highest threshold that glibc sets by itself on 64 bits


@contextmanager
def freed_memory_kept() -> Iterator[bool]:
    """Ask the C library to keep freed memory until the block ends; yields whether it does.

    A batch's maps have tens of megabytes. By default glibc returns such blocks to the system when they are freed, and
    the system clears each of their pages when the next step asks for them. At the end all free memory is returned,
    since joblib would otherwise take the process for one that leaks, and end it. This is used only where glibc accepts
    so large a threshold, and only in the main thread, because the memory of other threads lies in small heaps of their
    own.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    there = hasattr(library, "mallopt") and hasattr(library, "malloc_trim")
    asked = there and threading.current_thread() is threading.main_thread()
    if not (asked and library.mallopt(_MMAP_THRESHOLD, _LARGE)):
        yield False
        return
    library.mallopt(_TRIM_THRESHOLD, _LARGE)
    try:
        yield True
    finally:
        library.mallopt(_MMAP_THRESHOLD, _USUAL)
        library.mallopt(_TRIM_THRESHOLD, 2 * _USUAL)
        library.malloc_trim(0)
