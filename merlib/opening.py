"""Safe reading of files that somebody else may have written: kind and size are checked before any content is used.

A folder of data may hold a named pipe (reading it waits for ever), a device (``/dev/zero`` never ends), a file of many
gigabytes, or a small picture that decodes to many gigabytes. `read_file` opens without waiting, asks the *opened* file
what it is and how large, and only then reads, up to a bound; `picture_size` and `check_zip` look at how large the
content says it will become. Whatever is refused raises `Unfit`, which is an OSError, so that code which handles an
unreadable file handles it too.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import stat
import zipfile
from pathlib import Path

MOST_BYTES = 2**26  # of a file, where a caller knows no better: 64 MiB, ten times the largest frame of any data set
MOST_PIXELS = 2**25  # of a picture: 33 million; SAMM's frames, the largest, have 2.2 million
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class Unfit(OSError):
    """A file that is refused: not a regular file, too large, or not the expected content; ``strerror`` says which."""

    def __init__(self, reason: str, path: object = None):
        super().__init__(errno.EINVAL, reason, None if path is None else os.fspath(path))


def read_file(path: str | os.PathLike, most: int = MOST_BYTES, sha256: str | None = None) -> bytes:
    """Return the content of a regular file of at most `most` bytes.

    Parameters
    ----------
    path : path
        Symbolic links are followed; what they lead to must be a regular file.
    most : int
        Bound in bytes; a file that grows beyond it while it is read is refused as well.
    sha256 : str, optional
        SHA-256 that the content must have, if it is known.

    Raises
    ------
    Unfit
        For anything but a regular file, one that is too large, or one of another content.
    OSError
        As `open`: no such file, no permission, a link that leads to itself.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without a writer must not wait
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            kind = next((name for is_kind, name in _KINDS if is_kind(state.st_mode)), "no regular file")
            raise Unfit(f"{kind} instead of a file", path)
        if state.st_size > most:
            raise Unfit(f"{state.st_size} bytes, more than the {most} that such a file may have", path)
        file = open(handle, "rb", buffering=0)  # noqa: SIM115 closed by the block below
    except BaseException:
        os.close(handle)
        raise
    with file:
        content = _read_at_most(file, state.st_size, most)
    if len(content) > most:
        raise Unfit(f"more than the {most} bytes that such a file may have", path)
    if sha256 is not None and (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise Unfit(f"SHA-256 {found} instead of {sha256}", path)
    return content


def _read_at_most(file: io.RawIOBase, expected: int, most: int) -> bytes:
    parts, room = [], most + 1
    while room > 0 and (part := file.read(min(room, max(expected + 1, 2**16)))):
        parts.append(part)
        room -= len(part)
    return b"".join(parts)


def read_json(path: str | os.PathLike, most: int = MOST_BYTES) -> object:
    """Return what the JSON in a regular file of at most `most` bytes stands for.

    Raises
    ------
    Unfit
        As `read_file`, and for content that is no JSON in UTF-8 or is nested too deep to be read.
    OSError
        As `read_file`.
    """
    content = read_file(path, most)
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unfit("no JSON", path) from error


def picture_size(content: bytes, most: int = MOST_PIXELS) -> tuple[int, int]:
    """Return the width and height in a picture's header, without decoding a pixel.

    Raises
    ------
    Unfit
        For content that is no picture, one without pixels, or more than `most` pixels.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
    except Image.DecompressionBombError as error:
        raise Unfit(f"a picture of more than {most} pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, OverflowError) as error:
        raise Unfit("no picture") from error
    if not 0 < width * height <= most:
        raise Unfit(f"a picture of {width} x {height} pixels, outside the bound of {most}")
    return width, height


def check_zip(content: bytes, most: int = MOST_BYTES) -> None:
    """Check that a zip file (a workbook, a checkpoint) unpacks to at most `most` bytes, by the sizes that it states.

    Raises
    ------
    Unfit
        For a file that would unpack to more, and for content that is not a zip file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unfit("no zip file") from error
    if unpacked > most:
        raise Unfit(f"a zip file that unpacks to {unpacked} bytes, more than {most}")


def is_regular(path: str | os.PathLike) -> bool:
    """Whether `path` leads to a regular file; False also where it leads nowhere or to itself."""
    try:
        return stat.S_ISREG(Path(path).stat().st_mode)
    except OSError:
        return False
