"""Hostile copies of the flow archive: no hang, no flood of memory, no raw error, and nothing wrong is accepted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from archive_builder import FLAT, LABEL_LIST, write_flat
from hostile import control_names, in_child, png

from merlib.cli.console import open_console
from merlib.cli.tables import audit_report
from merlib.datasets.archive.audit import audit_flow_archive
from merlib.datasets.archive.reader import read_flow_archive


def first(folder: Path) -> Path:
    return sorted((folder / FLAT).glob("*.png"))[0]


def content(new):
    return lambda folder: first(folder).write_bytes(new(first(folder).read_bytes()) if callable(new) else new)


def instead(put, place=first):
    def change(folder):
        path = place(folder)
        path.unlink()
        put(path)

    return change


def label_list(folder: Path) -> Path:
    return folder / LABEL_LIST


def listed(change):
    """Change the text of the label list."""

    def damage(folder):
        path = label_list(folder)
        path.write_bytes(change(path.read_bytes().decode("utf-8-sig")).encode("utf-8", "surrogateescape"))

    return damage


def row(change, number=2):
    """Change the cells of one row of the label list."""

    def in_text(text):
        lines = text.splitlines()
        lines[number] = ",".join(change(lines[number].split(",")))
        return "\n".join(lines) + "\n"

    return listed(in_text)


def cell(place, value):
    return row(lambda cells: [*cells[:place], value, *cells[place + 1 :]])


def swap_two_maps(folder):
    one, two = sorted((folder / FLAT).glob("*.png"))[:2]
    a, b = one.read_bytes(), two.read_bytes()
    one.write_bytes(b)
    two.write_bytes(a)


def reencoded(folder):
    path = first(folder)
    cv2.imwrite(str(path), cv2.imread(str(path)), [cv2.IMWRITE_PNG_COMPRESSION, 1])


def swap_two_labels(folder):
    """Exchange two different labels of one person."""
    lines = label_list(folder).read_text(encoding="utf-8-sig").splitlines()
    cells = [line.split(",") for line in lines]
    for i, one in enumerate(cells[1:], 1):
        for two in cells[i + 1 :]:
            if one[:2] == two[:2] and one[3] != two[3]:
                one[3], two[3] = two[3], one[3]
                label_list(folder).write_text("\n".join(map(",".join, cells)) + "\n")
                return
    raise AssertionError


def another_file(name: bytes):
    return lambda folder: Path(os.fsdecode(os.fsencode(folder / FLAT) + b"/" + name + b".png")).write_bytes(b"x")


def header_twice(text):
    head, rest = text.split("\n", 1)
    return head.replace("apex", "label", 1) + "\n" + rest


def maps_lead_to_themselves(folder):
    shutil.rmtree(folder / FLAT)
    (folder / FLAT).symlink_to(folder / FLAT)


HOSTILE = {
    "a picture of 6000 x 6000": content(lambda _: png(6000, 6000)),
    "a picture that names 60000 x 60000": content(png(60_000, 60_000, rows=1)),
    "no pixel": content(png(0, 0, rows=0)),
    "no row": content(png(28, 0, rows=0)),
    "sixteen bits": content(png(28, 28, bits=16)),
    "grey": content(png(28, 28, colour=0)),
    "four channels": content(png(28, 28, colour=6)),
    "all zero": content(png(28, 28)),
    "cut": content(lambda old: old[:200]),
    "empty": content(b""),
    "junk after the end": content(lambda old: old + b"junk"),
    "no picture": content(b"GIF89a" + bytes(100) + b"IEND\xaeB`\x82"),
    "re-encoded": reencoded,
    "two maps exchanged": swap_two_maps,
    "a pipe as a map": instead(os.mkfifo),
    "a pipe as the list": instead(os.mkfifo, label_list),
    "a folder as a map": instead(os.mkdir),
    "an endless device as a map": instead(lambda path: path.symlink_to("/dev/zero")),
    "an endless device as the list": instead(lambda path: path.symlink_to("/dev/zero"), label_list),
    "a link to itself": instead(lambda path: path.symlink_to(path)),
    "a sparse terabyte": instead(lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 10**12)),
    "a folder that holds itself": lambda folder: (folder / FLAT / "loop").symlink_to(folder / FLAT),
    "maps that lead to themselves": maps_lead_to_themselves,
    "a list in UTF-16": lambda f: label_list(f).write_bytes(label_list(f).read_text("utf-8-sig").encode("utf-16")),
    "an empty list": lambda folder: label_list(folder).write_bytes(b""),
    "a list of 300 MB": lambda folder: os.truncate(label_list(folder), 300 * 2**20),
    "a cell of 3 MB": row(lambda cells: [*cells, "X" * 3_000_000]),
    "an id of 3 MB": cell(2, "X" * 3_000_000),
    "a quote that never ends": row(lambda cells: ['"' + cells[0], *cells[1:]]),
    "a column twice": listed(header_twice),
    "a row twice": listed(lambda text: text + text.splitlines()[-1] + "\n"),
    "a path as a clip": cell(2, "../../../../etc/passwd"),
    "a root as a clip": cell(2, "/etc/passwd"),
    "a line break in a clip": cell(2, '"EP01\n_1"'),
    "a label of another script": cell(3, "\u0661"),
    "a formula as a label": cell(3, "=1+1"),
    "an underscore in a label": cell(3, "0_1"),
    "a signed label": cell(3, "+1"),
    "a float label": cell(3, "1.0"),
    "infinity as a label": cell(3, "inf"),
    "NaN as a label": cell(3, "NaN"),
    "a label with spaces": cell(3, " 1 "),
    "an underscore in a subject": cell(1, "sub1_6"),
    "a subject of another script": cell(1, "sub\u0661\u0667"),
    "two labels exchanged": swap_two_labels,
    **{name: another_file(raw) for name, raw in control_names().items()},
}
HARMLESS = {*control_names(), "a folder that holds itself", "re-encoded", "a list in UTF-16"}  # read to the same digest


def look(folder: Path, verify: bool) -> str:
    """Audit as the command line does, then read."""
    if verify:
        report, _ = audit_report("megc2019-flow", str(folder), folder.parent / "audit.json")
        open_console().print(report)
    audit_flow_archive(folder, verify=verify).to_json()
    return read_flow_archive(folder, verify=verify).digest


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_copy_neither_hangs_nor_floods_nor_raises_a_raw_error(name, tmp_path):
    folder = write_flat(tmp_path / "archive")
    before = read_flow_archive(folder, verify=False).digest
    HOSTILE[name](folder)
    outcome = in_child(lambda: look(folder, verify=False))
    assert outcome.bounded, outcome
    assert outcome.text.startswith(("done: ", "refused: ")), outcome.text
    if name in HARMLESS:
        assert outcome.text == f"done: {before}"


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_wrong_is_accepted_as_the_published_archive(name, flow_archive, tmp_path):
    folder = tmp_path / "archive"
    shutil.copytree(flow_archive, folder, copy_function=shutil.copyfile)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    HOSTILE[name](folder)
    outcome = in_child(lambda: look(folder, verify=True))
    assert outcome.bounded, outcome
    if name in HARMLESS:
        assert outcome.text == f"done: {read_flow_archive(flow_archive).digest}"
    else:
        assert outcome.text.startswith("refused: "), outcome.text


def test_the_table_is_as_long_as_the_attacks_were():
    assert len(HOSTILE) >= 50
    assert np.array(list(HOSTILE)).size == len(set(HOSTILE))
