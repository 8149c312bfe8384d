"""Find the annotation sheet of a data set, recognise its edition, and read its rows as they are written."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from merlib.datasets.csv_text import csv_rows
from merlib.datasets.official.findings import Findings
from merlib.datasets.official.marker import MARKER, Marker
from merlib.datasets.official.sets import OfficialSet
from merlib.errors import MerlibError
from merlib.opening import check_zip, read_file
from merlib.sources import load_manifest

UNKNOWN = "unknown edition"
HEADER_WITHIN = 40  # how many rows are searched for the header
SHEET_DEPTH = 2  # levels of folders below the one named in which a sheet is looked for
OPTIONAL = {"duration"}


class DoubledColumn(MerlibError):
    """A sheet whose header has one of the owners' columns twice, so that it is unclear which one counts."""


@dataclass(frozen=True)
class SheetRow:
    """One row as the sheet writes it; `line` is its number in the sheet. Columns that the set lacks are None."""

    line: int
    subject: object
    clip: object
    onset: object
    offset: object
    label: object
    apex: object = None
    action_units: object = None
    duration: object = None


@dataclass(frozen=True)
class AnnotationSheet:
    """An annotation sheet.

    Attributes
    ----------
    edition : str
        An edition of the manifest, the edition of an exported twin, or ``unknown edition``.
    """

    path: Path
    sha256: str
    edition: str
    rows: tuple[SheetRow, ...] = field(repr=False)


def read_sheet(official: OfficialSet, folder: Path, marker: Marker | None, findings: Findings) -> AnnotationSheet:
    """Find the annotation sheet in `folder`, recognise its edition and read its rows.

    Parameters
    ----------
    official : OfficialSet
        The data set's forms.
    folder : Path
        The folder that the user named. The sheet lies there or up to two folders below; subjects' folders are not
        searched.
    marker : Marker or None
        The marker, if the copy is an exported twin.
    findings : Findings
        Receives problems of the sheet as a whole.

    Raises
    ------
    MerlibError
        When there is no sheet, or it cannot be read as one.
    """
    found = find_sheets(official, folder)
    if not found:
        raise _no_sheet(official, folder)
    hashes = {path: hashlib.sha256(_content(path)).hexdigest() for path in found}
    known = {sheet.sha256: sheet.edition for sheet in load_manifest(official.name).sheets if sheet.sha256}
    if marker:
        known[marker.sheet_sha256] = marker.edition
    path, rows, fitting = _choose(official, folder, sorted(found, key=lambda path: hashes[path] not in known))
    if fitting > 1:
        findings.add(
            "warning",
            "several-sheets",
            f"{fitting} annotation sheets; {path.name} is read.",
            "one sheet.",
            "move the others away, so that nobody doubts which was used.",
        )
    edition = known.get(hashes[path]) or _by_name(official, path, sum(filled(row.clip) for row in rows))
    sheet = AnnotationSheet(path, hashes[path], edition, rows)
    _report_edition(official, sheet, marker, hashes[path] in known, findings)
    return sheet


def _choose(official: OfficialSet, folder: Path, found: list[Path]) -> tuple[Path, tuple[SheetRow, ...], int]:
    """Return the first file whose header fits, its rows, and how many files fit; raise an error if none does.

    File names prove nothing: the owners hand out other workbooks beside the coding sheet, and people rename files.
    """
    read: list[tuple[Path, tuple[SheetRow, ...]]] = []
    problems = []
    for path in found:
        try:
            read.append((path, _read_rows(official, path)))
        except MerlibError as problem:
            problems.append(problem)
    if not read:
        doubled = [problem for problem in problems if isinstance(problem, DoubledColumn)]
        workbooks = any(path.suffix.lower() == ".xlsx" for path in found)
        raise (doubled or problems)[0] if doubled or workbooks else _no_sheet(official, folder)
    return *read[0], len(read)


def _no_sheet(official: OfficialSet, folder: Path) -> MerlibError:
    old = _below(official, folder, (".xls",))
    found = f"no annotation sheet in {folder.name}"
    if old:
        found += f"; {old[0].name} is an old workbook, which cannot be read"
        action = f"open {old[0].name} in a spreadsheet and save it as .xlsx beside it."
    else:
        action = "copy the owners' sheet into the folder, in .xlsx form."
    return MerlibError(f"{found}.", f"{official.sheet}, there or in a folder below.", action)


def find_sheets(official: OfficialSet, folder: Path) -> list[Path]:
    """Return the files that may be the sheet: workbooks before CSV files, then the owners' names, then the nearest."""
    files = [*_below(official, folder, (".xlsx",)), *_below(official, folder, (".csv",))]
    stem = official.sheet.lower().removesuffix(".xlsx")
    return sorted(files, key=lambda path: (path.suffix.lower() != ".xlsx", not fnmatch(path.stem.lower(), stem)))


def _below(official: OfficialSet, folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """Return the files with one of some endings in a folder and up to two levels below, except in subjects' folders."""
    files: list[Path] = []
    level = [folder]
    for _ in range(SHEET_DEPTH + 1):
        below: list[Path] = []
        for place in level:
            entries = sorted(place.iterdir())
            files += [e for e in entries if e.suffix.lower() in endings and e.name[:1] not in "~." and e.is_file()]
            below += [e for e in entries if e.is_dir() and not re.fullmatch(official.subject_folder, e.name, re.I)]
        level = below
    return files


def _read_csv(path: Path) -> list[list]:
    try:
        return [[cell or None for cell in row] for row in csv_rows(_content(path))]
    except (csv.Error, ValueError) as error:
        raise MerlibError(
            f"{path.name} cannot be read as a table ({error}).", "the owners' sheet.", "save it again, as .xlsx."
        ) from error


def _read_workbook(official: OfficialSet, path: Path) -> list[list]:
    import openpyxl

    try:
        content = _content(path)
        check_zip(content)  # before anything is unpacked
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        name = official.worksheet if official.worksheet in book.sheetnames else book.sheetnames[0]
        cells = [list(row) for row in book[name].iter_rows(values_only=True)]
        book.close()
    except MerlibError:  # says by itself why the file cannot be opened, or that it unpacks to too much
        raise
    except Exception as error:  # on damaged XML openpyxl raises exceptions of many kinds
        raise MerlibError(
            f"{path.name} cannot be read as a workbook ({type(error).__name__}).",
            "the owners' sheet, an .xlsx file.",
            "copy it again from the data set.",
        ) from error
    return cells


def _read_rows(official: OfficialSet, path: Path) -> tuple[SheetRow, ...]:
    cells = _read_csv(path) if path.suffix.lower() == ".csv" else _read_workbook(official, path)
    header, places = _find_header(official, path, cells)
    rows = []
    for line, row in enumerate(cells[header + 1 :], start=header + 2):
        values = {name: row[place] if place < len(row) else None for name, place in places.items()}
        if any(filled(values.get(name)) for name in ("subject", "clip", "label")):
            rows.append(SheetRow(line, **values))
    return tuple(rows)


def _content(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError as error:
        raise MerlibError(
            f"{path.name} cannot be read ({error.strerror}).",
            "the owners' sheet, an .xlsx file.",
            "copy it again from the data set.",
        ) from error


def _find_header(official: OfficialSet, path: Path, cells: list[list]) -> tuple[int, dict[str, int]]:
    wanted = {name: _plain(header) for name, header in official.columns.items()}
    best: tuple[int, dict[str, int]] = (0, {})
    for number, row in enumerate(cells[:HEADER_WITHIN]):
        headers = [_plain(cell) for cell in row]
        places = {name: headers.index(header) for name, header in wanted.items() if header in headers}
        if len(places) > len(best[1]):
            best = number, places
    headers = [_plain(cell) for cell in cells[best[0]]] if cells else []
    if twice := [official.columns[name] for name in best[1] if headers.count(wanted[name]) > 1]:
        raise DoubledColumn(
            f"{path.name} has {headers.count(_plain(twice[0]))} columns {twice[0]}.",
            "each column once.",
            "remove the one that is not the owners'.",
        )
    absent = [official.columns[name] for name in wanted if name not in best[1] and name not in OPTIONAL]
    if absent:
        raise MerlibError(
            f"{path.name} has no column {', '.join(absent)}.",
            f"a header with {', '.join(official.columns.values())} (in row {official.header_row} as handed out).",
            "take the owners' sheet, or restore its header.",
        )
    return best


def _by_name(official: OfficialSet, path: Path, rows: int) -> str:
    """Guess the edition of a sheet that was saved again, from its name and number of rows, if only one edition fits."""
    fits = [
        sheet.edition
        for sheet in load_manifest(official.name).sheets
        if sheet.rows == rows and fnmatch(path.stem.lower(), sheet.filename.lower().removesuffix(".xlsx"))
    ]
    return f"{fits[0]} (by name and rows, another file)" if len(set(fits)) == 1 else UNKNOWN


def _report_edition(
    official: OfficialSet, sheet: AnnotationSheet, marker: Marker | None, known: bool, findings: Findings
) -> None:
    if marker and sheet.sha256 != marker.sheet_sha256:
        findings.add(
            "error",
            "sheet-not-the-markers",
            f"{sheet.path.name} has SHA-256 {sheet.sha256}.",
            f"{marker.sheet_sha256}, as {MARKER} says.",
            "export the twin again; a changed twin must not pass for one.",
        )
    elif not known:
        editions = _listed(f"{each.edition} {each.sha256}" for each in _sheets(official))
        findings.add(
            "warning",
            "sheet-edition-unknown",
            f"{sheet.path.name} has SHA-256 {sheet.sha256}: {sheet.edition}.",
            f"one of {editions}.",
            "ask the owners for the sheet of a known edition, or name this hash beside your results.",
        )
    if sheet.edition.startswith("20190701"):
        findings.add(
            "note",
            "edition-decides-label",
            "the 20190701 edition moves three clips from sadness to surprise.",
            "20140508, which the papers' counts fit.",
            "labels are taken as this edition writes them, and the edition is named in results.",
        )


def _sheets(official: OfficialSet):
    return load_manifest(official.name).sheets


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _plain(cell: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(cell).lower()) if cell is not None else ""


def filled(cell: object) -> bool:
    """Return whether a cell holds more than blanks."""
    return cell is not None and str(cell).strip() != ""
