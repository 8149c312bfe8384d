"""Read one map of a public archive; it is checked first as a file, then as a picture, then as numbers."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from merlib.datasets.archive.archives import PublicArchive
from merlib.errors import MerlibError
from merlib.opening import read_file

SIDE = 28
MOST_MAP_BYTES = 2**20  # of one map: the published ones have 3 kB
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by the colour type that the header names
_PNG_END = b"IEND\xaeB`\x82"
TRUNCATED = 254  # maximum of a map that was stretched to 0..255 and then cut to whole numbers instead of rounded

Report = Callable[[MerlibError, str, str], None]
"""Called with a problem, where it is, and ``error`` or ``warning``; a reader raises, an audit collects."""


def read_map(path: Path, published: dict, verify: bool, report: Report, archive: PublicArchive) -> np.ndarray | None:
    """Return the map at `path`, or report what is wrong with it and return None.

    Parameters
    ----------
    path : Path
        A PNG file of 28 x 28 pixels: red u, green v, blue strain.
    published : dict of str to file of a manifest
        The published files by `plain_name`; needed with `verify`.
    verify : bool
        Whether the map must be the published one, by its bytes or by its pixels.
    report : callable
        Receives the problem, where it is, and its severity.
    archive : PublicArchive
        Which archive it belongs to.

    Returns
    -------
    float32 array (3, 28, 28), or None
        Channels u, v, strain, each in 0..255.
    """
    import cv2

    def refuse(found: str, expected: str) -> None:
        report(MerlibError(f"{path}: {found}", expected, archive.again), str(path), "error")

    try:
        content = read_file(path, MOST_MAP_BYTES)
    except FileNotFoundError:
        return report_missing(path, path.parent, report, archive)
    except OSError as error:
        return refuse(f"{error.strerror}.", "a readable file.")
    if not content.rstrip(b"\0").endswith(_PNG_END):
        return refuse(f"truncated after {len(content)} bytes.", "a PNG file with its end marker.")
    if not content.startswith(_PNG_START) or content[12:16] != b"IHDR":
        return refuse("cannot be decoded.", "a PNG image.")
    width, height, _, colour = struct.unpack(">IIBB", content[16:26])  # known before a pixel is decoded
    shape = height, width, _PNG_CHANNELS.get(colour, 0)
    if shape[:2] != (SIDE, SIDE):
        return refuse(f"shape {shape}.", f"({SIDE}, {SIDE}, 3), uint8.")
    if verify:
        known = published.get(plain_name(path.name))
        if known is None:
            return refuse(
                "no map of the published archive has this name.",
                f"one of the {len(archive.phases) * 442} published maps.",
            )
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        return refuse("cannot be decoded.", "a PNG image.")
    if image.shape != (SIDE, SIDE, 3) or image.dtype != np.uint8:
        return refuse(f"shape {image.shape}, {image.dtype}.", f"({SIDE}, {SIDE}, 3), uint8.")
    sha = hashlib.sha256(content).hexdigest()
    if verify and sha != known.sha256 and _pixels(image) != known.pixels_sha256:
        return refuse(f"SHA-256 {sha}, and other pixels.", f"SHA-256 {known.sha256}, as in files.csv.")
    flow = image[..., ::-1].transpose(2, 0, 1).astype(np.float32)  # BGR -> (3, 28, 28): u, v, strain
    if not archive.full_range:
        return flow
    spans = [(int(channel.min()), int(channel.max())) for channel in flow]
    if any(low != 0 or high < (255 if verify else TRUNCATED) for low, high in spans):
        return refuse(f"channels u, v, strain span {spans}.", "0..255 in each channel.")
    return flow


def _pixels(image: np.ndarray) -> str:
    """Return the digest of a picture that OpenCV decoded (BGR), taken in the order of files.csv, RGB."""
    return hashlib.sha256(np.ascontiguousarray(image[..., ::-1]).tobytes()).hexdigest()


def report_missing(file: Path, maps: Path, report: Report, archive: PublicArchive) -> None:
    """Report that a map of the archive is not there."""
    each = "one map a clip." if len(archive.phases) == 1 else f"{len(archive.phases)} maps a clip, one a phase."
    problem = MerlibError(f"map {file.name!r} is missing from {maps}.", each, archive.again)
    report(problem, str(maps / file.name), "error")


def plain_name(name: str) -> str:
    """Return a file's name without folders and without the space that stands before its extension."""
    return Path(name).name.replace(" ", "")
