"""Read the public MEGC2019 maps of either archive, in each published layout; every file is checked before it is used.

Each clip is one 28 x 28 RGB file: red is the horizontal flow u, green the vertical flow v, blue the optical
strain (OpenCV reads BGR: strain, v, u). Each channel was stretched to 0..255 by its own minimum and maximum.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from merlib.clips.samples import Samples
from merlib.clips.subjects import canonical_dataset, canonical_subject, subject_dataset
from merlib.datasets.archive.archives import FLOW, PublicArchive
from merlib.datasets.archive.channel_order import check_channel_order
from merlib.datasets.archive.labels import check_labels, read_label
from merlib.datasets.archive.maps import Report, plain_name, read_map, report_missing
from merlib.datasets.csv_text import csv_rows
from merlib.errors import MerlibError
from merlib.opening import read_file
from merlib.sources import download_files, load_manifest

FLAT = "STSNet_whole_norm_u_v_os"
BY_SUBJECT = "three_norm_u_v_os"
LABEL_LIST = "combined_3_class2_for_optical_flow.csv"
COLUMNS = ("dataset", "sub", "filename_o", "label")
UNVERIFIED = "hashes, labels and counts were not compared with the published archive (verify=False)"
MOST_LABEL_BYTES = 2**22  # of the label list: the published one has 16 kB
MOST_CELL = 200  # characters; a cell that is longer is no name of a clip


class ArchiveClip(NamedTuple):
    """One clip as an archive lists it: canonical identity, label, and the path of each phase's map."""

    dataset: str
    subject: str
    clip: str
    label: int
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Scan:
    """What was found in an archive.

    Attributes
    ----------
    layout : {'flat', 'by-subject'}
        Which published layout the folder has.
    clips : tuple of ArchiveClip
        The clips, sorted by data set, subject and clip.
    maps : tuple of array or None
        Per clip float32 (phases, 3, 28, 28), or None where a map of it was refused.
    notes : tuple of str
        Notes for the samples.
    archive : PublicArchive
        Which archive it is.
    """

    layout: str
    clips: tuple[ArchiveClip, ...]
    maps: tuple[np.ndarray | None, ...]
    notes: tuple[str, ...]
    archive: PublicArchive = FLOW

    def samples(self) -> Samples:
        """Return the clips as `Samples`; call it only when no error was reported."""
        maps = np.stack(self.maps)  # (N, phases, 3, 28, 28): u, v, strain
        # stacked anew, not a view: sums over it would give other bits in another order of memory
        inputs = {"flow": np.stack([phases[0] for phases in self.maps])}
        return Samples(
            inputs=inputs if maps.shape[1] == 1 else {**inputs, "phases": maps},
            labels=np.array([clip.label for clip in self.clips], dtype=np.int64),
            classes=load_manifest(self.archive.manifest).labels.classes,
            subjects=np.array([clip.subject for clip in self.clips]),
            datasets=np.array([clip.dataset for clip in self.clips]),
            clips=np.array([clip.clip for clip in self.clips]),
            name=self.archive.name,
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
        Compare each map's SHA-256, or its decoded pixels where it was encoded anew, with
        ``data_manifests/megc2019_flow/files.csv`` and the labels with the organisers' list (counts by subject and
        class, and the hash of the sorted rows). Turn it off for maps you computed yourself (`read_own_maps`); the
        samples then carry a note.

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
    return read_public_archive(folder, FLOW, verify)


def read_public_archive(folder: str | Path, archive: PublicArchive, verify: bool) -> Samples:
    """Read one of the two archives; see `read_flow_archive` and `merlib.datasets.archive.phases.read_phase_archive`."""
    notes: list[str] = []

    def raise_or_note(problem: MerlibError, where: str, severity: str) -> None:
        if severity == "error":
            raise problem
        notes.append(f"{where}: {problem.found}")

    scan = scan_flow_archive(folder, verify, raise_or_note, archive)
    return replace(scan, notes=(*scan.notes, *notes)).samples()


def scan_flow_archive(folder: str | Path, verify: bool, report: Report, archive: PublicArchive = FLOW) -> Scan:
    """Look at every file of an archive once and pass each problem to `report`.

    Parameters
    ----------
    folder, verify
        As for `read_flow_archive`.
    report : callable
        Receives each problem, where it is, and its severity (``error`` or ``warning``). A reader raises, an audit
        collects.
    archive : PublicArchive
        Which of the two archives.

    Raises
    ------
    MerlibError
        When there is nothing to look at: no folder, no known layout, or a label list that cannot be read.
    """
    folder = Path(folder).expanduser()
    layout, maps = _find_layout(folder, archive)
    found = _list_flat(folder, maps, report, archive) if layout == "flat" else _list_by_subject(maps, report)
    clips = tuple(sorted(_without_repeats(found, report), key=lambda clip: clip[:3]))
    if not clips:
        raise MerlibError(f"no clip could be listed in {maps}.", "a map and a label a clip.", archive.again)
    published = {plain_name(file.path): file for file in download_files(archive.manifest)} if verify else {}
    if verify and layout == "by-subject":  # the flat layout names every map in its list
        absent = {name for name in published if name.endswith(".png")} - {plain_name(c.paths[0].name) for c in clips}
        for name in sorted(absent):
            report_missing(Path(published[name].path), maps, report, archive)
    if verify:
        check_labels(clips, report)
    maps_of = tuple(_read_phases(clip, published, verify, report, archive) for clip in clips)
    if not verify:
        check_channel_order([phases[0] for phases in maps_of if phases is not None], maps, report)
    return Scan(layout, clips, maps_of, () if verify else (UNVERIFIED,), archive)


def _read_phases(clip: ArchiveClip, *how) -> np.ndarray | None:
    maps = [read_map(path, *how) for path in clip.paths]
    return None if any(each is None for each in maps) else np.stack(maps)


def _find_layout(folder: Path, archive: PublicArchive) -> tuple[str, Path]:
    layouts = (("flat", FLAT), ("by-subject", BY_SUBJECT))[: 1 if len(archive.phases) > 1 else 2]
    for layout, name in layouts:
        for maps in (folder / "datasets" / name, folder / name):
            if maps.is_dir():
                return layout, maps
    if len(layouts) > 1 and folder.name == BY_SUBJECT and folder.is_dir():
        return "by-subject", folder
    state = "a folder without either" if folder.is_dir() else "not a folder"
    raise MerlibError(
        f"{folder} is {state}.",
        f"a folder that holds datasets/{FLAT} and {LABEL_LIST}{f', or {BY_SUBJECT}' * (len(layouts) - 1)}.",
        f"fetch the maps with `merlib data get {archive.name}`, or correct the path.",
    )


def _list_flat(folder: Path, maps: Path, report: Report, archive: PublicArchive) -> Iterable[ArchiveClip]:
    import pandas as pd

    path = folder / LABEL_LIST
    try:
        content = read_file(path, MOST_LABEL_BYTES)
        cells = csv_rows(content)
        header = next(iter(cells), [])
        plain = io.StringIO()
        csv.writer(plain).writerows(cells)
        rows = pd.read_csv(io.StringIO(plain.getvalue()), dtype=str, keep_default_na=False)
    except (OSError, ValueError, csv.Error) as error:
        found = error.strerror if isinstance(error, OSError) else error
        raise MerlibError(f"{path}: {found}.", "the archive's label list, a CSV.", archive.again) from error
    twice = [column for column in COLUMNS if header.count(column) > 1]
    if twice:
        found = f"{path} has two columns {twice[0]}."
        raise MerlibError(found, f"the columns {', '.join(COLUMNS)}, each once.", archive.again)
    absent = [column for column in COLUMNS if column not in rows.columns]
    if absent:
        raise MerlibError(
            f"{path} has no column {', '.join(absent)}; its columns are {', '.join(map(str, rows.columns))}.",
            f"the columns {', '.join(COLUMNS)}.",
            archive.again,
        )
    listed = set()
    for line, row in enumerate(rows[list(COLUMNS)].itertuples(index=False), start=2):
        where = f"{path} line {line}"
        if not any(isinstance(cell, str) and cell.strip() for cell in row):
            continue  # spreadsheets leave empty rows below a table
        try:
            _check_cells(row)
            dataset = canonical_dataset(row.dataset)
            subject = canonical_subject(dataset, row.sub)
            label = read_label(row.label)
        except MerlibError as error:
            report(MerlibError(f"{where}: {error.found}", error.expected, error.action), where, "error")
            continue
        files = {}
        for phase in (*archive.phases, *archive.unread):
            stems = (f"{row.sub}_{row.filename_o}{phase}", f"{subject}_{row.filename_o}{phase}")
            names = [f"{stem}{end}" for stem in stems for end in (" .png", ".png")]
            files[phase] = next((maps / name for name in names if os.path.lexists(maps / name)), maps / names[0])
        listed |= {file.name for file in files.values()}
        paths = tuple(files[phase] for phase in archive.phases)
        yield ArchiveClip(dataset, subject, row.filename_o, label, paths)
    for file in sorted(maps.glob("*.png")):
        if file.name not in listed:
            unlisted = f"{file} is named by no row of {LABEL_LIST}; it is left out."
            report(MerlibError(unlisted, "one row a map.", "remove the map or add its row."), str(file), "warning")


def _check_cells(row: tuple) -> None:
    """Raise for a cell that cannot be an id: empty, too long, a path, or with line breaks or control characters."""
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
        yield ArchiveClip(dataset, subject, file.stem.removeprefix(f"{raw}_").strip(), label, (file,))


def _without_repeats(clips: Iterable[ArchiveClip], report: Report) -> Iterable[ArchiveClip]:
    seen: dict[tuple[str, str, str], Path] = {}
    for clip in clips:
        if clip[:3] in seen:
            found = f"clip {'/'.join(clip[:3])} is listed twice: {seen[clip[:3]]} and {clip.paths[0]}."
            report(MerlibError(found, "each clip once.", "remove one of the two."), str(clip.paths[0]), "error")
            continue
        seen[clip[:3]] = clip.paths[0]
        yield clip
