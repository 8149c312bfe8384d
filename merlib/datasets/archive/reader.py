"""The public MEGC2019 flow maps: both published layouts, checked file by file before a number is trusted.

Each clip is one 28 x 28 RGB file: red is the horizontal flow u, green the vertical flow v, blue the optical
strain (OpenCV reads BGR: strain, v, u). Each channel was stretched to 0..255 by its own minimum and maximum.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from merlib.clips.samples import Samples
from merlib.clips.subjects import canonical_dataset, canonical_subject, subject_dataset
from merlib.datasets.archive.labels import check_labels, read_label
from merlib.errors import MerlibError
from merlib.opening import read_file
from merlib.sources import download_files, load_manifest

NAME = "megc2019-flow"
MANIFEST = "megc2019_flow"
FLAT = "STSNet_whole_norm_u_v_os"
BY_SUBJECT = "three_norm_u_v_os"
LABEL_LIST = "combined_3_class2_for_optical_flow.csv"
COLUMNS = ("dataset", "sub", "filename_o", "label")
SIDE = 28
UNVERIFIED = "hashes, labels and counts were not compared with the published archive (verify=False)"
MOST_MAP_BYTES = 2**20  # of one map: the published ones have 3 kB
MOST_LABEL_BYTES = 2**22  # of the label list: the published one has 16 kB
MOST_CELL = 200  # characters; a cell that is longer is no name of a clip
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by the colour type that the header names
_PNG_END = b"IEND\xaeB`\x82"
_FETCH = f"fetch it again with `merlib data get {NAME}`, or pass verify=False for maps of your own."

Report = Callable[[MerlibError, str, str], None]
"""Called with a problem, where it is, and ``error`` or ``warning``; a reader raises, an audit collects."""


class ArchiveClip(NamedTuple):
    """One clip as an archive lists it: canonical identity, label, and the map's path."""

    dataset: str
    subject: str
    clip: str
    label: int
    path: Path


@dataclass(frozen=True)
class Scan:
    """What was found in an archive: `flows` holds float32 (3, 28, 28), or None where a map was refused."""

    layout: str
    clips: tuple[ArchiveClip, ...]
    flows: tuple[np.ndarray | None, ...]
    notes: tuple[str, ...]

    def samples(self) -> Samples:
        """Return the clips as `Samples`; call it only when no error was reported."""
        return Samples(
            inputs={"flow": np.stack(self.flows)},  # (N, 3, 28, 28): u, v, strain
            labels=np.array([clip.label for clip in self.clips], dtype=np.int64),
            classes=load_manifest(MANIFEST).labels.classes,
            subjects=np.array([clip.subject for clip in self.clips]),
            datasets=np.array([clip.dataset for clip in self.clips]),
            clips=np.array([clip.clip for clip in self.clips]),
            name=NAME,
            synthetic=False,
            unit="minmax255",
            notes=self.notes,
        )


def read_flow_archive(folder: str | Path, verify: bool = True) -> Samples:
    """Read the flow maps of MEGC2019 from a folder in either published layout.

    Parameters
    ----------
    folder : path
        Holds ``datasets/STSNet_whole_norm_u_v_os/<subject>_<clip> .png`` and
        ``combined_3_class2_for_optical_flow.csv``, or ``three_norm_u_v_os/<subject>/u_test/<label>/*.png``
        (with or without ``datasets/`` above it). With both, the flat layout is read.
    verify : bool
        Compare each map's SHA-256 with ``data_manifests/megc2019_flow/files.csv`` and the labels with the
        organisers' list (counts by subject and class, and the hash of the sorted rows). Turn it off for
        maps you computed yourself; the samples then carry a note.

    Returns
    -------
    Samples
        ``flow`` float32 (442, 3, 28, 28), channels u, v, strain, unit ``minmax255``; classes negative,
        positive, surprise; rows sorted by data set, subject and clip, so both layouts give the same digest.

    Raises
    ------
    MerlibError
        For a missing folder, a map that is missing, truncated, of another size, with another hash or not
        stretched to 0..255, a label outside 0..2 or other than the organisers', a list without a column.
    """
    notes: list[str] = []

    def raise_or_note(problem: MerlibError, where: str, severity: str) -> None:
        if severity == "error":
            raise problem
        notes.append(f"{where}: {problem.found}")

    scan = scan_flow_archive(folder, verify, raise_or_note)
    return Scan(scan.layout, scan.clips, scan.flows, (*scan.notes, *notes)).samples()


def scan_flow_archive(folder: str | Path, verify: bool, report: Report) -> Scan:
    """Look at every file of an archive once and report each problem to `report`.

    Raises
    ------
    MerlibError
        When there is nothing to look at: no folder, no known layout, or a label list that cannot be read.
    """
    folder = Path(folder).expanduser()
    layout, maps = _find_layout(folder)
    found = _list_flat(folder, maps, report) if layout == "flat" else _list_by_subject(maps, report)
    clips = tuple(sorted(_without_repeats(found, report), key=lambda clip: clip[:3]))
    if not clips:
        raise MerlibError(f"no clip could be listed in {maps}.", "a map and a label a clip.", _FETCH)
    published = {_plain(file.path): file for file in download_files(MANIFEST)} if verify else {}
    if verify and layout == "by-subject":  # the flat layout names every map in its list
        absent = {name for name in published if name.endswith(".png")} - {_plain(c.path.name) for c in clips}
        for name in sorted(absent):
            _missing(Path(published[name].path), maps, report)
    if verify:
        check_labels(clips, report)
    flows = tuple(_read_map(clip.path, published, verify, report) for clip in clips)
    return Scan(layout, clips, flows, () if verify else (UNVERIFIED,))


def _find_layout(folder: Path) -> tuple[str, Path]:
    for layout, name in (("flat", FLAT), ("by-subject", BY_SUBJECT)):
        for maps in (folder / "datasets" / name, folder / name):
            if maps.is_dir():
                return layout, maps
    if folder.name == BY_SUBJECT and folder.is_dir():
        return "by-subject", folder
    state = "a folder without either" if folder.is_dir() else "not a folder"
    raise MerlibError(
        f"{folder} is {state}.",
        f"a folder that holds datasets/{FLAT} and {LABEL_LIST}, or {BY_SUBJECT}.",
        f"fetch the maps with `merlib data get {NAME}`, or correct the path.",
    )


def _list_flat(folder: Path, maps: Path, report: Report) -> Iterable[ArchiveClip]:
    import pandas as pd

    path = folder / LABEL_LIST
    try:
        content = read_file(path, MOST_LABEL_BYTES)
        header = next(csv.reader(io.StringIO(content.decode("utf-8-sig"))), [])
        rows = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError, csv.Error) as error:
        found = error.strerror if isinstance(error, OSError) else error
        raise MerlibError(f"{path}: {found}.", "the archive's label list, a CSV.", _FETCH) from error
    twice = [column for column in COLUMNS if header.count(column) > 1]
    if twice:
        raise MerlibError(
            f"{path} has two columns {twice[0]}.", f"the columns {', '.join(COLUMNS)}, each once.", _FETCH
        )
    absent = [column for column in COLUMNS if column not in rows.columns]
    if absent:
        raise MerlibError(
            f"{path} has no column {', '.join(absent)}; its columns are {', '.join(map(str, rows.columns))}.",
            f"the columns {', '.join(COLUMNS)}.",
            _FETCH,
        )
    listed = set()
    for line, row in enumerate(rows[list(COLUMNS)].itertuples(index=False), start=2):
        where = f"{path} line {line}"
        try:
            _check_cells(row)
            dataset = canonical_dataset(row.dataset)
            subject = canonical_subject(dataset, row.sub)
            label = read_label(row.label)
        except MerlibError as error:
            report(MerlibError(f"{where}: {error.found}", error.expected, error.action), where, "error")
            continue
        names = (f"{row.sub}_{row.filename_o} .png", f"{row.sub}_{row.filename_o}.png")
        names += tuple(f"{subject}_{row.filename_o}{end}" for end in (" .png", ".png"))
        file = next((maps / name for name in names if os.path.lexists(maps / name)), maps / names[0])
        listed.add(file.name)
        yield ArchiveClip(dataset, subject, row.filename_o, label, file)
    for file in sorted(maps.glob("*.png")):
        if file.name not in listed:
            unlisted = f"{file} is named by no row of {LABEL_LIST}; it is left out."
            report(MerlibError(unlisted, "one row a map.", "remove the map or add its row."), str(file), "warning")


def _check_cells(row: tuple) -> None:
    """Raise for a cell that cannot be an id: line breaks and control characters, a path, or a text without end."""
    for name, cell in zip(COLUMNS, row, strict=True):
        if not isinstance(cell, str):
            raise MerlibError(f"no {name}.", "a cell in every column.", "restore the row.")
        if len(cell) > MOST_CELL or not cell.isprintable() or "/" in cell or "\\" in cell:
            shown = cell if len(cell) <= MOST_CELL else f"{cell[:20]}... of {len(cell)} characters"
            raise MerlibError(f"{name} {shown!r}.", "a plain id.", "restore the row.")


def _list_by_subject(maps: Path, report: Report) -> Iterable[ArchiveClip]:
    for file in sorted(maps.glob("*/u_test/*/*.png")):
        raw, label_name = file.parts[-4], file.parts[-2]
        try:
            dataset = subject_dataset(raw)
            subject = canonical_subject(dataset, raw)
            label = read_label(label_name)
            if not file.name.isprintable():
                raise MerlibError("a name that cannot be printed.", "a plain name.", "rename the map, or remove it.")
            if not file.stem.startswith(f"{raw}_"):
                raise MerlibError(
                    f"a map of another subject in the test folder of {raw}.",
                    f"a name that starts with {raw}_.",
                    "move the map to its own subject's u_test.",
                )
        except MerlibError as error:
            report(MerlibError(f"{file}: {error.found}", error.expected, error.action), str(file), "error")
            continue
        yield ArchiveClip(dataset, subject, file.stem.removeprefix(f"{raw}_").strip(), label, file)


def _without_repeats(clips: Iterable[ArchiveClip], report: Report) -> Iterable[ArchiveClip]:
    seen: dict[tuple[str, str, str], Path] = {}
    for clip in clips:
        if clip[:3] in seen:
            found = f"clip {'/'.join(clip[:3])} is listed twice: {seen[clip[:3]]} and {clip.path}."
            report(MerlibError(found, "each clip once.", "remove one of the two."), str(clip.path), "error")
            continue
        seen[clip[:3]] = clip.path
        yield clip


def _read_map(path: Path, published: dict, verify: bool, report: Report) -> np.ndarray | None:
    import cv2

    def refuse(found: str, expected: str) -> None:
        report(MerlibError(f"{path}: {found}", expected, _FETCH), str(path), "error")

    try:
        content = read_file(path, MOST_MAP_BYTES)
    except FileNotFoundError:
        return _missing(path, path.parent, report)
    except OSError as error:
        return refuse(f"{error.strerror}.", "a readable file.")
    if not content.rstrip(b"\0").endswith(_PNG_END):
        return refuse(f"truncated after {len(content)} bytes.", "a PNG file with its end marker.")
    if not content.startswith(_PNG_START) or content[12:16] != b"IHDR":
        return refuse("cannot be decoded.", "a PNG image.")
    width, height, _, colour = struct.unpack(">IIBB", content[16:26])  # told before a pixel is decoded
    shape = height, width, _PNG_CHANNELS.get(colour, 0)
    if shape[:2] != (SIDE, SIDE):
        return refuse(f"shape {shape}.", f"({SIDE}, {SIDE}, 3), uint8.")
    if verify:
        known = published.get(_plain(path.name))
        if known is None:
            return refuse("no map of the published archive has this name.", "one of the 442 published maps.")
        if (sha := hashlib.sha256(content).hexdigest()) != known.sha256:
            return refuse(f"SHA-256 {sha}.", f"SHA-256 {known.sha256}, as in files.csv.")
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        return refuse("cannot be decoded.", "a PNG image.")
    if image.shape != (SIDE, SIDE, 3) or image.dtype != np.uint8:
        return refuse(f"shape {image.shape}, {image.dtype}.", f"({SIDE}, {SIDE}, 3), uint8.")
    flow = image[..., ::-1].transpose(2, 0, 1).astype(np.float32)  # BGR -> (3, 28, 28): u, v, strain
    spans = [(int(channel.min()), int(channel.max())) for channel in flow]
    if spans != [(0, 255)] * 3:
        return refuse(f"channels u, v, strain span {spans}.", "0..255 in each channel.")
    return flow


def _missing(file: Path, maps: Path, report: Report) -> None:
    problem = MerlibError(f"map {file.name!r} is missing from {maps}.", "one map a clip.", _FETCH)
    report(problem, str(maps / file.name), "error")


def _plain(name: str) -> str:
    """File name without folders and without the space before its extension."""
    return Path(name).name.replace(" ", "")
