"""Check in advance whether the face of each clip is found, before a notebook needs it."""

from __future__ import annotations

import pandas as pd

from merlib.clips.clip_table import clip_key, frames
from merlib.errors import MerlibError
from merlib.inputs.parallel import Progress, over_clips


def check_faces(
    table: pd.DataFrame, backend: str = "mesh", workers: int = 1, progress: Progress | None = None
) -> dict[str, MerlibError]:
    """Look for the face on the onset frame of every clip, as preprocessing does.

    Parameters
    ----------
    table : DataFrame
        A clip table.
    backend : str
        Backend of `merlib.faces.find_faces`.
    workers : int
        Number of processes.
    progress : callable, optional
        Called with ``(done, total)`` after each clip.

    Returns
    -------
    dict of str to MerlibError
        For each clip that preprocessing would refuse, ``dataset/subject/clip`` and the reason.

    Raises
    ------
    MerlibError
        For an unknown backend or missing weights.
    """
    rows = list(table.itertuples(index=False))
    found = over_clips(_problem, [(row, backend) for row in rows], workers, "looking for faces", progress)
    return {clip_key(row): problem for row, problem in zip(rows, found, strict=True) if problem is not None}


def _problem(row, backend: str) -> MerlibError | None:
    from merlib.faces.alignment import align_clip
    from merlib.sources.weights import MissingWeights

    where = f"{clip_key(row)} frame {row.source.numbers[row.onset]}"
    try:
        align_clip(frames(row, [row.onset]), where, backend=backend)
    except MissingWeights:  # not the clip's fault
        raise
    except MerlibError as error:
        return error
    return None
