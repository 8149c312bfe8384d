"""How a camera's resolution affects recognition: the same people, filmed at 1080p, 720p and below 480p.

LARNet's Table 3 gives one accuracy per camera and does not say how far people sat from it (Sec. 4.2.3). Here four
people share a picture, so that their eyes are some 125 px apart at 1080p. People, events and places are the same; only
the number of pixels differs. SYNTHETIC.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from merlib import datasets, watching
from merlib.clips.samples import Samples
from merlib.code_digest import package_digest
from merlib.datasets.recordings import LongRecording, plan_recording
from merlib.datasets.twin.population import EDITION, POLARITIES
from merlib.faces.alignment import plan_crop
from merlib.scoring import metrics
from merlib.watching.aligned import cut_small
from merlib.watching.classifying import picture_of
from merlib.watching.tracking import look_for_faces
from merlib.watching.video import VideoFrame

SEEN_BY = ("aligned.py", "classifying.py", "tracking.py")  # modules of watching that turn frames into these pictures
CAMERAS = {"1080p": (1920, 1080), "720p": (1280, 720), "<480p": (640, 360)}
SEED = 4001  # seed of the first recording; spotting was neither built nor measured on it
PEOPLE = 4


def camera_samples(
    camera: str, recordings: int = 2, seconds: float = 40.0, size: int = 64, fps: float = 30.0
) -> Samples:
    """Return the recordings' micro-expressions as one camera sees them.

    Faces are looked for in each onset frame, as in a live video. The picture of a face that is not found is zero.

    Parameters
    ----------
    camera : str
        A name of `CAMERAS`.
    recordings : int
        Number of recordings, of four people each.
    seconds, fps : float
        Length of each recording in seconds, and frames per second.
    size : int
        Side of the pictures, px.

    Returns
    -------
    Samples
        ``frames`` (N, 3, size, size): the face at the apex minus the face at the onset, RGB, -1..1. SYNTHETIC.
    """
    rows, pictures = [], []
    for seed in range(SEED, SEED + recordings):
        recording = LongRecording(plan_recording(seed, seconds, fps, CAMERAS[camera], PEOPLE, ("micro",)))
        for event in recording.events().itertuples():
            pictures.append(change_of(recording, event, size))
            rows.append((recording.plan.subject(event.person), f"{seed}-{event.onset}", POLARITIES.index(event.label)))
    subjects, clips, labels = zip(*rows, strict=True)
    samples = Samples(
        inputs={"frames": np.stack(pictures)},
        labels=np.array(labels, np.int64),
        classes=POLARITIES,
        subjects=np.array(subjects),
        datasets=np.array(["twin"] * len(rows)),
        clips=np.array(clips),
        unit="rgb",
        name=f"recordings-twin-{camera.strip('<')}",
        synthetic=True,
        notes=(f"SYNTHETIC long recordings from seed {SEED}, filmed at {camera}",),
    )
    recipe = (
        f"{EDITION}: recordings {SEED} to {SEED + recordings - 1}, {seconds:g} s, {fps:g} a second, {camera}, {size}"
    )
    room, seen = Path(datasets.__file__).parent / "recordings", Path(watching.__file__).parent
    return samples.made_by(recipe, package_digest(room, ("*.py",)) + package_digest(seen, SEEN_BY))


def change_of(recording: LongRecording, event, size: int) -> np.ndarray:
    """Return the face of an event at its apex minus that at its onset, RGB, float32 (3, size, size)."""
    onset, apex = (np.ascontiguousarray(recording.frame(int(i))[..., ::-1]) for i in (event.onset, event.apex))
    eyes = recording.landmarks(event.person, int(event.onset))[36:48].mean(axis=0)
    near = [face for face in look_for_faces(onset) if np.hypot(*(face.eyes.mean(axis=0) - eyes)) < face.eye_distance]
    if not near:
        return np.zeros((3, size, size), np.float32)
    crop = plan_crop(near[0].landmarks)
    return picture_of(cut_small(apex, crop), size) - picture_of(cut_small(onset, crop), size)


def seen_share(samples: Samples) -> float:
    """Return the share of events whose face was found."""
    return float((np.abs(samples.inputs["frames"]).reshape(len(samples), -1).max(axis=1) > 0).mean())


def camera_table(runs: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the ends of each camera's 95 % interval of accuracy in per cent, named as in the paper's table."""
    from merlib.scoring import bootstrap_interval

    ends = {}
    for camera, predictions in runs.items():
        found = bootstrap_interval(predictions, metrics.accuracy)
        ends[camera] = {"acc.low": 100 * found.low, "acc.high": 100 * found.high}
    return pd.DataFrame(ends).T


def video_frames(recording: LongRecording, indices: Sequence[int] | None = None):
    """Yield a recording's frames in the form of video frames, BGR, without writing a file."""
    for index in indices if indices is not None else range(len(recording)):
        yield VideoFrame(index, index / recording.plan.fps, np.ascontiguousarray(recording.frame(index)[..., ::-1]))
