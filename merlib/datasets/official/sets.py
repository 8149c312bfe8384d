"""How the owners of CASME II, SAMM and SMIC-HS write their sheets and lay out their frames: forms, no data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from merlib.errors import unknown_name
from merlib.sources import load_manifest


@dataclass(frozen=True)
class FrameLayout:
    """One official arrangement of frames.

    Attributes
    ----------
    name : str
        As in the manifest: ``cropped``, ``raw`` or ``frames``.
    root : str
        Folder of the subjects' folders, relative to what the owners hand out.
    frame : str
        Regular expression of a frame's file name; group 1 is the number.
    form : str
        How a frame's file name is written from ``subject`` and ``number``.
    levels : tuple of str
        Folders between the subject's and the clip's, ``*`` for the class.
    beside : tuple of str
        Names of sister folders that hold other recordings of the same people and are not read.
    """

    name: str
    root: str
    frame: str
    form: str
    levels: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def number(self, filename: str) -> int | None:
        """Return the frame number in a file name, or None when it is no frame of this layout."""
        match = re.fullmatch(self.frame, filename, flags=re.IGNORECASE)
        return int(match.group(1)) if match else None


@dataclass(frozen=True)
class OfficialSet:
    """Forms of one data set.

    Attributes
    ----------
    scheme : str
        Class scheme of the whole sheet in the manifest.
    subject_folder : str
        Regular expression of a subject's folder.
    sheet : str
        Pattern of the sheet's file name.
    worksheet : str or None
        Its name where the owners' has a certain one; else the first.
    columns : mapping of str to str
        From our names to the sheet's headers.
    header_row : int
        In which row the header stands, from 1.
    colour : bool or None
        Whether frames are in colour; None where it must be told from the frames.
    synonyms : mapping of str to str
        Spellings of classes other than the manifest's.
    """

    name: str
    scheme: str
    subject_folder: str
    sheet: str
    columns: Mapping[str, str]
    layouts: tuple[FrameLayout, ...]
    header_row: int = 1
    worksheet: str | None = None
    colour: bool | None = None
    synonyms: Mapping[str, str] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class that the sheet knows."""
        return tuple(load_manifest(self.name).classes[self.scheme])

    def label(self, cell: object) -> str | None:
        """Return the canonical class that a cell or folder names, or None."""
        text = re.sub(r"\s+", " ", str(cell)).strip().lower()
        text = self.synonyms.get(text, text)
        return text if text in self.classes else None


CASME2 = OfficialSet(
    name="casme2",
    scheme="emotion7",
    subject_folder=r"sub\d{1,2}",
    sheet="CASME2-coding-*.xlsx",
    columns={
        "subject": "Subject",
        "clip": "Filename",
        "onset": "OnsetFrame",
        "apex": "ApexFrame",
        "offset": "OffsetFrame",
        "action_units": "Action Units",
        "label": "Estimated Emotion",
    },
    layouts=(
        FrameLayout("cropped", "Cropped", r"reg_img(\d+)\.jpe?g", "reg_img{number}.jpg"),
        FrameLayout("raw", "CASME2-RAW", r"img(\d+)\.jpe?g", "img{number}.jpg"),
    ),
    colour=True,
    synonyms={"other": "others"},
)
SAMM = OfficialSet(
    name="samm",
    scheme="emotion8",
    subject_folder=r"\d{1,3}",
    sheet="SAMM_Micro_FACS_Codes*.xlsx",
    columns={
        "subject": "Subject",
        "clip": "Filename",
        "onset": "Onset Frame",
        "apex": "Apex Frame",
        "offset": "Offset Frame",
        "duration": "Duration",
        "action_units": "Action Units",
        "label": "Estimated Emotion",
    },
    header_row=14,
    layouts=(FrameLayout("frames", "", r"\d{1,3}_(\d+)\.jpe?g", "{subject}_{number:05d}.jpg"),),
    colour=False,
    synonyms={"others": "other"},
)
SMIC = OfficialSet(
    name="smic",
    scheme="polarity3",
    subject_folder=r"s\d{1,2}",
    sheet="SMIC-HS-E_annotation*.xlsx",
    worksheet="HS",
    columns={
        "subject": "Subject",
        "clip": "Filename",
        "onset": "OnsetF",
        "offset": "OffsetF",
        "label": "Emotion",
    },
    layouts=(
        FrameLayout(
            "cropped",
            "SMIC_all_cropped/HS",
            r"reg_image(\d+)\.jpe?g",
            "reg_image{number}.jpg",
            levels=("micro", "*"),
            beside=("VIS", "NIR"),
        ),
    ),
)
SETS: Mapping[str, OfficialSet] = {official.name: official for official in (CASME2, SAMM, SMIC)}


def official_set(name: str) -> OfficialSet:
    """Return the forms of the data set called `name`.

    Raises
    ------
    MerlibError
        For another name than ``casme2``, ``samm`` or ``smic``.
    """
    key = str(name).replace("-", "_")
    if key not in SETS:
        raise unknown_name("data set of clips", name, SETS)
    return SETS[key]


def official_clip(name: str, subject: str, raw: object) -> str:
    """Return a clip's canonical id: SMIC's ``s1_ne_01`` is ``s01_ne_01``; the others keep what the owners write."""
    text = str(raw).strip()
    match = re.fullmatch(r"s0*(\d+)_(.+)", text, flags=re.IGNORECASE) if name == "smic" else None
    return f"s{int(match.group(1)):02d}_{match.group(2)}" if match else text
