"""The motion of single regions around one event, measured again for a figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from merlib.datasets.recordings import LongRecording
from merlib.publishing.watched.cameras import video_frames
from merlib.watching.aligned import Aligner
from merlib.watching.motion import FaceMotion, face_regions
from merlib.watching.tracking import FaceTracker
from merlib.watching.watcher import WatchedEvent


def motion_around(
    recording: LongRecording, event: WatchedEvent, names: Sequence[str], margin: float = 0.7
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far regions moved downwards around an event, from `margin` seconds before it to as long after it.

    Parameters
    ----------
    recording : LongRecording
        A recording of one person.
    event : WatchedEvent
        The event, with the frames of its onset and offset.
    names : sequence of str
        Names of the regions.
    margin : float
        Seconds before onset and after offset.

    Returns
    -------
    seconds : ndarray (T,)
        Time of each frame.
    moved : ndarray (T, len(names))
        Downward motion, in distances between the outer eye corners.
    """
    regions, wide = face_regions(), round(margin * recording.plan.fps)
    wanted = range(max(event.onset - wide, 0), min(event.offset + wide + 1, len(recording)))
    tracker, aligner, motion, rows = FaceTracker(), Aligner(), FaceMotion(regions), []
    for frame in video_frames(recording, wanted):
        for track in tracker.step(frame.picture, frame.seconds):
            cut, crop = aligner.cut(frame.picture, track.landmarks)
            rows.append((frame.seconds, motion.measure(cut, crop, track.landmarks, frame.seconds)))
    chosen = [regions.names.index(name) for name in names]
    return np.array([seconds for seconds, _ in rows]), np.array([moved[chosen, 1] for _, moved in rows])
