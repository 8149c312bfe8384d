"""Run a step on a hostile folder in a process of its own, which is ended when it takes too long or too much memory."""

from __future__ import annotations

import os
import resource
import signal
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from merlib.errors import MerlibError

SECONDS, MEGABYTES = 20, 2048


@dataclass(frozen=True)
class Outcome:
    """What came of it: ``done: ...``, ``refused: ...`` or ``raw: ...``, how long it took and how much memory."""

    text: str
    seconds: float
    megabytes: float
    sign: int

    @property
    def bounded(self) -> bool:
        """Whether it ended by itself, within the bounds."""
        return not self.sign and self.seconds < SECONDS and self.megabytes < MEGABYTES


def in_child(step: Callable[[], str]) -> Outcome:
    """Return what came of `step` in a fork of this process."""
    read, write = os.pipe()
    began, child = time.monotonic(), os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        signal.alarm(SECONDS)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            text = f"done: {step()}"
        except MerlibError as error:
            text = f"refused: {error.found}"
        except BaseException as error:
            text = f"raw: {type(error).__name__} {error}"
        os.write(write, text.encode("utf-8", "backslashreplace")[:4000])
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        text = pipe.read().decode("utf-8")
    _, status, usage = os.wait4(child, 0)
    return Outcome(text, time.monotonic() - began, usage.ru_maxrss / 1024, status & 127)


@lru_cache(maxsize=4)
def png(width: int, height: int, rows: int | None = None, bits: int = 8, colour: int = 2) -> bytes:
    """A PNG of that size, all zero; `rows` of them are there."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    line = bytes(1 + width * {0: 1, 2: 3, 6: 4}[colour] * bits // 8)
    squeeze, parts = zlib.compressobj(1), []
    for _ in range(height if rows is None else rows):
        parts.append(squeeze.compress(line))
    parts.append(squeeze.flush())
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", b"".join(parts)) + chunk(b"IEND", b"")


def control_names() -> dict[str, bytes]:
    """File names, as bytes, that control a terminal, break lines, or are no UTF-8."""
    return {
        "line break in a name": b"a\nb",
        "terminal codes in a name": b"\x1b]0;PWN\x07\x1b[31mred",
        "right-to-left mark in a name": "\u202egnp".encode(),
        "a long name": b"x" * 240,
        "HTML in a name": b"<img src=x onerror=alert(1)>",
        "no UTF-8 in a name": b"\xff\xfe",
    }
