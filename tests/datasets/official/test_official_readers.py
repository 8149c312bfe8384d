"""Readers see what the official forms say, repair known defects by rule and refuse what cannot be read."""

from __future__ import annotations

import pickle
import shutil
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from official_builder import (
    CASME2_ROWS,
    SAMM_ROWS,
    SMIC_ROWS,
    build_casme2,
    build_samm,
    build_smic,
    casme2_cells,
    mark,
    samm_cells,
    smic_cells,
    write_sheet,
)
from PIL import Image

from merlib.clips.clip_table import frames
from merlib.datasets.official.composite import read_composite, read_list
from merlib.datasets.official.readers import read_casme2, read_samm, read_smic
from merlib.errors import MerlibError
from merlib.sources import manifests_dir, subject_counts

CASME2_SHEET = "CASME2-coding-20140508.xlsx"
SAMM_SHEET = "SAMM_Micro_FACS_Codes_v2.xlsx"
SMIC_SHEET = "SMIC-HS-E_annotation_2019.xlsx"


@pytest.fixture
def casme2(tmp_path):
    return mark(build_casme2(tmp_path / "CASMEII"), "casme2", "cropped")


@pytest.fixture
def samm(tmp_path):
    return mark(build_samm(tmp_path / "SAMM"), "samm", "frames")


@pytest.fixture
def smic(tmp_path):
    return mark(build_smic(tmp_path / "SMIC"), "smic", "cropped")


def values(table: pd.DataFrame) -> list[list]:
    columns = ["subject", "clip", "label", "onset", "apex", "offset", "fps", "action_units", "n_frames"]
    return table[columns].astype(object).to_numpy().tolist()


def test_casme2_by_hand(casme2):
    table = read_casme2(casme2)
    assert values(table) == [
        ["sub01", "EP90_01f", "disgust", 0, 3, 6, 200.0, "4+L10", 7],
        ["sub01", "EP90_02", "happiness", 0, 2, 5, 200.0, "12", 6],
        ["sub17", "EP91_03f", "others", 1, 2, 6, 200.0, "R12+15 or 4", 8],
    ]
    assert table["source"][2].numbers.tolist() == [7, 8, 9, 10, 11, 12, 13, 14]
    assert table.attrs == {
        "name": "casme2",
        "edition": "synthetic twin, seed 7",
        "synthetic": True,
        "notes": (),
        "layout": "cropped",
    }


def test_samm_by_hand(samm):
    table = read_samm(samm)
    assert values(table) == [
        ["006", "006_8_1", "anger", 0, 3, 6, 200.0, "4+7", 7],
        ["037", "037_8_2", "other", 1, 2, 5, 200.0, "L14?", 7],
    ]
    assert table.attrs["notes"] == ()


def test_smic_by_hand_has_no_apex_and_says_so(smic):
    table = read_smic(smic)
    assert values(table.drop(columns="apex").assign(apex="")) == [
        ["s01", "s01_ne_81", "negative", 0, "", 5, 100.0, "", 6],
        ["s01", "s01_po_81", "positive", 1, "", 5, 100.0, "", 7],
        ["s20", "s20_sur_81", "surprise", 0, "", 4, 100.0, "", 6],
    ]
    assert table["apex"].isna().all()
    assert len(table.attrs["notes"]) == 1
    assert "no apex" in table.attrs["notes"][0]


def test_frames_are_those_of_the_numbers_and_travel_to_other_processes(casme2):
    row = pickle.loads(pickle.dumps(read_casme2(casme2))).iloc[2]
    pictures = frames(row, [0, int(row.apex)])
    assert pictures.shape == (2, 12, 10, 3)
    for picture, number in zip(pictures, (7, 9), strict=True):
        file = casme2 / "Cropped" / "sub17" / "EP91_03f" / f"reg_img{number}.jpg"
        assert np.array_equal(picture, np.asarray(Image.open(file)))


def test_a_grey_frame_has_three_equal_channels(samm):
    picture = frames(read_samm(samm).iloc[0], [0])[0]
    assert picture.shape == (12, 10, 3)
    assert np.array_equal(picture[..., 0], picture[..., 2])


def test_frame_numbers_are_sorted_as_numbers(tmp_path):
    folder = mark(build_casme2(tmp_path), "casme2", "cropped")
    assert read_casme2(folder)["source"][2].files[2:4] == ("reg_img9.jpg", "reg_img10.jpg")


def test_raw_frames_are_read_where_they_are_all_there_is(tmp_path):
    table = read_casme2(mark(build_casme2(tmp_path, "raw"), "casme2", "raw"))
    assert table["source"][0].files[0] == "img46.jpg"
    assert table.attrs["layout"] == "raw"


def test_both_casme2_layouts_in_one_folder(casme2, tmp_path):
    shutil.move(build_casme2(tmp_path / "more", "raw") / "CASME2-RAW", casme2)
    assert read_casme2(casme2).attrs["layout"] == "cropped"
    assert read_casme2(casme2, layout="raw")["source"][0].files[0] == "img46.jpg"
    with pytest.raises(MerlibError, match="cropped, raw"):
        read_casme2(casme2, layout="row")


@pytest.mark.parametrize("place", ["Coding", "."])
def test_the_sheet_may_lie_in_a_folder_below(place, casme2):
    (casme2 / "Coding").mkdir(exist_ok=True)
    (casme2 / CASME2_SHEET).rename(casme2 / place / CASME2_SHEET)
    assert len(read_casme2(casme2)) == 3


# --- editions and counts --------------------------------------------------------------------------------------------


def test_a_copy_without_marker_and_with_other_counts_is_refused(tmp_path):
    with pytest.raises(MerlibError, match="subjects; missing"):
        read_casme2(build_casme2(tmp_path))


def test_the_edition_is_told_by_hash_and_counts_by_the_manifest(tmp_path, monkeypatch):
    folder = build_casme2(tmp_path / "copy")
    manifests = shutil.copytree(manifests_dir(), tmp_path / "manifests")
    text = (manifests / "casme2" / "manifest.yaml").read_text(encoding="utf-8")
    known = "cc45b6cb428c97f3ce2902a79f90a623c38563ea676c7ae4dcabdff889939f27"
    sheet = sha256((folder / CASME2_SHEET).read_bytes()).hexdigest()
    (manifests / "casme2" / "manifest.yaml").write_text(text.replace(known, sheet), encoding="utf-8")
    rows = "casme2,emotion7,sub01,disgust,1\ncasme2,emotion7,sub01,happiness,1\ncasme2,emotion7,sub17,others,1\n"
    (manifests / "counts.csv").write_text("dataset,scheme,subject,class,n\n" + rows, encoding="utf-8")
    monkeypatch.setenv("MERLIB_MANIFESTS", str(manifests))
    assert len(subject_counts("casme2", "emotion7")) == 3
    table = read_casme2(folder)
    assert (table.attrs["edition"], table.attrs["synthetic"], table.attrs["notes"]) == ("20140508", False, ())


def test_an_unknown_edition_is_named_in_the_notes(tmp_path):
    table = read_casme2(build_casme2(tmp_path), on_bad_clip="leave-out")
    assert table.attrs["edition"] == "unknown edition"
    assert any(note.startswith("sheet-edition-unknown") for note in table.attrs["notes"])
    assert not table.attrs["synthetic"]


def test_a_twin_whose_sheet_was_changed_is_refused(casme2):
    write_sheet(casme2 / CASME2_SHEET, casme2_cells()[:-1])
    with pytest.raises(MerlibError, match="SHA-256"):
        read_casme2(casme2, on_bad_clip="leave-out")


@pytest.mark.parametrize("policy", ["error", "leave-out"])
def test_a_twin_in_a_folder_below_never_passes_for_recorded_clips(policy, casme2):
    with pytest.raises(MerlibError, match="exported twin in CASMEII"):
        read_casme2(casme2.parent, on_bad_clip=policy)


# --- known defects --------------------------------------------------------------------------------------------------


def rewritten(folder, name, sheet, cells, layout, title=None):
    write_sheet(folder / sheet, cells, title)
    return mark(folder, name, layout)


@pytest.mark.parametrize("apex", ["/", None, "", 45, 53])
def test_an_apex_that_cannot_be_is_missing_and_noted(apex, casme2):
    cells = casme2_cells()
    cells[1][4] = apex
    table = read_casme2(rewritten(casme2, "casme2", CASME2_SHEET, cells, "cropped"))
    assert table["apex"][0] is pd.NA
    assert table["apex"][1] == 2
    [note] = table.attrs["notes"]
    rule, _, told = note.partition(": ")
    assert rule.startswith("apex-")
    assert told == "sub01/EP90_01f: it counts as missing and is spotted"  # public records repeat no frame of the sheet


def test_samm_subjects_that_lost_their_zeros_and_an_apex_outside(samm):
    cells = samm_cells()
    cells[14][0] = 6
    cells[15][4] = 9999
    table = read_samm(rewritten(samm, "samm", SAMM_SHEET, cells, "frames"))
    assert table["subject"].tolist() == ["006", "037"]
    assert table["apex"].isna().tolist() == [False, True]


def test_a_smic_clip_without_a_row_is_repaired_from_its_folder(tmp_path):
    folder = mark(build_smic(tmp_path, annotated=SMIC_ROWS[1:]), "smic", "cropped")
    table = read_smic(folder)
    assert values(table.assign(apex=""))[0] == ["s01", "s01_ne_81", "negative", 0, "", 5, 100.0, "", 6]
    assert [note for note in table.attrs["notes"] if note.startswith("rows-missing: s01/s01_ne_81")]


def test_smic_subjects_spelled_two_ways_are_one(smic):
    cells = smic_cells()
    cells[2][0], cells[2][1] = "s01", "s01_po_81"
    table = read_smic(rewritten(smic, "smic", SMIC_SHEET, cells, "cropped", "HS"))
    assert table["subject"].tolist() == ["s01", "s01", "s20"]
    assert any(note.startswith("subject-spelling") for note in table.attrs["notes"])


def test_numbers_typed_as_text_or_fraction_are_numbers(casme2):
    cells = casme2_cells()
    cells[1][3:6] = "46", 49.0, " 52 "
    table = read_casme2(rewritten(casme2, "casme2", CASME2_SHEET, cells, "cropped"))
    assert table.iloc[0][["onset", "apex", "offset"]].tolist() == [0, 3, 6]


def test_a_gap_in_the_frames_is_read_with_a_note_and_positions_count_frames(casme2):
    (casme2 / "Cropped" / "sub01" / "EP90_01f" / "reg_img47.jpg").unlink()
    table = read_casme2(casme2)
    assert table.iloc[0][["onset", "apex", "offset", "n_frames"]].tolist() == [0, 2, 5, 6]
    assert table.attrs["notes"][0].startswith("frame-gap: sub01/EP90_01f frame 47")


# --- refused --------------------------------------------------------------------------------------------------------


def test_a_broken_clip_is_refused_or_left_out_on_request(casme2):
    shutil.rmtree(casme2 / "Cropped" / "sub01" / "EP90_02")
    with pytest.raises(MerlibError, match="sub01/EP90_02: row 3 has no folder"):
        read_casme2(casme2)
    table = read_casme2(casme2, on_bad_clip="leave-out")
    assert table["clip"].tolist() == ["EP90_01f", "EP91_03f"]
    assert any("clip-missing: sub01/EP90_02" in note for note in table.attrs["notes"])


def test_a_sheet_without_a_column_names_it(casme2):
    write_sheet(casme2 / CASME2_SHEET, [[cell for cell in row if cell != "OffsetFrame"] for row in casme2_cells()])
    with pytest.raises(MerlibError, match="no column OffsetFrame"):
        read_casme2(casme2)


@pytest.mark.parametrize("reader", [read_casme2, read_samm, read_smic])
def test_an_empty_or_absent_folder_says_what_belongs_there(reader, tmp_path):
    with pytest.raises(MerlibError, match=r"annotation sheet[\s\S]*\.xlsx"):
        reader(tmp_path)
    with pytest.raises(MerlibError, match="not a folder"):
        reader(tmp_path / "absent")


@pytest.mark.parametrize("content", [b"", b"half a pict", None])
def test_a_frame_that_cannot_be_decoded_is_named_when_it_is_read(content, casme2):
    row = read_casme2(casme2).iloc[0]
    file = casme2 / "Cropped" / "sub01" / "EP90_01f" / "reg_img48.jpg"
    file.write_bytes(file.read_bytes()[:-40] if content is None else content)
    with pytest.raises(MerlibError, match=r" EP90_01f/reg_img48\.jpg"):  # without the machine's path
        frames(row)


# --- composite ------------------------------------------------------------------------------------------------------

LIST = (
    ("casme2", "sub01", "EP90_01f", 0),
    ("casme2", "sub01", "EP90_02", 1),
    ("smic", "s01", "s01_ne_81", 0),
    ("smic", "s20", "s20_sur_81", 2),
    ("samm", "6", "006_8_1", 0),
)


def write_list(path, rows=LIST):
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def test_the_composite_takes_clips_and_labels_from_the_list(casme2, samm, smic, tmp_path):
    folders = {"casme2": casme2, "samm": samm, "smic": smic}
    table = read_composite(folders, write_list(tmp_path / "list.csv"), verify=False)
    assert table[["dataset", "subject", "clip", "label"]].to_numpy().tolist() == [
        ["casme2", "sub01", "EP90_01f", "negative"],
        ["casme2", "sub01", "EP90_02", "positive"],
        ["samm", "006", "006_8_1", "negative"],
        ["smic", "s01", "s01_ne_81", "negative"],
        ["smic", "s20", "s20_sur_81", "surprise"],
    ]
    assert table["apex"].isna().tolist() == [False, False, False, True, True]
    assert table["fps"].tolist() == [200, 200, 200, 100, 100]
    assert frames(table.iloc[4], [0]).shape == (1, 12, 10, 3)
    assert table.attrs["synthetic"]
    assert "samm synthetic twin" in table.attrs["edition"]


def test_labels_follow_the_list_even_against_the_sheet(casme2, samm, smic, tmp_path):
    rows = [(*row[:3], 2) if row[2] == "EP90_02" else row for row in LIST]  # the sheet says happiness
    folders = {"casme2": casme2, "samm": samm, "smic": smic}
    table = read_composite(folders, write_list(tmp_path / "list.csv", rows), verify=False)
    assert table.loc[table["clip"] == "EP90_02", "label"].item() == "surprise"


def test_a_clip_of_the_list_that_a_copy_lacks_is_an_error(casme2, samm, smic, tmp_path):
    path = write_list(tmp_path / "list.csv", [*LIST, ("casme2", "sub02", "EP99_01", 0)])
    with pytest.raises(MerlibError, match="first casme2/sub02/EP99_01"):
        read_composite({"casme2": casme2, "samm": samm, "smic": smic}, path, verify=False)


def test_another_list_than_the_organisers_is_refused(tmp_path):
    with pytest.raises(MerlibError, match="as in the organisers' list"):
        read_list(write_list(tmp_path / "list.csv"))


@pytest.mark.real
def test_the_organisers_list_has_its_counts(shared_real):
    listed = read_list(shared_real / "megc2019_combined_3class_gt.csv")
    assert listed["label"].value_counts().to_dict() == {"negative": 250, "positive": 109, "surprise": 83}
    assert listed["dataset"].value_counts().to_dict() == {"casme2": 145, "samm": 133, "smic": 164}
    assert listed[["dataset", "subject"]].drop_duplicates().shape[0] == 68
    assert "SYNTHETIC" not in listed.to_csv()


def test_the_builder_writes_what_the_tests_count():
    assert (len(CASME2_ROWS), len(SAMM_ROWS), len(SMIC_ROWS)) == (3, 2, 3)
