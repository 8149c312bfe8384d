"""Write annotation sheets of synthetic clips with the same columns and spellings as the owners' sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from merlib.datasets.official.sets import OfficialSet


class SheetClip(NamedTuple):
    """What a sheet says about one clip, in the owners' spelling; frames are given by their official numbers."""

    subject: str
    clip: str
    label: str
    first: int
    onset: int
    apex: int | None
    offset: int
    last: int
    action_units: str


def _casme2(clips: Iterable[SheetClip]) -> list[list]:
    header = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None]
    rows: list[list] = [[*header, "Action Units", "Estimated Emotion"]]
    for clip in clips:
        frames = [clip.onset, "/" if clip.apex is None else clip.apex, clip.offset]
        rows.append([clip.subject.removeprefix("sub"), clip.clip, None, *frames, None, clip.action_units, clip.label])
    return rows


def _samm(clips: Iterable[SheetClip]) -> list[list]:
    notes = ["SYNTHETIC micro-movements", "No person was recorded; every row is invented.", *[None] * 11]
    header = ["Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration"]
    header += ["Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"]
    rows: list[list] = [*([note] for note in notes), header]
    for clip in clips:
        apex = "/" if clip.apex is None else clip.apex
        frames = [clip.onset, apex, clip.offset, clip.offset - clip.onset + 1]
        rows.append(
            [clip.subject, clip.clip, None, *frames, "Micro", clip.action_units, clip.label.capitalize(), None, None]
        )
    return rows


def _smic(clips: Iterable[SheetClip]) -> list[list]:
    header = ["Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None, "FirstF", "LastF"]
    rows: list[list] = [[*header, "TotalMF1", "TotalMF2", "TotalVL", "Emotion"]]
    for clip in clips:
        lengths = [clip.offset - clip.onset + 1, None, clip.last - clip.first + 1]
        ends = [clip.onset, clip.offset, None, None, None, clip.first, clip.last]
        rows.append([int(clip.subject.removeprefix("s")), clip.clip, None, *ends, *lengths, clip.label])
    return rows


_NAMES = {"casme2": "CASME2-coding-", "samm": "SAMM_Micro_FACS_Codes_", "smic": "SMIC-HS-E_annotation_"}
_FORMS: Mapping[str, Callable[[Iterable[SheetClip]], list[list]]] = {"casme2": _casme2, "samm": _samm, "smic": _smic}


def write_synthetic_sheet(official: OfficialSet, clips: Iterable[SheetClip], folder: Path) -> Path:
    """Write the sheet of synthetic clips into `folder` and return its path; the file name contains SYNTHETIC."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = official.worksheet or "Sheet1"
    for row in _FORMS[official.name](clips):
        book.active.append(row)
    path = folder / f"{_NAMES[official.name]}SYNTHETIC.xlsx"
    book.save(path)
    return path
