"""Frames of one clip that are stored as a video file; they are decoded one after another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from merlib.errors import MerlibError

UNEVEN = 0.2  # an interval may differ from the median by this share of it before the frame rate counts as variable


@dataclass(frozen=True, eq=False)
class VideoFrames:
    """The frames of a recorded clip in one video: a small object that can be pickled and decodes nothing until asked.

    Parameters
    ----------
    video : str
        Path of the file.
    numbers : int64 array (T,)
        The data set's own numbers of its frames.
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
            For a file that is absent, is no video, or ends before that frame.
        """
        return _opened(self.video).read(index)


class _Reader:
    """An open video that remembers its position, so that reading frames in order does not start over each time.

    It never seeks, because with some codecs OpenCV then returns another frame than the one asked for.
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
    """Return the frames of a video, numbered from `first`; how many there are is read from its header.

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
    """Return a video's frames numbered from the onset if the video was cut to the movement, otherwise None.

    The frames of a video carry no numbers. A video counts as cut when it has exactly as many frames as lie from onset
    to offset, and all of them, counted from 1, would come before the onset that the sheet names.
    """
    if not isinstance(source, VideoFrames) or onset is None or offset is None:
        return None
    count = len(source.numbers)
    if not 0 < count < onset or count != offset - onset + 1:
        return None
    return VideoFrames(source.video, np.arange(onset, offset + 1, dtype=np.int64))


def video_rate(path: str | Path) -> tuple[float, bool]:
    """Return a video's frame rate, and whether the intervals between its frames vary. The whole video is read.

    Returns
    -------
    rate : float
        Frames a second, from the median interval between two frames; NaN when there are fewer than two frames.
    varies : bool
        Whether any interval differs from the median by more than a fifth. Frame numbers then do not measure time;
        recordings of telephones and screens are often like this.
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
