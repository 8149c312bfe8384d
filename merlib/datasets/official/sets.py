"""How the owners of CASME II, SAMM and SMIC-HS write their sheets; the layouts of frames are in the manifests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from merlib.datasets.official.layouts import FrameLayout, official_layouts
from merlib.errors import unknown_name
from merlib.sources import load_manifest


@dataclass(frozen=True)
class OfficialSet:
    """The forms that the owners of one data set use.

    Attributes
    ----------
    scheme : str
        Name, in the manifest, of the class scheme that the whole sheet uses.
    subject_folder : str
        Regular expression for the name of a subject's folder.
    sheet : str
        Pattern of the sheet's file name.
    worksheet : str or None
        Name of the worksheet with the annotations; None for the first worksheet.
    columns : mapping of str to str
        From our names of the columns to the sheet's headers.
    header_row : int
        Row of the header, counted from 1.
    colour : bool or None
        Whether frames are in colour; None where the majority of the frames must decide.
    synonyms : mapping of str to str
        Spellings of classes other than the manifest's.
    class_in_name : str or None
        Regular expression of a clip's name whose group 1 abbreviates its class.
    """

    name: str
    scheme: str
    subject_folder: str
    sheet: str
    columns: Mapping[str, str]
    header_row: int = 1
    worksheet: str | None = None
    colour: bool | None = None
    synonyms: Mapping[str, str] = field(default_factory=dict)
    class_in_name: str | None = None

    @property
    def layouts(self) -> tuple[FrameLayout, ...]:
        """The published layouts of its frames, in the order in which they are looked for."""
        return official_layouts(self.name)

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class that the sheet knows."""
        return tuple(load_manifest(self.name).classes[self.scheme])

    def label(self, cell: object) -> str | None:
        """Return the canonical class that a cell or folder names, or None."""
        text = re.sub(r"\s+", " ", str(cell)).strip().lower()
        text = self.synonyms.get(text, text)
        return text if text in self.classes else None

    def class_in_clip(self, clip: str) -> str | None:
        """Return the class that a clip's name abbreviates, such as ``sur`` in ``s18_sur_03``, or None."""
        match = re.fullmatch(self.class_in_name, clip, re.IGNORECASE) if self.class_in_name else None
        fits = [label for label in self.classes if match and label.startswith(match.group(1).lower())]
        return fits[0] if len(fits) == 1 else None


CASME2 = OfficialSet(
    name="casme2",
    scheme="emotion7",
    subject_folder=r"sub\d{1,2}",
    sheet="CASME2-coding*.xlsx",
    columns={
        "subject": "Subject",
        "clip": "Filename",
        "onset": "OnsetFrame",
        "apex": "ApexFrame",
        "offset": "OffsetFrame",
        "action_units": "Action Units",
        "label": "Estimated Emotion",
    },
    colour=True,
    synonyms={"other": "others"},
)
SAMM = OfficialSet(
    name="samm",
    scheme="emotion8",
    subject_folder=r"\d{1,3}",
    sheet="SAMM*Micro_FACS_Codes*.xlsx",
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
    class_in_name=r"s\d+_([a-z]{2,})_.*",
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
