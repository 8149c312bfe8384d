"""Turn each frame of a clip into a row of its own, for networks that read one picture at a time (LARNET-E6)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from merlib.clips.samples import Samples
from merlib.errors import MerlibError

MARK = "#"  # between a clip's name and the number of its frame


def as_frames(samples: Samples, name: str = "frames") -> Samples:
    """Return the same samples with one row per frame, named ``CLIP#NUMBER``; each row keeps its clip's subject.

    Parameters
    ----------
    samples : Samples
        With the input `name` (N, T, 3, S, S): T frames of each clip. Other inputs are left out.
    name : str
        The input that holds frames.

    Returns
    -------
    Samples
        N * T rows, clip after clip; input `name` is (N * T, 3, S, S). The frames are not copied.

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
    note = f"each of {count} frames of a clip is a row"
    rows = replace(
        samples,
        inputs={name: frames.reshape(-1, *frames.shape[2:])},
        labels=samples.labels.repeat(count),
        subjects=samples.subjects.repeat(count),
        datasets=samples.datasets.repeat(count),
        clips=np.char.add(samples.clips.repeat(count), np.tile(numbers, len(samples))),
        notes=(*samples.notes, note),
    )
    return rows.made_by(f"{samples.recipe}\n{note}", samples.code) if samples.recipe else rows


def clip_of(names: np.ndarray) -> np.ndarray:
    """Return the clip that each row belongs to: its name without the number of the frame, str (N,)."""
    return np.char.partition(np.asarray(names, dtype=str), MARK)[..., 0]
