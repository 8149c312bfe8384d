"""Annotation sheets in the forms in which they circulate: read, or told by name with what to do."""

from __future__ import annotations

import csv

import openpyxl
import pandas as pd
import pytest
from official_builder import (
    CASME2_ROWS,
    build_casme2,
    build_samm,
    build_smic,
    casme2_cells,
    samm_cells,
    smic_cells,
    write_sheet,
)

from merlib.datasets.official.audit import audit_clips
from merlib.datasets.official.readers import read_casme2, read_samm, read_smic
from merlib.datasets.official.scan import scan_clips
from merlib.datasets.official.sheets import UNKNOWN
from merlib.errors import MerlibError

SHEET = "CASME2-coding-20140508.xlsx"
LENIENT = {"on_bad_clip": "leave-out"}  # these small copies have fewer clips than the manifests count


def rules(name, folder) -> dict:
    return audit_clips(name, folder, quick=True).by_rule


def test_an_old_workbook_is_named_with_what_to_do(tmp_path):
    (build_casme2(tmp_path) / SHEET).rename(tmp_path / "CASME2_label_Ver_2.xls")
    with pytest.raises(MerlibError) as refused:
        read_casme2(tmp_path)
    assert "CASME2_label_Ver_2.xls" in refused.value.found
    assert ".xlsx" in refused.value.action


def to_csv(path, delimiter, encoding):
    rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    with open(path.with_suffix(".csv"), "w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(
            [["" if cell is None else cell for cell in row] for row in rows]
        )
    path.unlink()


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-16"), (",", "gbk")]
)
def test_a_csv_with_the_owners_header_is_read_like_the_workbook(delimiter, encoding, tmp_path):
    columns = ["subject", "clip", "label", "onset", "apex", "offset", "action_units"]
    before = read_casme2(build_casme2(tmp_path), **LENIENT)[columns]
    to_csv(tmp_path / SHEET, delimiter, encoding)
    pd.testing.assert_frame_equal(read_casme2(tmp_path, **LENIENT)[columns], before)


def test_a_csv_of_something_else_is_no_sheet(tmp_path):
    (build_casme2(tmp_path) / SHEET).unlink()
    (tmp_path / "combined_3class_gt.csv").write_text("casme2,sub01,EP90_01f,0\n")
    with pytest.raises(MerlibError, match="no annotation sheet"):
        read_casme2(tmp_path)


def test_of_several_workbooks_the_one_with_the_header_is_read(tmp_path):
    (build_casme2(tmp_path) / SHEET).rename(tmp_path / "CASME2-coding.xlsx")
    write_sheet(tmp_path / "CASME2-ObjectiveClasses.xlsx", [["Subject", "Filename", "Objective Class"], ["01", "a", 1]])
    scan = scan_clips("casme2", tmp_path)
    assert scan.sheet.path.name == "CASME2-coding.xlsx"
    assert "several-sheets" not in {finding.rule for finding in scan.findings}
    (tmp_path / "CASME2-coding.xlsx").rename(tmp_path / "zz.xlsx")
    assert scan_clips("casme2", tmp_path).sheet.path.name == "zz.xlsx"


def test_the_sheet_of_long_videos_does_not_stand_for_that_of_the_clips(tmp_path):
    build_samm(tmp_path)
    later = tmp_path / "SAMM_20181215_Micro_FACS_Codes_v2.xlsx"
    (tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx").rename(later)
    header = ["Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units"]
    write_sheet(tmp_path / "SAMM_LongVideos_V2_Release.xlsx", [header, [6, "006_1_1", 1, 1, 2, 3, 3, "Macro", "12"]])
    assert scan_clips("samm", tmp_path).sheet.path == later


def test_text_below_the_table_is_a_note(tmp_path):
    build_smic(tmp_path)
    cells = [*smic_cells(), [], ["Note: clips were cut by hand"], ["MF1 = first movement"]]
    write_sheet(tmp_path / "SMIC-HS-E_annotation_2019.xlsx", cells, "HS")
    assert rules("smic", tmp_path)["row-of-text"] == 2
    assert "subject-unknown" not in rules("smic", tmp_path)
    assert len(read_smic(tmp_path, **LENIENT)) == 3


@pytest.mark.parametrize("cell", [1, "01", "sub1", 1.0, " sub01 ", "Sub01"])
def test_a_subject_of_casme2_in_any_usual_form(cell, tmp_path):
    build_casme2(tmp_path)
    write_sheet(tmp_path / SHEET, casme2_cells([(cell, *CASME2_ROWS[0][1:])]))
    assert read_casme2(tmp_path, **LENIENT)["subject"].tolist() == ["sub01"]


def test_a_subject_written_once_for_merged_cells_is_asked_for_row_by_row(tmp_path):
    build_casme2(tmp_path)
    write_sheet(tmp_path / SHEET, casme2_cells([CASME2_ROWS[0], (None, *CASME2_ROWS[1][1:])]))
    assert rules("casme2", tmp_path)["subject-unknown"] == 1


def test_an_offset_past_the_last_frame_is_the_last_frame(tmp_path):
    build_casme2(tmp_path)
    row = (*CASME2_ROWS[0][:6], 99, *CASME2_ROWS[0][7:])
    write_sheet(tmp_path / SHEET, casme2_cells([row, *CASME2_ROWS[1:]]))
    table = read_casme2(tmp_path, **LENIENT)
    assert table.iloc[0][["onset", "apex", "offset", "n_frames"]].tolist() == [0, 3, 6, 7]
    assert any(note.startswith("offset-past-frames: sub01/EP90_01f") for note in table.attrs["notes"])


@pytest.mark.parametrize(("apex", "missing"), [(46, True), (47, False), (52, False)])
def test_an_apex_on_the_onset_is_missing(apex, missing, tmp_path):
    build_casme2(tmp_path)
    row = (*CASME2_ROWS[0][:5], apex, *CASME2_ROWS[0][6:])
    write_sheet(tmp_path / SHEET, casme2_cells([row, *CASME2_ROWS[1:]]))
    assert read_casme2(tmp_path, **LENIENT)["apex"].isna().tolist() == [missing, False, False]
    assert rules("casme2", tmp_path).get("apex-on-onset", 0) == missing


def test_units_beside_a_remark_are_kept_in_the_table(tmp_path):
    build_samm(tmp_path)
    cells = samm_cells()
    cells[14][8], cells[15][8] = "ref(4B)+5B + soft focus", "?"
    write_sheet(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", cells)
    assert read_samm(tmp_path, **LENIENT)["action_units"].tolist() == ["4B+5B", ""]
    assert rules("samm", tmp_path)["action-units-unreadable"] == 2


def test_a_clip_left_out_stands_in_the_notes_with_its_reason(tmp_path):
    build_casme2(tmp_path)
    write_sheet(tmp_path / SHEET, casme2_cells([(*CASME2_ROWS[0][:-1], "joy"), *CASME2_ROWS[1:]]))
    with pytest.raises(MerlibError, match="--on-bad-clip leave-out"):
        read_casme2(tmp_path)
    table = read_casme2(tmp_path, **LENIENT)
    assert len(table) == 2
    assert "left out casme2/sub01/EP90_01f (emotion-unknown)" in table.attrs["notes"]


def test_a_policy_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(MerlibError, match="leave-out"):
        read_casme2(build_casme2(tmp_path), on_bad_clip="skip")


def test_an_edition_saved_again_is_told_by_name_and_rows_and_a_stranger_is_not(tmp_path):
    assert scan_clips("casme2", build_casme2(tmp_path)).sheet.edition == UNKNOWN  # three rows, not 255


def test_a_frame_stored_turned_is_read_upright_and_noted(tmp_path):
    from PIL import Image

    build_casme2(tmp_path)
    path = tmp_path / "Cropped" / "sub01" / "EP90_01f" / "reg_img46.jpg"
    mark = Image.Exif()
    mark[0x0112] = 6  # to be turned a quarter clockwise
    Image.open(path).save(path, exif=mark)
    row = read_casme2(tmp_path, **LENIENT).iloc[0]
    assert row["source"].read(0).shape == (10, 12, 3)
    assert rules("casme2", tmp_path)["frame-turned"] == 1


def test_sixteen_bit_pictures_keep_their_shades(tmp_path):
    import numpy as np
    from PIL import Image

    build_samm(tmp_path)
    old = tmp_path / "006" / "006_8_1" / "006_05562.jpg"
    shades = (np.arange(120, dtype=np.uint16) * 500).reshape(12, 10)
    Image.fromarray(shades).save(old.with_suffix(".png"))
    old.unlink()
    picture = read_samm(tmp_path, **LENIENT).iloc[0]["source"].read(0)
    assert np.array_equal(picture[..., 0], (shades >> 8).astype(np.uint8))


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_two_columns_of_one_name_are_refused_since_nobody_knows_which_counts(ending, tmp_path):
    build_casme2(tmp_path)
    cells = casme2_cells()
    cells = [[*row, extra] for row, extra in zip(cells, ["Onset Frame", 1, 1, 1], strict=True)]
    write_sheet(tmp_path / SHEET, cells)
    if ending == ".csv":
        to_csv(tmp_path / SHEET, ",", "utf-8")
    with pytest.raises(MerlibError, match="has 2 columns OnsetFrame"):
        read_casme2(tmp_path, **LENIENT)
