"""Frames of one clip that lie as picture files in a folder; they are decoded one at a time."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from merlib.errors import MerlibError
from merlib.opening import Unfit, picture_size, read_file

JPEG_END = b"\xff\xd9"
_ORIENTATION = 0x0112  # Exif tag that says how a viewer must turn the pixels


@dataclass(frozen=True, eq=False)
class ImageFrames:
    """The frames of a recorded clip: a small object that can be pickled and reads no file until asked.

    Parameters
    ----------
    folder : str
        The clip's folder.
    files : tuple of str
        File names in the order of their numbers.
    numbers : int64 array (T,)
        The frame numbers in those names.
    """

    folder: str
    files: tuple[str, ...]
    numbers: np.ndarray

    def path(self, index: int) -> Path:
        """Return the file of frame `index`."""
        return Path(self.folder, self.files[index])

    @cached_property
    def identity(self) -> str:
        """SHA-256 of the frames' numbers and bytes, equal for equal frames wherever they lie. Every file is read once.

        Raises
        ------
        MerlibError
            For a file that cannot be read.
        """
        digest = hashlib.sha256(self.numbers.tobytes())
        for index in range(len(self.files)):
            digest.update(hashlib.sha256(_content(self.path(index))).digest())
        return digest.hexdigest()

    def read(self, index: int) -> np.ndarray:
        """Return frame `index` (0 to T - 1): uint8 (H, W, 3), RGB; a grey frame has three equal channels.

        Raises
        ------
        MerlibError
            For a file that is absent, empty, cut short or no picture.
        """
        return _rgb(decode(self.path(index)))


def _rgb(picture: Image.Image) -> np.ndarray:
    """Return the pixels as a viewer shows them: turned as the file says, and 16 bits reduced to 8."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16 bits a pixel; convert("RGB") would cut everything above 255
        picture = Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    return np.asarray(picture.convert("RGB"))


def is_turned(picture: Image.Image) -> bool:
    """Return whether the file says that its pixels are to be shown turned or mirrored."""
    return picture.getexif().get(_ORIENTATION, 1) not in (0, 1)


def decode(path: Path, content: bytes | None = None) -> Image.Image:
    """Return a picture, wholly decoded.

    Parameters
    ----------
    path : Path
        The file; named in errors.
    content : bytes, optional
        Its bytes, when they were read already.

    Raises
    ------
    MerlibError
        For a file that is absent, empty, cut short or no picture; `found` begins by saying which.
    """

    def refuse(found: str) -> MerlibError:
        return _refusal(found, path)

    content = _content(path) if content is None else content
    if not content:
        raise refuse("empty (zero bytes)")
    try:
        picture_size(content)  # before a pixel is decoded
        picture = Image.open(io.BytesIO(content))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise refuse(error.strerror if isinstance(error, Unfit) else "no picture") from error
    try:
        picture.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise refuse(f"truncated after {len(content)} bytes") from error
    if picture.format == "JPEG" and JPEG_END not in content[-1024:]:
        raise refuse(f"truncated after {len(content)} bytes")
    return picture


def _content(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError as error:
        raise _refusal(f"unreadable ({error.strerror})", path) from error


def _refusal(found: str, path: Path) -> MerlibError:
    place = "/".join(path.parts[-2:])  # clip and frame: messages end up in records, paths must not
    return MerlibError(f"{found}: {place}.", "a whole picture.", "restore the frame from the data set.")


def position_of(numbers: np.ndarray, number: int) -> int | None:
    """Return the position of a frame number in the sorted `numbers`, or None when that frame is absent."""
    place = int(np.searchsorted(numbers, number))
    return place if place < len(numbers) and numbers[place] == number else None
