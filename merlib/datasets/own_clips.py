"""Read recorded clips of your own, pictures or videos; a pattern says where in the folders they lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from merlib.clips.clip_table import clip_table
from merlib.datasets.official.findings import Findings
from merlib.datasets.official.folders import clip_places, list_frames
from merlib.datasets.official.layouts import FrameLayout
from merlib.datasets.official.near_misses import subfolders
from merlib.datasets.official.video_frames import video_frames, video_rate
from merlib.errors import MerlibError


def read_own_clips(folder: str | Path, pattern: str, name: str, fps: float | None = None) -> pd.DataFrame:
    """Read clips that lie in folders of people; each goes from its first frame to its last and has no apex.

    Call this in a reader of your own, and then correct the columns about which a sheet of yours knows more (``onset``,
    ``apex`` and ``offset`` are positions among the frames that are there; ``row.source.numbers`` are the numbers in the
    files' names)::

        def read_my_set(folder):
            return read_own_clips(folder, "{subject}/{class}/{clip}.mp4", "my-set")

    Parameters
    ----------
    folder : path
        The folder in which the pattern begins.
    pattern : str
        As in `merlib.datasets.official.layouts`: ``{subject}/{class}/{clip}/img{frame}.png`` or
        ``{subject}/{class}/{clip}.mp4``. ``{class}`` gives the label; without it every label is ``unknown``.
    name : str
        The data source.
    fps : float, optional
        Frames a second. It must be given for pictures; for videos it is measured from the file unless given.

    Returns
    -------
    DataFrame
        A clip table; its notes name stray files, missing numbers and videos whose frame rate varies.

    Raises
    ------
    MerlibError
        For an impossible pattern, pictures without `fps`, a folder without a clip, a clip of fewer than two frames, or
        a file that is no video.
    """
    layout, folder = FrameLayout("own", pattern), Path(folder).expanduser().resolve()
    if fps is None and not layout.is_video:
        raise MerlibError(f"{name}: pictures without a frame rate.", "fps, frames a second.", "pass fps=100, say.")
    findings, rows, varying = Findings(), [], []
    for subject, clip, label, place in _clips(folder / layout.root, layout):
        key = f"{subject}/{clip}"
        rate = fps
        if layout.is_video:
            source = video_frames(place)
            told, varies = video_rate(place)
            rate = fps or told
            varying += [key] if varies else []
        else:
            source = list_frames(place, layout, folder, key, findings)
        if len(source.numbers) < 2:
            raise MerlibError(f"{name}/{key}: {len(source.numbers)} frames.", "2 or more.", "restore or remove it.")
        if layout.is_video and not rate > 0:
            found = f"{name}/{key}: a video whose frames bear no times."
            raise MerlibError(found, "a frame rate.", "name it where you read the clips: fps=N.")
        rows.append(
            {
                **{"dataset": name, "subject": subject, "clip": clip, "label": label or "unknown", "onset": 0},
                **{"apex": None, "offset": len(source.numbers) - 1, "fps": rate, "action_units": ""},
                **{"n_frames": len(source.numbers), "source": source},
            }
        )
    if not rows:
        raise MerlibError(
            f"{name}: no clip in {folder.name} fits.", f"{layout.told('<subject>')}.", "correct the pattern."
        )
    notes = ["no sheet: clips run from their first frame to their last, and the apex is spotted", *findings.notes()]
    if varying:
        notes.append(f"frame rate varies in {len(varying)} clips, first {varying[0]}: frames there count no time")
    return clip_table(rows, name, "own folders", False, notes)


def _clips(root: Path, layout: FrameLayout) -> Iterator[tuple[str, str, str | None, Path]]:
    for person in subfolders(root) if root.is_dir() else ():
        for place, clip, label in clip_places(person, layout):
            yield person.name, clip, label, place
