"""Hostile copies of recorded clips, their sheets and lists: an error for that file, and the audit goes on."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hostile import control_names, in_child, png
from official_builder import build_casme2, build_samm, build_smic
from PIL import Image

from merlib.cli.console import open_console
from merlib.cli.tables import audit_report
from merlib.datasets.official.audit import audit_clips
from merlib.datasets.official.cells import whole_number
from merlib.datasets.official.composite import read_list
from merlib.datasets.official.marker import MARKER
from merlib.errors import MerlibError

BUILD = {"casme2": build_casme2, "samm": build_samm, "smic": build_smic}


def frames(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jpg")) or sorted(folder.rglob("*.bmp"))


def frame(put):
    """Put something else in the place of the first frame."""

    def change(folder):
        path = frames(folder)[0]
        path.unlink()
        put(path)

    return change


def sheet(folder: Path) -> Path:
    return next(folder.rglob("*.xlsx"))


def other_sheet(put):
    def change(folder):
        path = sheet(folder)
        path.unlink()
        put(path)

    return change


def beside(name: bytes):
    """Put a file of that name beside the frames of the first clip."""
    return lambda folder: Path(os.fsdecode(os.fsencode(frames(folder)[0].parent) + b"/" + name)).write_bytes(b"x")


def renumbered(folder: Path) -> None:
    path = frames(folder)[0]
    path.rename(path.with_name("".join(c for c in path.stem if not c.isdigit()) + "9" * 20 + path.suffix))


def cells(change):
    def damage(folder):
        book = openpyxl.load_workbook(sheet(folder))
        change(book.active)
        book.save(sheet(folder))

    return damage


def set_last_row(value):
    """Write a value into every cell of the last row but the first two."""

    def change(page):
        for column in range(3, page.max_column + 1):
            page.cell(page.max_row, column, value)

    return cells(change)


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/sharedStrings.xml", "w") as member:
            for _ in range(20):
                member.write(bytes(10**7))


def not_xml(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            archive.writestr(name, "<")


def jpeg(width: int, height: int) -> bytes:
    held = io.BytesIO()
    Image.new("L", (8, 8)).save(held, "JPEG")
    content = bytearray(held.getvalue())
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(content)


def first_person(folder: Path) -> Path:
    return frames(folder)[0].parent.parent


HOSTILE = {
    "a pipe as a frame": frame(os.mkfifo),
    "a folder as a frame": frame(os.mkdir),
    "an endless device as a frame": frame(lambda path: path.symlink_to("/dev/zero")),
    "a frame that leads to itself": frame(lambda path: path.symlink_to(path)),
    "a sparse terabyte as a frame": frame(lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 10**12)),
    "a frame that names 60000 x 60000": frame(lambda path: path.write_bytes(png(60_000, 60_000, rows=1))),
    "a JPEG that names 65000 x 65000": frame(lambda path: path.write_bytes(jpeg(65_000, 65_000))),
    "a frame of 6000 x 6000": frame(lambda path: path.write_bytes(png(6000, 6000))),
    "an empty frame": frame(lambda path: path.write_bytes(b"")),
    "a frame of junk": frame(lambda path: path.write_bytes(os.urandom(1000))),
    "a frame number of twenty digits": renumbered,
    "a clip that leads to itself": lambda f: (first_person(f) / "loop").symlink_to(first_person(f) / "loop"),
    "a clip that leads to its person": lambda f: (first_person(f) / "loop").symlink_to(first_person(f)),
    "a person that leads to the copy": lambda f: (first_person(f).parent / "sub09").symlink_to(f),
    "a pipe as the sheet": other_sheet(os.mkfifo),
    "a folder as the sheet": other_sheet(os.mkdir),
    "an endless device as the sheet": other_sheet(lambda path: path.symlink_to("/dev/zero")),
    "a sheet that leads to itself": other_sheet(lambda path: path.symlink_to(path)),
    "an empty sheet": other_sheet(lambda path: path.write_bytes(b"")),
    "a sheet of junk": other_sheet(lambda path: path.write_bytes(os.urandom(5000))),
    "a sheet that unpacks to 200 MB": other_sheet(zip_bomb),
    "a sheet that is no XML": other_sheet(not_xml),
    "a zip file without a workbook": other_sheet(lambda path: zipfile.ZipFile(path, "w").close()),
    "underscores in numbers": set_last_row("1_6"),
    "numbers of another script": set_last_row("\u0661\u0667"),
    "a number of twenty digits": set_last_row("9" * 20),
    "infinity": set_last_row("inf"),
    "a large float": set_last_row(1e300),
    "a formula": set_last_row("=1+1"),
    "a long text": set_last_row("x" * 30_000),
    "a marker that is a pipe": lambda folder: os.mkfifo(folder / MARKER),
    "a marker of junk": lambda folder: (folder / MARKER).write_bytes(b"\xff" * 100),
    "a marker without end": lambda folder: (folder / MARKER).symlink_to("/dev/zero"),
    **{name: beside(raw) for name, raw in control_names().items()},
}


def look(name: str, folder: Path) -> str:
    """Audit as the command line does, with both reports, and return the number of errors and readable clips."""
    report, _ = audit_report(name, str(folder), folder.parent / "audit.json", folder.parent / "audit.html")
    open_console().print(report)
    audit = audit_clips(name, folder)
    return f"{audit.clips} clips, {audit.readable} readable"


@pytest.mark.parametrize("damage", HOSTILE)
@pytest.mark.parametrize(
    "name", ["casme2", *(pytest.param(other, marks=pytest.mark.slow) for other in ("samm", "smic"))]
)
def test_the_audit_of_a_hostile_copy_goes_on_to_its_end(name, damage, tmp_path):
    folder = BUILD[name](tmp_path / "copy")
    HOSTILE[damage](folder)
    outcome = in_child(lambda: look(name, folder))
    assert outcome.bounded, outcome
    assert outcome.text.startswith("done: "), outcome.text
    sound = sum(1 for _ in BUILD[name](tmp_path / "sound").rglob("*.jpg")) > 0
    if "sheet" not in damage and "zip" not in damage and sound:
        assert int(outcome.text.split()[1]) >= 1, "the sound clips were lost with the broken one"


@pytest.mark.parametrize("cell", ["1_6", "\u0661\u0667", "inf", "1e3", "0x10", "+5", "-1", "9" * 20, 1e300, True, None])
def test_what_is_no_plain_number_is_none(cell):
    assert whole_number(cell) is None


@pytest.mark.parametrize(("cell", "number"), [("17", 17), (" 17 ", 17), ("17.0", 17), (17.0, 17), (0, 0)])
def test_plain_numbers_are_read_however_they_are_typed(cell, number):
    assert whole_number(cell) == number


@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()])
def test_a_composite_list_that_is_no_file_is_refused_at_once(put, tmp_path):
    put(tmp_path / "list.csv")
    outcome = in_child(lambda: str(read_list(tmp_path / "list.csv")))
    assert outcome.bounded
    assert outcome.text.startswith("refused: ")
    with pytest.raises(MerlibError):
        read_list(tmp_path / "absent.csv")
