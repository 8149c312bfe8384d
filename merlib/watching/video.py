"""Frames of a video file or a camera, one after the other, with their times; what is wrong is told in one message.

OpenCV reads. A rotation tag is obeyed, grey comes as three equal channels, and a frame's time is the file's own where
it grows from frame to frame, so that a variable rate is no matter. A camera's frames are timed by its driver, else by
the clock at which they arrive: what rate a camera claims is not what it delivers in a dim room.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from merlib.errors import MerlibError
from merlib.opening import MOST_PIXELS, is_regular

QUIET, OPTIONS = "OPENCV_FFMPEG_LOGLEVEL", "OPENCV_FFMPEG_CAPTURE_OPTIONS"
CONTAINERS = (  # FFmpeg's names
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "avi", "matroska", "webm", "asf", "flv", "ogg", "mpegts", "mpeg"),
    *("mpegvideo", "m4v", "h264", "hevc", "av1", "obu", "ivf", "mjpeg", "yuv4mpegpipe", "mxf", "nut", "dv", "rm"),
    *("wtv", "gif"),
)
RATES = (1.0, 1000.0)  # frames a second that are believed
USUAL = 30.0  # where a file or a camera tells none
SMALLEST = 64  # px, shorter side


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """One frame: its number from 0, its time in seconds, and the picture, uint8 (H, W, 3) BGR."""

    index: int
    seconds: float
    picture: np.ndarray


class VideoInput:
    """A video that is open for reading; made by `open_video`.

    Parameters
    ----------
    name : str
        For messages.
    capture : cv2.VideoCapture
    first : ndarray
        The first frame, already read.
    live : bool
        Whether it is a camera, which has no end.
    """

    def __init__(self, name: str, capture, first: np.ndarray, live: bool):
        import cv2

        self.name, self.live, self._capture, self._first = name, live, capture, first
        fps = capture.get(cv2.CAP_PROP_FPS)
        self.fps = float(fps) if np.isfinite(fps) and RATES[0] <= fps <= RATES[1] else USUAL
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.n_frames = int(count) if not live and np.isfinite(count) and 0 < count < 1e9 else 0  # 0: not known
        self.size = (first.shape[1], first.shape[0])
        self.read = 0
        self._position = cv2.CAP_PROP_POS_MSEC
        self._arrived, self._driver = time.monotonic(), self._own_seconds()  # of a camera's first frame

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield frames to the end; a file that breaks off ends early, and `read` tells how far it came."""
        picture, last = self._first, -1.0
        own = self._seconds(-1.0)
        while picture is not None:
            seconds = self.read / self.fps if self.read == 0 or own <= last else own
            seconds = max(seconds, last + 1e-4) if self.read else 0.0
            self.read += 1
            yield VideoFrame(self.read - 1, seconds, picture)
            last = seconds
            good, picture = self._capture.read()
            if not good or picture is None or picture.shape[1::-1] != self.size:
                return
            own = self._seconds(last)

    def _seconds(self, last: float) -> float:
        """Return the time of the frame just read: its own, or for a camera whose driver tells none, the clock's."""
        if not self.live:
            return self._own_seconds()
        own = self._own_seconds() - self._driver  # a driver may count from the machine's start
        return own if own > last else time.monotonic() - self._arrived

    def _own_seconds(self) -> float:
        value = self._capture.get(self._position) / 1000
        return float(value) if np.isfinite(value) else -1.0

    def close(self) -> None:
        """Let go of the file or the camera."""
        self._capture.release()


@contextmanager
def open_video(source: str | os.PathLike) -> Iterator[VideoInput]:
    """Open a video file, or a camera by its number.

    Parameters
    ----------
    source : str or path
        ``"0"`` is the first camera, unless a file has that name.

    Raises
    ------
    MerlibError
        When there is no such file or camera, when the file is no video or holds no frame, and for frames under 64 px.
    """
    os.environ.setdefault(QUIET, "-8")  # FFmpeg's own words on a broken file would stand beside ours
    import cv2

    text = os.fspath(source)
    live = text.isdigit() and not Path(text).exists()
    before = cv2.utils.logging.setLogLevel(0)
    capture = None
    try:
        capture = _opened(cv2, text, live)
        good, first = capture.read()
        if not good or first is None:
            raise _no_frame(text, live)
        if min(first.shape[:2]) < SMALLEST:
            found = f"{text}: frames of {first.shape[1]} x {first.shape[0]} px."
            raise MerlibError(found, f"{SMALLEST} px or more a side.", "use the recording in its own size.")
        yield VideoInput(text, capture, first, live)
    finally:
        if capture is not None:
            capture.release()
        cv2.utils.logging.setLogLevel(before)


def _opened(cv2, text: str, live: bool):
    if live:
        capture = cv2.VideoCapture(int(text))
        if not capture.isOpened():
            raise MerlibError(
                f"no camera {text}.",
                "a camera that is plugged in, that you may read, and that no other program has open.",
                "name another number, or the path of a video file.",
            )
        return capture
    path = Path(text).expanduser()
    if not path.exists():
        raise MerlibError(f"no file {text}.", "a video file, or the number of a camera.", "correct the path.")
    if not is_regular(path):
        raise MerlibError(f"{text} is no regular file.", "a video file.", "name the file itself.")
    with _only_videos():
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)  # another reader would take a series of pictures, too
    if not capture.isOpened():
        raise MerlibError(
            f"{text} cannot be read as a video.",
            "a whole file of moving pictures, such as .mp4, .avi, .mov or .mkv; no playlist, picture or text.",
            "copy it again from where it came from, or convert it.",
        )
    width, height = (int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    if width * height > MOST_PIXELS:
        capture.release()
        found = f"{text}: frames of {width} x {height} px."
        raise MerlibError(found, f"at most {MOST_PIXELS} pixels a frame.", "make it smaller, or copy it again.")
    return capture


@contextmanager
def _only_videos() -> Iterator[None]:
    """Let FFmpeg take containers of moving pictures alone.

    It would render a text file as a film of letters, and follow a playlist to other files, whatever the file is called.
    """
    before = os.environ.get(OPTIONS)
    os.environ[OPTIONS] = "|".join(filter(None, (before, f"format_whitelist;{','.join(CONTAINERS)}")))
    try:
        yield
    finally:
        if before is None:
            del os.environ[OPTIONS]
        else:
            os.environ[OPTIONS] = before


def _no_frame(text: str, live: bool) -> MerlibError:
    if live:
        expected, action = "pictures.", "check that no cover is closed and no other program has it open."
        return MerlibError(f"camera {text} gives no picture.", expected, action)
    return MerlibError(
        f"{text} holds no frame that can be read.", "a video of at least one frame.", "record or copy it again."
    )
