"""Write synthetic clips as the owners lay out their data: frames, sheet, and a marker that says SYNTHETIC."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from merlib import __version__
from merlib.clips.clip_table import clip_key, frames
from merlib.datasets.official.layouts import FrameLayout
from merlib.datasets.official.marker import MARKER, Marker
from merlib.datasets.official.sets import OfficialSet, official_set
from merlib.datasets.official.sheet_forms import SheetClip, write_synthetic_sheet
from merlib.datasets.official.watermark import watermark
from merlib.errors import MerlibError, unknown_name
from merlib.files import unwritable
from merlib.processes import worker_processes

QUALITY = 95
STARTS = {"casme2": (20, 250), "samm": (1000, 60000), "smic": (10000, 900000)}  # where official frame numbers begin

Progress = Callable[[int, int], None]
"""Called with how many clips are done, and of how many."""


def export_clips(
    table: pd.DataFrame,
    name: str,
    folder: str | Path,
    seed: int | None = 0,
    layout: str | None = None,
    subjects: Sequence[str] | None = None,
    clips_per_subject: int | None = None,
    before: int | None = None,
    after: int | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Path:
    """Write synthetic clips in the official layout of a data set, with a sheet in the official form.

    Parameters
    ----------
    table : DataFrame
        A clip table whose ``attrs["synthetic"]`` is true.
    name : {'casme2', 'samm', 'smic'}
        The data set whose forms are used; every row must be of this data set.
    folder : path
        A folder that does not exist yet or is empty. It is filled completely or, after an error, not at all.
    seed : int or None
        Seed of the twin, for the marker and the frame numbers.
    layout : str, optional
        A layout of the manifest whose clips are folders of pictures; by default the first.
    subjects : sequence of str, optional
        Canonical ids of the subjects to write; all by default.
    clips_per_subject : int, optional
        At most this many clips of each subject, of as many classes as possible.
    before, after : int, optional
        Frames kept before the onset and after the offset; all by default. With 0, clips begin at the onset and end
        at the offset, as the owners' cropped clips do.
    workers : int
        Number of processes.
    progress : callable, optional
        Called after each clip with the number of clips done and of all clips.

    Returns
    -------
    Path
        `folder`. Every frame carries the word SYNTHETIC in a corner. ``SYNTHETIC.json`` holds the counts of clips and
        the sheet's hash, and makes readers treat the sheet as an edition of its own. Frames have the file format of
        the owners' layout; JPEG files have quality 95.

    Raises
    ------
    MerlibError
        For a table that is not synthetic or of another data set, a folder that is not empty or cannot be written,
        an unknown subject or layout.
    """
    official = official_set(name)
    form = _layout(official, layout)
    target = Path(folder).expanduser()
    _check_table(table, official)
    chosen = choose_clips(table, subjects, clips_per_subject)
    _check_target(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
    except OSError as error:
        raise unwritable(target, error) from error
    try:
        sheet_clips = _write_clips(chosen, official, form, aside, seed, (before, after), workers, progress)
        sheet = write_synthetic_sheet(official, sheet_clips, aside)
        marker = Marker(
            dataset=official.name,
            layout=form.name,
            seed=seed,
            merlib=__version__,
            sheet=sheet.name,
            sheet_sha256=hashlib.sha256(sheet.read_bytes()).hexdigest(),
            clips=len(chosen),
            counts={str(subject): dict(Counter(labels)) for subject, labels in chosen.groupby("subject")["label"]},
        )
        (aside / MARKER).write_text(marker.model_dump_json(indent=2) + "\n", encoding="utf-8")
        aside.chmod(0o755)
        os.replace(aside, target)  # replaces an empty folder; fails, and changes nothing, where it is not empty
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def choose_clips(
    table: pd.DataFrame, subjects: Sequence[str] | None = None, clips_per_subject: int | None = None
) -> pd.DataFrame:
    """Return the clips of some subjects, at most a number per subject, one of every class before a second of any.

    Raises
    ------
    MerlibError
        For a subject that the table does not have, or a number below 1.
    """
    if subjects is not None:
        known = sorted(set(table["subject"]))
        for subject in subjects:
            if subject not in known:
                raise unknown_name("subject", subject, known)
        table = table[table["subject"].isin(list(subjects))]
    if clips_per_subject is not None:
        if clips_per_subject < 1:
            raise MerlibError(f"{clips_per_subject} clips a subject.", "1 or more.", "leave the option out for all.")
        turn = table.groupby(["subject", "label"]).cumcount()
        first = table.assign(turn=turn).sort_values(["subject", "turn", "label"], kind="stable")
        kept = first.groupby("subject").head(clips_per_subject).index
        table = table.loc[sorted(kept)]
    return table


def _layout(official: OfficialSet, layout: str | None) -> FrameLayout:
    forms = {each.name: each for each in official.layouts if not each.is_video}
    if layout is not None and layout not in forms:
        raise unknown_name(f"layout of {official.name}", layout, forms)
    return forms[layout] if layout else next(iter(forms.values()))


def _check_table(table: pd.DataFrame, official: OfficialSet) -> None:
    if table.attrs.get("synthetic") is not True:
        raise MerlibError(
            "a clip table that is not synthetic.",
            "clips of the synthetic twin; recorded faces are never written anywhere.",
            "export a twin: merlib.datasets.twin.rendering.rendered.twin_clips(...).",
        )
    for row in table.itertuples(index=False):
        if row.dataset != official.name:
            raise MerlibError(
                f"{clip_key(row)} in an export of {official.name}.",
                f"clips of {official.name} only.",
                "export each data set into a folder of its own.",
            )
        if row.label not in official.classes:
            raise MerlibError(
                f"{clip_key(row)} has class {row.label}.", f"{', '.join(official.classes)}.", "relabel the clip."
            )
        if not re.fullmatch(r"\w[\w.-]*", row.clip):
            raise MerlibError(
                f"clip {row.clip!r}, which cannot be a folder.", "letters, digits and - _ .", "rename the clip."
            )


def _check_target(target: Path) -> None:
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise MerlibError(
            f"{target} exists and is not an empty folder.",
            "a new or an empty folder; nothing is written over.",
            "name another folder, or remove what is there.",
        )


def _write_clips(
    table: pd.DataFrame,
    official: OfficialSet,
    form: FrameLayout,
    root: Path,
    seed: int | None,
    margins: tuple[int | None, int | None],
    workers: int,
    progress: Progress | None,
) -> list[SheetClip]:
    from joblib import Parallel, delayed

    rows = [table.iloc[place] for place in range(len(table))]
    jobs = (delayed(_write_clip)(row, official.name, form.name, root, seed, margins) for row in rows)
    written = []
    for clip in Parallel(**worker_processes(workers), return_as="generator")(jobs):
        written.append(clip)
        if progress:
            progress(len(written), len(table))
    return written


def _write_clip(
    row: pd.Series, name: str, layout: str, root: Path, seed: int | None, margins: tuple[int | None, int | None]
) -> SheetClip:
    official = official_set(name)
    form = _layout(official, layout)
    before, after = margins
    first = 0 if before is None else max(0, row["onset"] - before)
    last = row["n_frames"] - 1 if after is None else min(row["n_frames"] - 1, row["offset"] + after)
    numbers = official_numbers(row, name, seed)
    spelled = _spelling(name, row["subject"], row["clip"])
    levels = [level.replace("{class}", row["label"]) for level in form.levels]
    place = root.joinpath(form.root, spelled[0], *levels, spelled[1])
    place.mkdir(parents=True)
    for index in range(first, last + 1):
        picture = Image.fromarray(watermark(frames(row, [index])[0]))
        picture = picture.convert("L") if official.colour is False else picture
        filename = form.frame_name(spelled[0], int(numbers[index]))
        options = {"quality": QUALITY} if filename.endswith(".jpg") else {}
        picture.save(place / filename, **options)
    apex = None if pd.isna(row["apex"]) else int(numbers[row["apex"]])
    ends = (int(numbers[first]), int(numbers[row["onset"]]), apex, int(numbers[row["offset"]]), int(numbers[last]))
    return SheetClip(*spelled, row["label"], *ends, row["action_units"] or "")


def official_numbers(row: pd.Series, name: str, seed: int | None) -> np.ndarray:
    """Return frame numbers that look like the owners', int64 (T,).

    They are those of the clip's source. Where these start at 0 or 1, a random number in the data set's range `STARTS`,
    fixed by seed and clip, is added.
    """
    numbers = np.asarray(row["source"].numbers, dtype=np.int64)
    if numbers[0] > 1:
        return numbers
    key = hashlib.sha256(f"{seed}/{clip_key(row)}".encode()).digest()
    return numbers + int(np.random.default_rng(list(key)).integers(*STARTS[name]))


def _spelling(name: str, subject: str, clip: str) -> tuple[str, str]:
    """Return subject and clip as the owners' folders spell them; SMIC's lack the leading zero of canonical ids."""
    if name != "smic":
        return subject, clip
    return f"s{int(subject[1:])}", re.sub(r"^s0+(\d)", r"s\1", clip)
