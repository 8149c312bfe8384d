"""Read and write ``.flo``, the Middlebury format that LiteFlowNet's tools write (ASTNet Sec. 4.1 (3)).

A file holds, little-endian, the float 202021.25 (whose bytes read ``PIEH``), width and height as int32, then u and v of
each pixel as float32, row by row. By convention a component above 1e9 marks a pixel whose motion is unknown; such
values are read and written as they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.motion.flow import check_flow

TAG = b"PIEH"
_LARGEST_SIDE = 99_999
_ACTION = "write the file again, or copy it again from its source."


def write_flo(path: str | Path, flow: np.ndarray) -> Path:
    """Write a flow. The file appears only when it is complete.

    Parameters
    ----------
    path : path
        The file to write; its folder is created.
    flow : array (H, W, 2)
        u and v in pixels.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MerlibError
        When `flow` is not a single finite flow, or the file cannot be written.
    """
    flow = check_flow(flow, unknown=True)
    if flow.ndim != 3:
        raise MerlibError(f"flows of shape {flow.shape}.", "one flow (H, W, 2).", "write one file a pair.")
    path = Path(path)
    height, width = flow.shape[:2]
    with renamed_into(path, durable=False) as file:
        file.write(TAG + np.array([width, height], dtype="<i4").tobytes() + flow.astype("<f4").tobytes())
    return path


def read_flo(path: str | Path) -> np.ndarray:
    """Read a flow from a ``.flo`` file.

    Returns
    -------
    float32 array (H, W, 2)
        u and v in pixels.

    Raises
    ------
    MerlibError
        When the file is missing, does not start with the tag, states an impossible size, is shorter or longer
        than that size, or holds values that are not numbers.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MerlibError(f"{path}: {error.strerror or error}.", "a readable .flo file.", "check the path.") from None
    if len(content) < 12 or content[:4] != TAG:
        found = f"{path}: starts with {content[:4]!r}, {len(content)} bytes."
        raise MerlibError(found, f"a .flo file, which starts with {TAG!r} and its size.", _ACTION)
    width, height = (int(n) for n in np.frombuffer(content, dtype="<i4", count=2, offset=4))
    if not (0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE):
        raise MerlibError(f"{path}: size {width} x {height}.", f"sides of 1 to {_LARGEST_SIDE} pixels.", _ACTION)
    expected = 12 + 8 * width * height
    if len(content) != expected:
        raise MerlibError(f"{path}: {len(content)} bytes.", f"{expected} bytes for {width} x {height}.", _ACTION)
    flow = np.frombuffer(content, dtype="<f4", offset=12).reshape(height, width, 2).astype(np.float32)
    if np.isnan(flow).any():
        raise MerlibError(f"{path}: {int(np.isnan(flow).sum())} values are not numbers.", "numbers.", _ACTION)
    return flow
