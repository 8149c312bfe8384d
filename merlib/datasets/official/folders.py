"""Find the frames of each clip, and report what is wrong with the files before any is decoded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from merlib.clips.subjects import canonical_subject
from merlib.datasets.official.cells import MOST_NUMBER
from merlib.datasets.official.findings import Findings
from merlib.datasets.official.image_frames import ImageFrames
from merlib.datasets.official.layouts import FrameLayout
from merlib.datasets.official.near_misses import ROOT_DEPTH, frames_not_found, subfolders
from merlib.datasets.official.sets import OfficialSet, official_clip
from merlib.datasets.official.video_frames import VideoFrames, video_frames
from merlib.errors import MerlibError

PEEKED = 20  # how many clips' folders are searched for a frame to recognise a layout


@dataclass(frozen=True)
class ClipFolder:
    """Frames of one clip, with canonical subject and clip id.

    Attributes
    ----------
    class_name : str or None
        Name of the class folder that holds the clip; None in a layout without class folders.
    source : ImageFrames or VideoFrames
        Its frames, sorted by number.
    """

    subject: str
    clip: str
    class_name: str | None
    source: ImageFrames | VideoFrames


@dataclass(frozen=True)
class FrameRoot:
    """A folder that holds the subjects' folders, and the layout below it."""

    path: Path
    layout: FrameLayout


def find_roots(official: OfficialSet, folder: Path) -> list[FrameRoot]:
    """Return all folders of subjects in `folder` or up to `ROOT_DEPTH` levels below, in the order of the layouts."""
    roots = []
    level = [folder]
    skipped = {name for layout in official.layouts for name in layout.beside}
    for _ in range(ROOT_DEPTH + 1):
        below: list[Path] = []
        for place in level:
            children = [e for e in sorted(place.iterdir()) if e.is_dir() and e.name not in skipped]
            people = [e for e in children if re.fullmatch(official.subject_folder, e.name, re.I)]
            if people and (layout := _recognise(official, people)):
                roots.append(FrameRoot(place, layout))
            else:
                below += [e for e in children if e not in people]
        level = below
    return sorted(roots, key=lambda root: official.layouts.index(root.layout))


def choose_root(official: OfficialSet, folder: Path, layout: str | None, findings: Findings) -> FrameRoot:
    """Return the root whose frames are read: the first of the layout asked for, or of any if `layout` is None.

    Raises
    ------
    MerlibError
        When there is no such root; the message says what lies in the folders instead.
    """
    roots = find_roots(official, folder)
    chosen = [root for root in roots if layout in (None, root.layout.name)]
    if not chosen:
        raise frames_not_found(official, folder, layout)
    if len(chosen) > 1 and chosen[1].layout == chosen[0].layout:
        findings.add(
            "warning",
            "several-roots",
            f"{len(chosen)} folders of subjects; {chosen[0].path.relative_to(folder)} is read.",
            "one folder of subjects a layout.",
            "name the one that is meant.",
        )
    return chosen[0]


def _recognise(official: OfficialSet, people: list[Path]) -> FrameLayout | None:
    for layout in official.layouts:
        looked = 0
        for person in people:
            for clip, _, _ in clip_places(person, layout):
                looked += 1
                if layout.is_video:
                    return layout
                with os.scandir(clip) as entries:
                    if any(layout.number(entry.name) is not None for entry in entries):
                        return layout
                if looked >= PEEKED:
                    break
            if looked >= PEEKED:
                break
    return None


def clip_places(person: Path, layout: FrameLayout) -> Iterator[tuple[Path, str, str | None]]:
    """Yield each clip of a subject: its folder or video file, its name, and the name of its class folder or None."""
    places: list[tuple[Path, str | None]] = [(person, None)]
    for level in layout.levels:
        inside = [(child, name) for place, name in places for child in subfolders(place)]
        if level == "{class}":
            places = [(child, child.name) for child, _ in inside]
        else:
            places = [(child, name) for child, name in inside if child.name.lower() == level.lower()]
    for place, name in places:
        if layout.is_video:
            videos = ((file, layout.clip(file.name)) for file in sorted(place.iterdir()) if file.is_file())
            yield from ((file, clip, name) for file, clip in videos if clip is not None)
        else:
            yield from ((child, child.name, name) for child in subfolders(place))


def list_clips(official: OfficialSet, root: FrameRoot, folder: Path, findings: Findings) -> list[ClipFolder]:
    """Return the clips below a root, with their frames sorted by number; every problem goes to `findings`."""
    clips: list[ClipFolder] = []
    spelled: dict[str, list[str]] = {}
    _check_link(root.path, folder, "", findings)
    for person in subfolders(root.path):
        try:
            subject = canonical_subject(official.name, person.name)
        except MerlibError:
            if re.fullmatch(official.subject_folder, person.name, re.I):
                findings.add(
                    "error",
                    "subject-unknown",
                    f"folder {person.name} is no subject of {official.name}.",
                    f"a folder such as {canonical_subject(official.name, 1)}.",
                    "rename the folder, or move it away.",
                )
            continue
        spelled.setdefault(subject, []).append(person.name)
        _check_link(person, folder, subject, findings)
        for place, name, class_name in clip_places(person, root.layout):
            clip = official_clip(official.name, subject, name)
            key = f"{subject}/{clip}"
            _check_link(place, folder, key, findings)
            try:
                if root.layout.is_video:
                    source = _video(place, key, findings)
                else:
                    source = list_frames(place, root.layout, folder, key, findings)
            except OSError as error:
                found, action = f"a folder that cannot be read ({error.strerror}).", "correct its permissions."
                findings.add("error", "clip-unreadable", found, "a readable folder.", action, clip=key)
                continue
            clips.append(ClipFolder(subject, clip, class_name, source))
    for subject, names in sorted(spelled.items()):
        if len(names) > 1:
            findings.add(
                "note",
                "subject-spelling",
                f"folders {' and '.join(sorted(names))} are one person.",
                "one folder a person.",
                f"read as one, {subject}.",
                clip=subject,
            )
    return clips


def _video(place: Path, key: str, findings: Findings) -> VideoFrames:
    try:
        return video_frames(place)
    except MerlibError as problem:
        findings.add("error", "video-unreadable", problem.found, problem.expected, problem.action, clip=key)
        return VideoFrames(str(place), np.array([], dtype=np.int64))


def list_frames(place: Path, layout: FrameLayout, folder: Path, key: str, findings: Findings) -> ImageFrames:
    """Return the frames in a clip's folder, sorted by number; problems go to `findings` under the clip's `key`."""
    found: dict[int, str] = {}
    for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
        number = layout.number(entry.name)
        number = None if number is None or number > MOST_NUMBER else number  # too large to be a frame's number
        if entry.is_symlink():
            _check_link(Path(entry.path), folder, key, findings, number)
        if number is None:
            findings.add(
                "warning",
                "stray-file",
                f"{'a folder' if entry.is_dir() else 'a file'} that is no frame ({Path(entry.name).suffix or 'no'} "
                "extension).",
                f"only files named like {layout.pattern.rsplit('/', 1)[1]}.",
                "move it away; it is not read.",
                clip=key,
            )
        elif number in found:
            findings.add(
                "error",
                "frame-twice",
                "two files have this frame number.",
                "one file a number.",
                "remove one of the two.",
                clip=key,
                frame=number,
            )
        else:
            found[number] = entry.name
            if os.path.lexists(entry.path) and _size(entry) == 0:
                findings.add(
                    "error",
                    "frame-empty",
                    "a file of zero bytes.",
                    "a whole picture.",
                    "restore the frame from the data set.",
                    clip=key,
                    frame=number,
                )
    numbers = np.array(sorted(found), dtype=np.int64)
    _report_gaps(numbers, key, findings)
    return ImageFrames(str(place), tuple(found[number] for number in numbers.tolist()), numbers)


def _size(entry: os.DirEntry) -> int | None:
    try:
        return entry.stat().st_size
    except OSError:
        return None  # a dangling link; decoding will report it


def _report_gaps(numbers: np.ndarray, key: str, findings: Findings) -> None:
    for before, after in zip(numbers[:-1].tolist(), numbers[1:].tolist(), strict=True):
        if after - before > 1:
            findings.add(
                "error",
                "frame-gap",
                f"{after - before - 1} frames are missing between {before} and {after}.",
                "consecutive frame numbers.",
                "restore the frames; until then positions count the frames that are there.",
                clip=key,
                frame=before + 1,
            )


def _leads_inside(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def _check_link(path: Path, folder: Path, key: str, findings: Findings, frame: int | None = None) -> None:
    if path.is_symlink() and not _leads_inside(path, folder):
        findings.add(
            "warning",
            "link-outside",
            "a link that leads out of the folder.",
            "files and folders of the data set itself.",
            "copy what it points to, or be sure that it is the data set's.",
            clip=key,
            frame=frame,
        )
