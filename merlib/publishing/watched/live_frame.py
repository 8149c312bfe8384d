"""One annotated frame of a watched recording: the first one in which an event is named."""

from __future__ import annotations

import numpy as np

from merlib.datasets.recordings import LongRecording
from merlib.errors import MerlibError
from merlib.publishing.watched.cameras import video_frames
from merlib.watching.classifying import EventModel
from merlib.watching.drawing import draw
from merlib.watching.watcher import WatchedEvent, Watcher


def watch_to_event(
    recording: LongRecording,
    model: EventModel | None = None,
    watcher: Watcher | None = None,
    to_the_end: bool = False,
) -> tuple[np.ndarray, int, WatchedEvent]:
    """Watch a recording and return its first frame that shows a named event.

    Parameters
    ----------
    recording : LongRecording
        The recording to watch.
    model : EventModel, optional
        The model of a new watcher; not used when `watcher` is given.
    watcher : Watcher, optional
        The watcher to use; a new one by default.
    to_the_end : bool
        Whether to go on watching after that frame until the recording ends.

    Returns
    -------
    picture : ndarray (H, W, 3), uint8 RGB
        The frame with boxes, label and frame number, marked SYNTHETIC.
    index : int
        The frame's number.
    event : WatchedEvent
        The event that it names.

    Raises
    ------
    MerlibError
        When no expression was spotted.
    """
    watcher, found = watcher or Watcher(model), None
    for frame in video_frames(recording):
        seen = watcher.step(frame)
        told = next((face.event for face in seen if face.event is not None), None)
        if found is None and told is not None:
            picture = draw(frame.picture.copy(), seen, frame.index, "SYNTHETIC")
            found = np.ascontiguousarray(picture[..., ::-1]), frame.index, told
            if not to_the_end:
                return found
    watcher.finish()
    if found is None:
        planted = len(recording.events())
        raise MerlibError(f"no expression spotted among {planted} events.", "one or more.", "choose another seed.")
    return found
