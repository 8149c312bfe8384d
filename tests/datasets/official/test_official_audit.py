"""The audit finds nothing in sound copies of every layout, and names each planted defect with its clip."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from noise_clips import noise_clips
from official_builder import build_casme2, build_samm, build_smic, mark
from PIL import Image

from merlib.cli.clip_audit import clip_audit_page
from merlib.datasets.official.audit import audit_clips
from merlib.datasets.official.export import export_clips
from merlib.datasets.official.marker import MARKER, read_marker
from merlib.datasets.official.readers import read_casme2
from merlib.errors import MerlibError

LAYOUTS = [
    *(("casme2", "cropped"), ("casme2", "raw"), ("samm", "frames")),
    *(("smic", "cropped"), ("smic", "raw"), ("smic", "long")),
]


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Sound exports, made once and copied by whoever plants something."""
    root = tmp_path_factory.mktemp("exported")
    return {
        (name, layout): export_clips(noise_clips(name), name, root / f"{name}-{layout}", layout=layout)
        for name, layout in LAYOUTS
    }


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_a_sound_export_has_no_finding(name, layout, exported):
    audit = audit_clips(name, exported[name, layout])
    assert audit.findings == ()
    assert audit.ok
    assert (audit.layout, audit.edition, audit.synthetic) == (layout, "synthetic twin, seed 0", True)
    assert (audit.clips, audit.subjects, audit.frames, audit.decoded, audit.readable) == (4, 2, 36, 36, 4)


@pytest.mark.parametrize(
    ("name", "layout", "build"),
    [("casme2", "cropped", build_casme2), ("samm", "frames", build_samm), ("smic", "cropped", build_smic)],
)
def test_a_sound_copy_written_by_hand_has_no_finding(name, layout, build, tmp_path):
    assert audit_clips(name, mark(build(tmp_path), name, layout)).findings == ()


# --- planted defects ------------------------------------------------------------------------------------------------

CASME2_CLIP = "Cropped/sub03/sub03_9_0"
SMIC_CLIP = "SMIC_all_cropped/HS/s2/micro/negative/s2_ne_70"


def frame(folder: Path, clip: str, place: int) -> Path:
    frames = (folder / clip).glob("*[0-9].*")
    return sorted(frames, key=lambda path: int(path.stem.lstrip("reg_ima").split("_")[-1]))[place]


def sheet_cells(folder: Path, change) -> None:
    """Change the sheet as a licensee's copy might be, and let the marker know the new hash."""
    import hashlib

    [path] = folder.glob("*.xlsx")
    book = openpyxl.load_workbook(path)
    change(book.active)
    book.save(path)
    marker = json.loads((folder / MARKER).read_text())
    marker["sheet_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / MARKER).write_text(json.dumps(marker))


def put(cell: str, value):
    return lambda folder: sheet_cells(folder, lambda sheet: sheet.__setitem__(cell, value))


def swap_onset_and_offset(folder):
    def change(sheet):
        sheet["D2"], sheet["F2"] = sheet["F2"].value, sheet["D2"].value

    sheet_cells(folder, change)


def apex_on_onset(folder):
    sheet_cells(folder, lambda sheet: sheet.__setitem__("E2", sheet["D2"].value))


def offset_in_a_gap(folder):
    frame(folder, CASME2_CLIP, 7).unlink()


def text_below(folder):
    sheet_cells(folder, lambda sheet: sheet.append(["MF1 = first movement"]))


def turned_frame(folder):
    path = frame(folder, CASME2_CLIP, 3)
    mark = Image.Exif()
    mark[0x0112] = 6
    Image.open(path).save(path, exif=mark)


def cell_against_name_and_folder(folder):
    put("N2", "surprise")(folder)


def repeat_row(folder, **changes):
    def change(sheet):
        sheet.append([cell.value for cell in sheet[2]])
        for cell, value in changes.items():
            sheet[cell] = value

    sheet_cells(folder, change)


def spelled_twice(folder):
    sheet_cells(folder, lambda sheet: sheet.__setitem__("A3", "s02"))


def person_folder_twice(folder):
    people = folder / "SMIC_all_cropped" / "HS"
    (people / "s02" / "micro").mkdir(parents=True)
    (people / "s2" / "micro" / "positive").rename(people / "s02" / "micro" / "positive")


def remove_clip(folder):
    shutil.rmtree(folder / CASME2_CLIP)


def extra_clip(folder):
    copy = shutil.copytree(folder / CASME2_CLIP, folder / "Cropped" / "sub03" / "EP99_01")
    frame(copy, ".", -1).unlink()


def duplicate_clip(folder):
    for path in (folder / "Cropped/sub03/sub03_9_1").iterdir():
        path.unlink()
    numbers = [int(path.stem.removeprefix("reg_img")) for path in (folder / CASME2_CLIP).iterdir()]
    row = read_casme2_row(folder, "sub03_9_1")
    for place, number in enumerate(sorted(numbers)):
        target = folder / "Cropped/sub03/sub03_9_1" / f"reg_img{row + place - 1}.jpg"
        shutil.copy(folder / CASME2_CLIP / f"reg_img{number}.jpg", target)


def read_casme2_row(folder, clip) -> int:
    [path] = folder.glob("*.xlsx")
    return next(row[3] for row in openpyxl.load_workbook(path).active.iter_rows(values_only=True) if row[1] == clip)


def empty_clip(folder):
    for path in (folder / CASME2_CLIP).iterdir():
        path.unlink()


def cut_jpeg(folder, keep=0.5):
    path = frame(folder, CASME2_CLIP, 3)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])


def cut_end_marker(folder):
    path = frame(folder, CASME2_CLIP, 3)
    path.write_bytes(path.read_bytes()[:-2])


def zero_bytes(folder):
    frame(folder, CASME2_CLIP, 3).write_bytes(b"")


def not_a_picture(folder):
    frame(folder, CASME2_CLIP, 3).write_bytes(b"<html>not found</html>")


def png_inside(folder):
    with Image.open(path := frame(folder, CASME2_CLIP, 3)) as picture:
        picture.load()
    picture.save(path, format="PNG")


def gap(folder):
    frame(folder, CASME2_CLIP, 2).unlink()


def onset_frame_gone(folder):
    frame(folder, CASME2_CLIP, 0).unlink()
    frame(folder, CASME2_CLIP, 0).unlink()


def apex_frame_gone(folder):
    frame(folder, CASME2_CLIP, 4).unlink()


def number_twice(folder):
    path = frame(folder, CASME2_CLIP, 3)
    shutil.copy(path, path.with_name(path.name.replace("img", "img0")))


def grey_frame(folder):
    path = frame(folder, CASME2_CLIP, 3)
    Image.open(path).convert("L").save(path)


def coloured_frame(folder):
    path = frame(folder, "006/006_9_0", 3)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 64, 3), dtype=np.uint8)).save(path)


def smic_grey_frame(folder):
    path = frame(folder, SMIC_CLIP, 3)
    Image.open(path).convert("L").save(path)


def other_size(folder):
    path = frame(folder, CASME2_CLIP, 3)
    Image.open(path).resize((60, 40)).save(path)


def clip_of_other_size(folder):
    for path in (folder / CASME2_CLIP).iterdir():
        Image.open(path).resize((60, 40)).save(path)


def frozen(folder):
    shutil.copy(frame(folder, CASME2_CLIP, 3), frame(folder, CASME2_CLIP, 4))


def stray(folder):
    (folder / CASME2_CLIP / "Thumbs.db").write_bytes(b"x")


def wrong_extension(folder):
    path = frame(folder, CASME2_CLIP, 8)
    path.rename(path.with_suffix(".bmp"))


def link_out(folder):
    path = frame(folder, CASME2_CLIP, 3)
    outside = folder.parent / "outside.jpg"
    path.rename(outside)
    path.symlink_to(outside)


def dangling_link(folder):
    path = frame(folder, CASME2_CLIP, 3)
    path.unlink()
    path.symlink_to(folder / "nowhere.jpg")


def unknown_person(folder):
    (folder / "Cropped" / "sub11").rename(folder / "Cropped" / "sub77")


def case_of_clip(folder):
    (folder / CASME2_CLIP).rename(folder / CASME2_CLIP.replace("sub03_9_0", "SUB03_9_0"))


def changed_sheet(folder):
    marker = (folder / MARKER).read_text()
    put("H2", "12")(folder)
    (folder / MARKER).write_text(marker)


def no_marker(folder):
    (folder / MARKER).unlink()


def broken_marker(folder):
    (folder / MARKER).write_text("{}")


def two_sheets(folder):
    [path] = folder.glob("*.xlsx")
    shutil.copy(path, folder / "CASME2-coding-copy.xlsx")


def no_sheet(folder):
    next(folder.glob("*.xlsx")).unlink()


def no_workbook(folder):
    next(folder.glob("*.xlsx")).write_bytes(b"PK no workbook")


def no_frames(folder):
    shutil.rmtree(folder / "Cropped")


def row_removed(folder):
    sheet_cells(folder, lambda sheet: sheet.delete_rows(2))


def other_class_folder(folder):
    (folder / SMIC_CLIP).rename(folder / SMIC_CLIP.replace("negative", "positive"))


def unknown_class_folder(folder):
    row_removed(folder)
    (folder / SMIC_CLIP).parent.rename((folder / SMIC_CLIP).parent.with_name("sad"))


def samm_of_another(folder):
    put("A15", "014")(folder)


FIRST = "sub03/sub03_9_0"
PLANTED = [
    ("casme2", remove_clip, "error", "clip-missing", FIRST),
    ("casme2", extra_clip, "warning", "clip-extra", "sub03/EP99_01"),
    ("casme2", duplicate_clip, "error", "clip-duplicate", "sub03/sub03_9_1"),
    ("casme2", empty_clip, "error", "clip-empty", FIRST),
    ("casme2", swap_onset_and_offset, "error", "onset-after-offset", FIRST),
    ("casme2", put("E2", 99999), "note", "apex-outside-clip", FIRST),
    ("casme2", apex_on_onset, "note", "apex-on-onset", FIRST),
    ("casme2", offset_in_a_gap, "error", "offset-outside-frames", FIRST),
    ("casme2", text_below, "note", "row-of-text", ""),
    ("casme2", turned_frame, "warning", "frame-turned", FIRST),
    ("smic", cell_against_name_and_folder, "note", "class-by-name", "s02/s02_ne_70"),
    ("casme2", put("E2", "/"), "note", "apex-not-a-number", FIRST),
    ("casme2", put("D2", "?"), "error", "onset-not-a-number", FIRST),
    ("casme2", put("F2", 99999), "warning", "offset-past-frames", FIRST),
    ("casme2", put("I2", "joy"), "error", "emotion-unknown", FIRST),
    ("casme2", put("H2", "4+soft focus"), "note", "action-units-unreadable", FIRST),
    ("casme2", put("A2", 99), "error", "subject-unknown", ""),
    ("casme2", put("B2", None), "error", "clip-unnamed", "sub03"),
    ("casme2", repeat_row, "warning", "row-twice", FIRST),
    ("casme2", lambda folder: repeat_row(folder, I6="others"), "error", "rows-disagree", FIRST),
    ("casme2", cut_jpeg, "error", "frame-truncated", FIRST),
    ("casme2", cut_end_marker, "error", "frame-truncated", FIRST),
    ("casme2", zero_bytes, "error", "frame-empty", FIRST),
    ("casme2", not_a_picture, "error", "frame-unreadable", FIRST),
    ("casme2", dangling_link, "error", "frame-unreadable", FIRST),
    ("casme2", png_inside, "error", "frame-format", FIRST),
    ("casme2", gap, "error", "frame-gap", FIRST),
    ("casme2", onset_frame_gone, "error", "onset-outside-frames", FIRST),
    ("casme2", apex_frame_gone, "note", "apex-without-frame", FIRST),
    ("casme2", number_twice, "error", "frame-twice", FIRST),
    ("casme2", grey_frame, "error", "frame-grey", FIRST),
    ("samm", coloured_frame, "error", "frame-coloured", "006/006_9_0"),
    ("smic", smic_grey_frame, "error", "frame-grey", "s02/s02_ne_70"),
    ("casme2", other_size, "error", "frame-size", FIRST),
    ("casme2", clip_of_other_size, "warning", "clip-size", FIRST),
    ("casme2", frozen, "warning", "frame-duplicate", FIRST),
    ("casme2", stray, "warning", "stray-file", FIRST),
    ("casme2", wrong_extension, "error", "frame-format", FIRST),
    ("casme2", link_out, "warning", "link-outside", FIRST),
    ("casme2", unknown_person, "error", "subject-unknown", ""),
    ("casme2", case_of_clip, "note", "clip-spelling", FIRST),
    ("casme2", changed_sheet, "error", "sheet-not-the-markers", ""),
    ("casme2", no_marker, "warning", "sheet-edition-unknown", ""),
    ("casme2", no_marker, "error", "subject-count", ""),
    ("casme2", broken_marker, "error", "marker-unreadable", ""),
    ("casme2", two_sheets, "warning", "several-sheets", ""),
    ("casme2", no_sheet, "error", "sheet-missing", ""),
    ("casme2", no_workbook, "error", "sheet-missing", ""),
    ("casme2", no_frames, "error", "frames-missing", ""),
    ("casme2", row_removed, "error", "class-count", ""),
    ("casme2", row_removed, "error", "clip-count", ""),
    ("casme2", row_removed, "error", "subject-class-count", "sub03"),
    ("casme2", put("I2", "others"), "error", "class-count", ""),
    ("smic", spelled_twice, "note", "subject-spelling", "s02"),
    ("smic", person_folder_twice, "note", "subject-spelling", "s02"),
    ("smic", row_removed, "note", "rows-missing", "s02/s02_ne_70"),
    ("smic", other_class_folder, "error", "class-disagrees", "s02/s02_ne_70"),
    ("smic", unknown_class_folder, "error", "clip-extra", "s02/s02_ne_70"),
    ("samm", samm_of_another, "error", "subject-disagrees", "014/006_9_0"),
    ("samm", put("G15", 3), "warning", "duration-disagrees", "006/006_9_0"),
    ("samm", put("E15", "/"), "note", "apex-not-a-number", "006/006_9_0"),
]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "plant", "severity", "rule", "clip"),
    PLANTED,
    ids=lambda value: getattr(value, "__name__", str(value))[:40],
)
def test_a_planted_defect_is_named_with_its_clip(name, plant, severity, rule, clip, exported, tmp_path):
    layout = {"casme2": "cropped", "samm": "frames", "smic": "cropped"}[name]
    folder = shutil.copytree(exported[name, layout], tmp_path / "copy")
    plant(folder)
    audit = audit_clips(name, folder)
    met = [(finding.severity, finding.rule, finding.clip) for finding in audit.findings]
    assert (severity, rule, clip) in met
    assert audit.ok == all(each[0] != "error" for each in met)
    for finding in audit.findings:
        assert finding.what
        assert finding.expected
        assert finding.action
        assert str(tmp_path) not in finding.what or finding.rule in {"sheet-missing", "frames-missing"}


@pytest.mark.parametrize("plant", [gap, cut_jpeg, zero_bytes, frozen, grey_frame])
def test_the_frame_is_named_by_its_number(plant, exported, tmp_path):
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    place = 2 if plant is gap else 4 if plant is frozen else 3
    number = int(frame(folder, CASME2_CLIP, place).stem.removeprefix("reg_img"))
    plant(folder)
    [finding] = audit_clips("casme2", folder).findings
    assert finding.frame == number
    assert finding.where == f"{FIRST} frame {number}"


def test_all_defects_of_a_copy_are_collected_at_once_and_told_in_order(exported, tmp_path):
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    for plant in (put("E3", "/"), stray, cut_jpeg):
        plant(folder)
    shutil.rmtree(folder / "Cropped" / "sub11")
    audit = audit_clips("casme2", folder)
    assert [finding.rule for finding in audit.findings] == [
        "clip-missing",
        "frame-truncated",
        "stray-file",
        "apex-not-a-number",
    ]
    assert audit.by_severity == {"error": 2, "warning": 1, "note": 1}
    assert not audit.ok


def test_known_defects_alone_leave_a_copy_ok(exported, tmp_path):
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    put("E2", "/")(folder)
    audit = audit_clips("casme2", folder)
    assert audit.ok
    assert audit.by_severity == {"error": 0, "warning": 0, "note": 1}
    assert len(read_casme2(folder)) == 4


def test_quick_decodes_one_frame_a_clip(exported, tmp_path):
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    cut_jpeg(folder)
    zero_bytes_of_another = frame(folder, "Cropped/sub11/sub11_9_3", 5)
    zero_bytes_of_another.write_bytes(b"")
    audit = audit_clips("casme2", folder, quick=True)
    assert audit.decoded == 4
    assert [finding.rule for finding in audit.findings] == ["frame-empty"]


def test_two_processes_find_the_same_and_progress_is_told(exported, tmp_path):
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    cut_jpeg(folder)
    told = []
    one = audit_clips("casme2", folder, progress=lambda *done: told.append(done))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert audit_clips("casme2", folder, workers=2) == one


def test_both_layouts_are_audited_by_name(exported, tmp_path):
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    shutil.copytree(exported["casme2", "raw"] / "CASME2-RAW", folder / "CASME2-RAW")
    assert [finding.rule for finding in audit_clips("casme2", folder).findings] == ["other-layout"]
    assert audit_clips("casme2", folder, layout="raw").layout == "raw"


def test_the_report_repeats_no_cell_of_the_sheet(exported, tmp_path):
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    put("I2", "secretfeeling")(folder)
    put("H3", "4+secretunit")(folder)
    report = audit_clips("casme2", folder).to_json()
    assert "secret" not in report
    assert json.loads(report)["by_rule"]["emotion-unknown"] == 1
    assert json.loads(report)["ok"] is False


@pytest.mark.parametrize("spoil", [None, "*.xlsx", "Cropped"])
def test_the_report_names_no_path_of_the_machine(spoil, exported, tmp_path):
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    for path in folder.glob(spoil) if spoil else ():
        shutil.rmtree(path) if path.is_dir() else path.write_bytes(b"no workbook")
    audit = audit_clips("casme2", folder)
    assert audit.folder == "copy"
    assert str(tmp_path) not in audit.to_json() + clip_audit_page(audit)


def test_the_report_names_no_class_of_a_single_clip(exported, tmp_path):
    folder = shutil.copytree(exported["smic", "cropped"], tmp_path / "copy")
    other_class_folder(folder)
    [told] = [finding for finding in audit_clips("smic", folder).findings if finding.rule == "class-disagrees"]
    assert not any(name in str(told) for name in ("negative", "positive", "surprise"))


def test_an_unreadable_frame_is_a_finding(exported, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    folder = shutil.copytree(exported["casme2", "cropped"], tmp_path / "copy")
    frame(folder, CASME2_CLIP, 3).chmod(0)
    assert [finding.rule for finding in audit_clips("casme2", folder).findings] == ["frame-unreadable"]


def test_the_copy_is_left_as_it_was(exported, tmp_path):
    folder = shutil.copytree(exported["smic", "cropped"], tmp_path / "copy")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    audit_clips("smic", folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_marker_of_another_data_set_and_an_absent_folder(exported, tmp_path):
    assert read_marker(exported["samm", "frames"]).clips == 4
    with pytest.raises(MerlibError, match="not a folder"):
        audit_clips("casme2", tmp_path / "absent")
    with pytest.raises(MerlibError, match="casme2, samm, smic"):
        audit_clips("casme3", tmp_path)
