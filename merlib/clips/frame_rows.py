"""Single frames as rows: what a network that reads one picture at a time is trained and tested on (LARNET-E6)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from merlib.clips.samples import Samples
from merlib.errors import MerlibError

MARK = "#"  # between a clip's name and the number of its frame


def as_frames(samples: Samples, name: str = "frames") -> Samples:
    """Return the same samples with one row a frame, named ``CLIP#NUMBER``; the subject stays beside each.

    Parameters
    ----------
    samples : Samples
        With the input `name` (N, T, 3, S, S): T frames of each clip. Other inputs are left out.
    name : str
        The input that holds frames.

    Returns
    -------
    Samples of N * T rows, clip after clip; the frames are not copied.

    Raises
    ------
    MerlibError
        When the input is missing or of another shape.
    """
    frames = samples.inputs.get(name)
    if frames is None or np.ndim(frames) != 5:
        found = "no such input" if frames is None else f"input {name!r} {np.shape(frames)}"
        raise MerlibError(f"{samples.name}: {found}.", f"{name!r} (N, T, 3, S, S).", "compute the frames of the clips.")
    count = frames.shape[1]
    numbers = np.char.add(MARK, np.char.zfill(np.arange(count).astype(str), 2))
    return replace(
        samples,
        inputs={name: frames.reshape(-1, *frames.shape[2:])},
        labels=samples.labels.repeat(count),
        subjects=samples.subjects.repeat(count),
        datasets=samples.datasets.repeat(count),
        clips=np.char.add(samples.clips.repeat(count), np.tile(numbers, len(samples))),
        notes=(*samples.notes, f"each of {count} frames of a clip is a row"),
    )


def clip_of(names: np.ndarray) -> np.ndarray:
    """Return the clip that each row belongs to: its name without the number of the frame, str (N,)."""
    return np.char.partition(np.asarray(names, dtype=str), MARK)[..., 0]
