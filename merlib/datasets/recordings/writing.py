"""Write a long recording as a video file, and the truth beside it as ``NAME.truth.csv``. SYNTHETIC."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from merlib.datasets.recordings.recording import LongRecording
from merlib.errors import MerlibError
from merlib.files import renamed_into, writing_to

CODECS = {".avi": "MJPG", ".mp4": "mp4v"}  # MJPG stores each frame as a JPEG and keeps small motion; mp4v is smaller


def write_recording(
    recording: LongRecording, path: str | os.PathLike, progress: Callable[[int], None] | None = None
) -> Path:
    """Write frames and truth. A file appears under its name only when it is complete.

    Parameters
    ----------
    recording : LongRecording
        What is written.
    path : path
        Name of the video; it ends with ``.avi`` or ``.mp4``.
    progress : callable, optional
        Called with the number of frames written so far.

    Returns
    -------
    Path
        The file with the truth: a CSV with the columns of `LongRecording.events`, after a first line that says
        SYNTHETIC.

    Raises
    ------
    MerlibError
        For another ending, and for a folder or video that cannot be written.
    """
    import cv2

    path = Path(path)
    if path.suffix.lower() not in CODECS:
        raise MerlibError(f"a video {path.name}.", f"a name ending in {' or '.join(CODECS)}.", "rename it.")
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}{path.suffix}")
    codec = cv2.VideoWriter_fourcc(*CODECS[path.suffix.lower()])
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = cv2.VideoWriter(str(temporary), codec, recording.plan.fps, recording.plan.size)
        try:
            if not writer.isOpened():
                raise OSError(5, "OpenCV cannot open it for writing", str(path))
            if path.suffix.lower() == ".avi":
                writer.set(cv2.VIDEOWRITER_PROP_QUALITY, 95)
            for index, frame in enumerate(recording):
                writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
                if progress is not None:
                    progress(index + 1)
            writer.release()
            os.replace(temporary, path)
        finally:
            writer.release()
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    truth = path.with_name(f"{path.stem}.truth.csv")
    with renamed_into(truth) as file:
        file.write(("# SYNTHETIC\n" + recording.events().to_csv(index=False)).encode())
    return truth
