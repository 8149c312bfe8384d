"""Turn one row of an annotation sheet into canonical values; known defects are repaired by fixed rules and reported."""

from __future__ import annotations

import re
from dataclasses import dataclass

from merlib.clips.action_units import read_action_units, write_action_units
from merlib.clips.subjects import canonical_subject
from merlib.datasets.official.findings import Findings
from merlib.datasets.official.sets import OfficialSet, official_clip
from merlib.datasets.official.sheets import SheetRow, filled
from merlib.errors import MerlibError

_SUBJECT_IN_CLIP = {"samm": r"(\d{3})_\d.*", "smic": r"(s\d{1,2})_.*"}
MOST_NUMBER = 10**9  # largest frame number accepted: two months of recording at 200 frames a second
_MEND = "correct the row, or take the owners' sheet."


@dataclass(frozen=True)
class Annotation:
    """What a sheet says about one clip, in the data set's own frame numbers.

    Attributes
    ----------
    line : int
        Number of the row in the sheet.
    label : str or None
        None when the sheet names a class that the data set does not have.
    onset, apex, offset : int or None
        None where the cell is wrong; `apex` also where the data set annotates none.
    action_units : str
        Action units in the spelling of `merlib.clips.action_units.write_action_units`.
    """

    line: int
    subject: str
    clip: str
    label: str | None
    onset: int | None
    apex: int | None
    offset: int | None
    action_units: str

    @property
    def key(self) -> str:
        """The clip's name in findings: ``subject/clip``."""
        return f"{self.subject}/{self.clip}"


def read_row(official: OfficialSet, row: SheetRow, findings: Findings) -> Annotation | None:
    """Return the annotation in a row, or None when the row names no clip; problems and repairs go to `findings`."""
    ends = (row.onset, row.offset)
    if not filled(row.clip) and not filled(row.label) and all(whole_number(cell) is None for cell in ends):
        findings.add(
            "note",
            "row-of-text",
            f"row {row.line} names neither clip, nor class, nor frame.",
            "rows of clips.",
            "it is passed over, as a remark beside the table.",
        )
        return None
    subject = _subject(official, row, findings)
    clip = "" if row.clip is None else official_clip(official.name, subject or "", row.clip)
    if subject is None or not clip:
        if subject is not None:
            findings.add("error", "clip-unnamed", f"row {row.line} names no clip.", "a file name.", _MEND, clip=subject)
        return None
    key = f"{subject}/{clip}"
    label = official.label(row.label)
    if label is None:
        findings.add(
            "error",
            "emotion-unknown",
            f"row {row.line}, column {official.columns['label']}, is none of the data set's classes.",
            f"{', '.join(official.classes)}.",
            _MEND,
            clip=key,
        )
    onset, offset = (_end(official, row, name, key, findings) for name in ("onset", "offset"))
    if onset is not None and offset is not None and onset > offset:
        findings.add(
            "error",
            "onset-after-offset",
            f"row {row.line} has onset {onset} after offset {offset}.",
            "onset before offset.",
            "exchange the two if they were swapped; a guess is not made.",
            clip=key,
        )
        onset = offset = None
    apex = _apex(official, row, onset, offset, key, findings)
    _check_duration(row, onset, offset, key, findings)
    return Annotation(row.line, subject, clip, label, onset, apex, offset, _units(official, row, key, findings))


def _subject(official: OfficialSet, row: SheetRow, findings: Findings) -> str | None:
    form = _SUBJECT_IN_CLIP.get(official.name)
    named = re.fullmatch(form, str(row.clip).strip(), re.IGNORECASE) if form else None
    try:
        inside = canonical_subject(official.name, named.group(1)) if named else None
        raw = inside if inside and row.subject in (None, "") else row.subject
        subject = canonical_subject(official.name, raw)
    except MerlibError as problem:
        findings.add(
            "error", "subject-unknown", f"row {row.line} names no subject of the data set.", problem.expected, _MEND
        )
        return None
    if inside and inside != subject:
        findings.add(
            "error",
            "subject-disagrees",
            f"row {row.line} gives the clip of {inside} to {subject}.",
            "the subject whose number begins the clip's name.",
            _MEND,
            clip=f"{subject}/{official_clip(official.name, subject, row.clip)}",
        )
    return subject


def whole_number(cell: object) -> int | None:
    """Return the whole number in a cell, from 0 to `MOST_NUMBER`, whether stored as number or text; None otherwise."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, str) and not re.fullmatch(r"\s*[0-9]+(\.0*)?\s*", cell):
        return None  # float() would take 1_6, digits of other scripts, and words for infinity
    try:
        value = float(str(cell).strip())
    except ValueError:
        return None
    return int(value) if 0 <= value <= MOST_NUMBER and value.is_integer() else None


def _end(official: OfficialSet, row: SheetRow, name: str, key: str, findings: Findings) -> int | None:
    number = whole_number(getattr(row, name))
    if number is None:
        findings.add(
            "error",
            f"{name}-not-a-number",
            f"row {row.line}, column {official.columns[name]}, is no frame number.",
            "a whole number.",
            _MEND,
            clip=key,
        )
    return number


def _apex(
    official: OfficialSet, row: SheetRow, onset: int | None, offset: int | None, key: str, findings: Findings
) -> int | None:
    if "apex" not in official.columns:
        return None
    apex = whole_number(row.apex)
    if apex is None:
        findings.add(
            "note",
            "apex-not-a-number",
            f"row {row.line} has no number as apex.",
            "a frame number.",
            "it counts as missing and is spotted.",
            clip=key,
        )
    elif apex == onset:
        findings.add(
            "note",
            "apex-on-onset",
            f"row {row.line} has its apex on the onset {onset}: no motion would lie between them.",
            "an apex after the onset.",
            "it counts as missing and is spotted.",
            clip=key,
            frame=apex,
        )
        return None
    elif onset is not None and offset is not None and not onset <= apex <= offset:
        findings.add(
            "note",
            "apex-outside-clip",
            f"row {row.line} has apex {apex} outside onset {onset} to offset {offset}.",
            "an apex from onset to offset.",
            "it counts as missing and is spotted.",
            clip=key,
            frame=apex,
        )
        return None
    return apex


def _check_duration(row: SheetRow, onset: int | None, offset: int | None, key: str, findings: Findings) -> None:
    duration = whole_number(row.duration)
    if duration is None or onset is None or offset is None or duration == offset - onset + 1:
        return
    findings.add(
        "warning",
        "duration-disagrees",
        f"row {row.line} has duration {duration}, but {offset - onset + 1} frames from onset to offset.",
        "offset - onset + 1.",
        "onset and offset are used; look whether one of them is a typing error.",
        clip=key,
    )


def _units(official: OfficialSet, row: SheetRow, key: str, findings: Findings) -> str:
    units, unread = read_action_units(row.action_units)
    if unread:
        findings.add(
            "note",
            "action-units-unreadable",
            f"row {row.line}: {unread} parts of the cell are no action unit.",
            "numbers of action units, joined by +.",
            f"the {len(units)} units beside them are kept."
            if units
            else "the clip counts as one without action units.",
            clip=key,
        )
    return write_action_units(units)
