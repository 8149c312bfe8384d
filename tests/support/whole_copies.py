"""Whole copies of the three data sets in any published layout, with sheets in the owners' forms and SYNTHETIC noise.

As many clips of each person and class as the manifests count. What is odd about the owners' own editions is in them:
text as subjects of CASME II, two apexes of SAMM outside their clips, two clips of SMIC without a row and one whose cell
contradicts its name and folder.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from official_builder import casme2_cells, samm_cells, smic_cells, write_sheet
from PIL import Image

from merlib.datasets.official.layouts import FrameLayout
from merlib.datasets.official.sets import official_set
from merlib.sources import subject_counts

LAYOUTS = [
    *(("casme2", "cropped"), ("casme2", "raw"), ("casme2", "compressed")),
    ("samm", "frames"),
    *(("smic", "cropped"), ("smic", "raw"), ("smic", "long")),
]
SCHEMES = {"casme2": "emotion7", "samm": "emotion8", "smic": "polarity3"}
COMPOSITE = {"happiness": "positive", "positive": "positive", "surprise": "surprise"}
NOT_LISTED = {"casme2": ("others", "sadness", "fear"), "samm": ("other",), "smic": ()}
FRAMES = 3
FORMATS = {"jpg": "JPEG", "bmp": "BMP", "png": "PNG", "tif": "TIFF"}


def plan(name: str) -> list[tuple[str, str, str]]:
    """Return subject, clip and class of every clip that the manifest counts, in canonical spelling; clips invented."""
    rows = subject_counts(name, SCHEMES[name]).itertuples(index=False)
    people = [(subject, label) for subject, label, n in rows for _ in range(n)]
    short = {"negative": "ne", "positive": "po", "surprise": "sur"}
    forms = {
        "casme2": lambda i, subject, label: f"EP80_{i:03d}",
        "samm": lambda i, subject, label: f"{subject}_8_{i}",
        "smic": lambda i, subject, label: f"{subject}_{short[label]}_{i:03d}",
    }
    return [(subject, forms[name](i, subject, label), label) for i, (subject, label) in enumerate(people)]


def listed(name: str) -> list[tuple[str, str, str, str]]:
    """Return the clips that a composite's list takes from `plan`, with the three-class label."""
    kept = [row for row in plan(name) if row[2] not in NOT_LISTED[name]]
    if name == "casme2":  # the challenge drops two that are labelled disgust or repression
        negative = [row for row in kept if row[2] not in COMPOSITE]
        kept = [row for row in kept if row not in negative[:2]]
    return [(name, subject, clip, COMPOSITE.get(label, "negative")) for subject, clip, label in kept]


def build_whole(name: str, folder: Path, layout: str, clips=None, ending: str | None = None) -> Path:
    """Write a whole copy.

    Parameters
    ----------
    clips : list of (subject, clip, class), optional
        Canonical; by default `plan`.
    ending : str, optional
        Another one than the owners'.
    """
    official = official_set(name)
    [form] = [each for each in official.layouts if each.name == layout]
    rows = clips or plan(name)
    first = 1 if form.is_video else 4000
    for number, (subject, clip, label) in enumerate(rows):
        person, spelled = _spelled(name, subject), _spelled(name, clip)
        levels = [level.replace("{class}", label) for level in form.levels]
        place = folder.joinpath(form.root, person, *levels)
        if form.is_video:
            write_video(place / f"{spelled}.avi", number)
        else:
            _write_pictures(place / spelled, form, person, first, number, name == "samm", ending)
    _write_sheet(name, folder, rows, first)
    return folder


def _spelled(name: str, canonical: str) -> str:
    return "s" + canonical[1:].lstrip("0") if name == "smic" else canonical


def _write_pictures(
    place: Path, form: FrameLayout, person: str, first: int, seed: int, grey: bool, ending: str | None
) -> None:
    place.mkdir(parents=True)
    for frame in range(first, first + FRAMES):
        rng = np.random.default_rng([seed, frame])
        picture = Image.fromarray(rng.integers(0, 256, (8, 8) if grey else (8, 8, 3), dtype=np.uint8))
        name = form.frame_name(person, frame)
        name = name if ending is None else f"{name.rpartition('.')[0]}.{ending}"
        content = io.BytesIO()
        picture.save(content, format=FORMATS[name.rpartition(".")[2].lower()])
        (place / name).write_bytes(content.getvalue())


def write_video(path: Path, seed: int, frames: int = FRAMES, rate: float = 200) -> Path:
    """Write SYNTHETIC noise as an MJPEG video."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate, (48, 32))
    for _ in range(frames):
        writer.write(rng.integers(0, 256, (32, 48, 3), dtype=np.uint8))
    writer.release()
    return path


def _write_sheet(name: str, folder: Path, rows, first: int) -> None:
    last = first + FRAMES - 1
    if name == "casme2":
        cells = [
            (subject[3:], clip, first, last, first, "/" if not i else first + 1, last, "4+L10", label)
            for i, (subject, clip, label) in enumerate(rows)
        ]
        write_sheet(folder / "CASME2-coding-20140508.xlsx", casme2_cells(cells))
    elif name == "samm":
        cells = [
            (subject, clip, first, last, first, 9999 if i < 2 else first + 1, last, "ref(4B)+10A/B", label.capitalize())
            for i, (subject, clip, label) in enumerate(rows)
        ]
        write_sheet(folder / "SAMM_Micro_FACS_Codes_v2.xlsx", samm_cells(cells))
    else:
        wrong = next((row for row in rows if row[2] == "surprise"), rows[1])
        kept = [row for row in rows if row not in (rows[0], rows[-1])]
        cells = [
            (int(s[1:]), _spelled(name, clip), "negative" if clip == wrong[1] else label, first, last, first, last)
            for s, clip, label in kept
        ]
        write_sheet(folder / "SMIC-HS-E_annotation.xlsx", smic_cells(cells), "HS")
