"""What is left of a watched video: the annotated video and the table of events, under their names only when whole."""

from __future__ import annotations

import math
import os
import secrets
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from merlib.errors import MerlibError
from merlib.files import renamed_into, unwritable

CODECS = {".mp4": "mp4v", ".avi": "MJPG"}
COLUMNS = (
    *("face", "kind", "onset", "apex", "offset", "onset_seconds", "seconds"),
    *("label", "confidence", "strength", "region"),
)


class AnnotatedVideo:
    """Writes frames to a file that appears under its name when it is closed.

    Parameters
    ----------
    path : Path
        ``.mp4`` or ``.avi``.
    fps : float
    size : (int, int)
        Width and height, px.
    """

    def __init__(self, path: Path, fps: float, size: tuple[int, int]):
        import cv2

        if path.suffix.lower() not in CODECS:
            raise MerlibError(f"a video {path.name}.", f"a name in {' or '.join(CODECS)}.", "rename it.")
        self.path, self.frames = path, 0
        self._temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}{path.suffix}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._temporary.touch()  # an unwritable folder is told by the system, not by OpenCV
        except OSError as error:
            raise unwritable(path.parent, error) from error
        codec = cv2.VideoWriter_fourcc(*CODECS[path.suffix.lower()])
        self._writer = cv2.VideoWriter(str(self._temporary), codec, fps, size)
        if not self._writer.isOpened():
            self._temporary.unlink(missing_ok=True)
            raise MerlibError(f"{path} cannot be written.", "an OpenCV that encodes video.", "name an .avi file.")

    def write(self, frame: np.ndarray) -> None:
        """Append a frame, uint8 (H, W, 3) BGR."""
        self._writer.write(frame)
        self.frames += 1

    def close(self) -> Path | None:
        """Finish the file and return its path; None, and no file, when it holds no frame."""
        self._writer.release()
        if self.frames:
            os.replace(self._temporary, self.path)
            return self.path
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)
        return None


def write_events(path: Path, events: pd.DataFrame, synthetic: bool = False) -> Path:
    """Write the table of events as CSV: frames from 0, seconds with three decimals; a model's confidence with three."""
    shown = events.loc[:, list(COLUMNS)].copy()
    for column in ("onset_seconds", "seconds", "confidence", "strength"):
        shown[column] = [value if math.isnan(value) else round(float(value), 3) for value in shown[column]]
    with renamed_into(path, durable=False) as file:
        file.write((("# SYNTHETIC\n" if synthetic else "") + shown.to_csv(index=False)).encode())
    return path
