"""Small copies of the three data sets in exactly the official forms, with invented people, clips and noise as frames.

Written by hand with openpyxl and Pillow, not by merlib's exporter, so that the readers are checked against the forms.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import openpyxl
from PIL import Image

# subject, clip, frames from, to, onset, apex, offset, action units, emotion
CASME2_ROWS = (
    (1, "EP90_01f", 46, 52, 46, 49, 52, "4+L10", "disgust"),
    (1, "EP90_02", 101, 106, 101, 103, 106, 12, "happiness"),
    (17, "EP91_03f", 7, 14, 8, 9, 13, "R12+15 or 4", "others"),
)
SAMM_ROWS = (
    ("006", "006_8_1", 5562, 5568, 5562, 5565, 5568, "4+7", "Anger"),
    ("037", "037_8_2", 98, 104, 99, 100, 103, "L14?", "Other"),
)
# subject, clip, class folder, frames from, to, onset, offset
SMIC_ROWS = (
    ("s1", "s1_ne_81", "negative", 559740, 559745, 559740, 559745),
    ("s1", "s1_po_81", "positive", 1500, 1506, 1501, 1505),
    ("s20", "s20_sur_81", "surprise", 900, 905, 900, 904),
)


def write_frames(folder: Path, names: list[str], colour: bool, seed: int) -> None:
    """SYNTHETIC noise, one JPEG a name; grey when not `colour`."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for name in names:
        noise = rng.integers(0, 256, (12, 10, 3) if colour else (12, 10), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name, format="JPEG", quality=95)


def write_sheet(path: Path, rows: list[list], title: str | None = None) -> None:
    """Write rows of cells as the only worksheet of a workbook."""
    book = openpyxl.Workbook()
    if title:
        book.active.title = title
    for row in rows:
        book.active.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def casme2_cells(rows=CASME2_ROWS) -> list[list]:
    header = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None]
    header += ["Action Units", "Estimated Emotion"]
    return [header] + [
        [s, c, None, on, apex, off, None, units, label] for s, c, _, _, on, apex, off, units, label in rows
    ]


def build_casme2(folder: Path, layout: str = "cropped") -> Path:
    root, name = {"cropped": ("Cropped", "reg_img"), "raw": ("CASME2-RAW", "img")}[layout]
    for seed, (subject, clip, first, last, *_) in enumerate(CASME2_ROWS):
        names = [f"{name}{number}.jpg" for number in range(first, last + 1)]
        write_frames(folder / root / f"sub{subject:02d}" / clip, names, True, seed)
    write_sheet(folder / "CASME2-coding-20140508.xlsx", casme2_cells())
    return folder


def samm_cells(rows=SAMM_ROWS) -> list[list]:
    notes = [[f"note {number}"] for number in range(1, 14)]
    header = [
        "Subject",
        "Filename",
        "Inducement Code",
        "Onset Frame",
        "Apex Frame",
        "Offset Frame",
        "Duration",
        "Micro",
    ]
    header += ["Action Units", "Estimated Emotion", "Objective Classes", "Notes"]
    cells = [
        [s, c, 8, on, apex, off, off - on + 1, "Micro - 1/2", units, label, 1, None]
        for s, c, _, _, on, apex, off, units, label in rows
    ]
    return [*notes, header, *cells]


def build_samm(folder: Path) -> Path:
    for seed, (subject, clip, first, last, *_) in enumerate(SAMM_ROWS):
        names = [f"{subject}_{number:05d}.jpg" for number in range(first, last + 1)]
        write_frames(folder / subject / clip, names, False, seed)
    write_sheet(folder / "SAMM_Micro_FACS_Codes_v2.xlsx", samm_cells())
    return folder


def smic_cells(rows=SMIC_ROWS) -> list[list]:
    header = ["Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None, "FirstF", "LastF"]
    header += ["TotalMF1", "TotalMF2", "TotalVL", "Emotion"]
    return [header] + [
        [s, c, None, on, off, None, None, None, first, last, off - on + 1, None, last - first + 1, label]
        for s, c, label, first, last, on, off in rows
    ]


def build_smic(folder: Path, annotated=SMIC_ROWS) -> Path:
    for seed, (subject, clip, label, first, last, *_) in enumerate(SMIC_ROWS):
        place = folder / "SMIC_all_cropped" / "HS" / subject / "micro" / label / clip
        write_frames(place, [f"reg_image{number}.jpg" for number in range(first, last + 1)], True, seed)
    write_sheet(folder / "SMIC-HS-E_annotation_2019.xlsx", smic_cells(annotated), "HS")
    return folder


COUNTS = {
    "casme2": {"sub01": {"disgust": 1, "happiness": 1}, "sub17": {"others": 1}},
    "samm": {"006": {"anger": 1}, "037": {"other": 1}},
    "smic": {"s01": {"negative": 1, "positive": 1}, "s20": {"surprise": 1}},
}


def mark(folder: Path, name: str, layout: str) -> Path:
    """Write the marker of an exported twin by hand, for the sheet that lies in `folder`."""
    [sheet] = folder.glob("*.xlsx")
    marker = {
        "synthetic": True,
        "notice": "SYNTHETIC",
        "dataset": name,
        "layout": layout,
        "seed": 7,
        "merlib": "0.1.0",
        "sheet": sheet.name,
        "sheet_sha256": sha256(sheet.read_bytes()).hexdigest(),
        "clips": sum(sum(classes.values()) for classes in COUNTS[name].values()),
        "counts": COUNTS[name],
    }
    (folder / "SYNTHETIC.json").write_text(json.dumps(marker))
    return folder
