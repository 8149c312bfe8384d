"""One annotated frame of a watched recording: the one in which an event has just been told."""

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
    model : EventModel, optional
        Handed to a new watcher, unless there is one.
    watcher : Watcher, optional
    to_the_end : bool
        Watch on after that frame and finish.

    Returns
    -------
    picture : ndarray (H, W, 3), uint8 RGB
        With boxes, label and frame number, marked SYNTHETIC.
    index : int
        The frame's number.
    event : WatchedEvent

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
