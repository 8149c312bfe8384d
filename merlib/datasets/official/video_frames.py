"""Frames of one clip as a video file, decoded one after another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from merlib.errors import MerlibError

UNEVEN = 0.2  # share of the usual interval by which another may differ before the rate counts as variable


@dataclass(frozen=True, eq=False)
class VideoFrames:
    """A recorded clip in one video; small, picklable, decodes nothing until asked.

    Parameters
    ----------
    video : str
        Path of the file.
    numbers : int64 array (T,)
        The data set's numbers of its frames.
    """

    video: str
    numbers: np.ndarray

    @cached_property
    def identity(self) -> str:
        """SHA-256 of the frames' numbers and of the file."""
        try:
            content = hashlib.sha256(Path(self.video).read_bytes()).digest()
        except OSError as error:
            raise _refusal(f"unreadable ({error.strerror})", self.video) from error
        return hashlib.sha256(self.numbers.tobytes() + content).hexdigest()

    def read(self, index: int) -> np.ndarray:
        """Return frame `index` (0 to T - 1): uint8 (H, W, 3), RGB.

        Raises
        ------
        MerlibError
            For a file that is absent, no video, or ends before.
        """
        return _opened(self.video).read(index)


class _Reader:
    """An open video that remembers where it stands: neighbours are read without starting over.

    Seeking is not used, since some codecs land on another frame than the one asked for.
    """

    def __init__(self, video: str):
        self.video = video
        self._open()

    def _open(self) -> None:
        import cv2

        self._capture, self._next = cv2.VideoCapture(self.video), 0
        if not self._capture.isOpened():
            raise _refusal("no video", self.video)

    def read(self, index: int) -> np.ndarray:
        import cv2

        if index < self._next:
            self._capture.release()
            self._open()
        while self._next <= index:
            self._next += 1
            if not self._capture.grab():
                self._next = 2**31  # start over at the next call
                raise _refusal(f"ends before frame {index}", self.video)
        done, picture = self._capture.retrieve()
        if not done:
            raise _refusal(f"cannot be decoded at frame {index}", self.video)
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


@lru_cache(maxsize=2)
def _opened(video: str) -> _Reader:
    return _Reader(video)


def video_frames(path: str | Path, first: int = 1) -> VideoFrames:
    """Return the frames of a video, numbered from `first`, as many as its header says.

    Raises
    ------
    MerlibError
        For a file that is absent or no video.
    """
    import cv2

    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise _refusal("no video", str(path))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        capture.release()
    return VideoFrames(str(path), np.arange(first, first + max(count, 0), dtype=np.int64))


def cut_video(source: object, onset: int | None, offset: int | None) -> VideoFrames | None:
    """Return a video numbered from its onset, where it was cut to the movement; None for any other source.

    A video's frames bear no numbers. One that was cut has exactly the frames from onset to offset, and counted from 1
    all of them would lie before the onset that the sheet names.
    """
    if not isinstance(source, VideoFrames) or onset is None or offset is None:
        return None
    count = len(source.numbers)
    if not 0 < count < onset or count != offset - onset + 1:
        return None
    return VideoFrames(source.video, np.arange(onset, offset + 1, dtype=np.int64))


def video_rate(path: str | Path) -> tuple[float, bool]:
    """Return how many frames a second a video shows, and whether its intervals vary; decodes the whole video.

    Returns
    -------
    rate : float
        From the median interval between two frames; not a number with fewer than two.
    varies : bool
        Whether an interval differs from the median by more than a fifth: positions in frames are then no times, and
        a recording of a telephone or a screen is often so.
    """
    import cv2

    capture, times = cv2.VideoCapture(str(path)), []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    capture.release()
    steps = np.diff(times)
    if len(steps) == 0 or np.median(steps) <= 0:
        return float("nan"), False
    usual = float(np.median(steps))
    return 1000 / usual, bool((np.abs(steps - usual) > UNEVEN * usual).any())


def _refusal(found: str, video: str) -> MerlibError:
    place = "/".join(Path(video).parts[-2:])  # messages end up in records, paths of a machine must not
    return MerlibError(f"{found}: {place}.", "a whole video file.", "restore the video from the data set.")
