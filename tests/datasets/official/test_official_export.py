"""What is exported comes back as it was, looks like the owners' folders, and can never pass for them."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import openpyxl
import pytest
from noise_clips import Noise, noise_clips
from PIL import Image

from merlib.clips.clip_table import frames
from merlib.datasets.official.export import choose_clips, export_clips, official_numbers
from merlib.datasets.official.readers import read_casme2, read_samm, read_smic
from merlib.datasets.official.watermark import watermark
from merlib.errors import MerlibError

READERS = {"casme2": read_casme2, "samm": read_samm, "smic": read_smic}
SAME = ["dataset", "subject", "clip", "label", "onset", "apex", "offset", "fps", "action_units", "n_frames"]


@pytest.mark.parametrize("name", READERS)
def test_a_table_comes_back_as_it_was(name, tmp_path):
    table = noise_clips(name)
    back = READERS[name](export_clips(table, name, tmp_path / "out", seed=3))
    assert back[SAME].equals(table[SAME])
    assert (back.attrs["edition"], back.attrs["synthetic"]) == ("synthetic twin, seed 3", True)
    assert [note for note in back.attrs["notes"] if not note.startswith("no-apex")] == []


@pytest.mark.parametrize("name", READERS)
def test_frames_are_those_of_the_table_up_to_jpeg_and_the_word(name, tmp_path):
    table = noise_clips(name)
    back = READERS[name](export_clips(table, name, tmp_path / "out"))
    for index in (0, 8):
        before, after = (frames(each.iloc[1], [index])[0].astype(int) for each in (table, back))
        assert np.abs(before - after)[:25].mean() < (3 if name == "samm" else 20)  # colour is stored at half size
        assert np.abs(before - after)[-4:, :50].mean() > 40


@pytest.mark.parametrize(
    ("name", "layout", "form"),
    [
        ("casme2", None, "Cropped/sub03/sub03_9_0/reg_img*.jpg"),
        ("casme2", "raw", "CASME2-RAW/sub03/sub03_9_0/img*.jpg"),
        ("samm", None, "006/006_9_0/006_?????.jpg"),
        ("smic", "long", "HS_long/SMIC-HS-E/s2/s2_ne_70/image*.jpg"),
        ("smic", None, "SMIC_all_cropped/HS/s2/micro/negative/s2_ne_70/reg_image*.bmp"),
    ],
)
def test_files_lie_where_the_owners_put_them_and_are_not_numbered_from_1(name, layout, form, tmp_path):
    folder = export_clips(noise_clips(name), name, tmp_path / "out", layout=layout)
    files = sorted(folder.glob(form))
    assert len(files) == 9
    assert min(int(file.stem.removeprefix("006_").lstrip("reg_ima")) for file in files) > 1
    with Image.open(files[0]) as picture:
        form = "BMP" if name == "smic" and layout is None else "JPEG"
        assert (picture.format, picture.mode, picture.size) == (form, "L" if name == "samm" else "RGB", (64, 40))


def test_the_sheets_have_the_official_forms(tmp_path):
    cells = {}
    for name in READERS:
        [sheet] = export_clips(noise_clips(name), name, tmp_path / name).glob("*.xlsx")
        assert "SYNTHETIC" in sheet.name
        book = openpyxl.load_workbook(sheet)
        cells[name] = [[cell.value for cell in row] for row in book.active.iter_rows()]
        assert book.sheetnames == (["HS"] if name == "smic" else ["Sheet1"])
    assert cells["casme2"][0][:3] == ["Subject", "Filename", None]
    assert cells["casme2"][0][6:] == [None, "Action Units", "Estimated Emotion"]
    assert cells["casme2"][1][0] == "03"
    assert cells["samm"][13][:4] == ["Subject", "Filename", "Inducement Code", "Onset Frame"]
    assert cells["samm"][14][0] == "006"
    assert (cells["samm"][14][6], cells["samm"][14][9]) == (7, "Anger")
    assert [header for header in cells["smic"][0] if header and "pex" in header] == []
    assert cells["smic"][1][:2] == [2, "s2_ne_70"]
    assert cells["smic"][1][9] - cells["smic"][1][8] == 8


def test_the_marker_counts_the_clips_and_knows_the_sheet(tmp_path):
    folder = export_clips(noise_clips("casme2"), "casme2", tmp_path / "out", seed=5, clips_per_subject=2)
    marker = json.loads((folder / "SYNTHETIC.json").read_text())
    assert (marker["seed"], marker["clips"], marker["dataset"]) == (5, 3, "casme2")
    assert marker["counts"] == {"sub03": {"disgust": 1, "others": 1}, "sub11": {"surprise": 1}}
    assert marker["sheet_sha256"] == sha256((folder / marker["sheet"]).read_bytes()).hexdigest()


def test_some_subjects_and_some_clips(tmp_path):
    table = noise_clips("casme2")
    assert choose_clips(table, ["sub03"], 2)["label"].tolist() == ["disgust", "others"]
    assert read_casme2(export_clips(table, "casme2", tmp_path / "a", subjects=["sub11"]))["subject"].tolist() == [
        "sub11"
    ]
    with pytest.raises(MerlibError, match="sub03, sub11"):
        export_clips(table, "casme2", tmp_path / "b", subjects=["sub12"])
    with pytest.raises(MerlibError, match="1 or more"):
        choose_clips(table, clips_per_subject=0)


def test_margins_leave_frames_out_and_keep_onset_and_offset(tmp_path):
    folder = export_clips(noise_clips("casme2"), "casme2", tmp_path / "out", before=0, after=1)
    row = read_casme2(folder).iloc[0]
    assert row[["onset", "apex", "offset", "n_frames"]].tolist() == [0, 3, 6, 8]


def test_frame_numbers_follow_the_seed_and_the_source(tmp_path):
    row = noise_clips("smic").iloc[0]
    assert np.array_equal(official_numbers(row, "smic", 1), official_numbers(row, "smic", 1))
    assert not np.array_equal(official_numbers(row, "smic", 1), official_numbers(row, "smic", 2))
    moved = row.copy()
    moved["source"] = type("Numbered", (), {"numbers": np.arange(46, 55)})()
    assert official_numbers(moved, "smic", 1).tolist() == list(range(46, 55))


def test_the_word_can_be_read_and_leaves_the_rest_alone():
    frame = np.full((340, 280, 3), 90, np.uint8)
    marked = watermark(frame)
    changed = np.argwhere((marked != frame).any(axis=2))
    assert (marked.min(), marked.max()) == (0, 255)
    assert changed[:, 0].min() > 320
    assert changed[:, 1].max() < 60
    assert (frame == 90).all()


# --- refused --------------------------------------------------------------------------------------------------------


def test_recorded_clips_are_never_exported(tmp_path):
    with pytest.raises(MerlibError, match="not synthetic"):
        export_clips(noise_clips("casme2", synthetic=False), "casme2", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(MerlibError, match="not an empty folder"):
        export_clips(noise_clips("casme2"), "casme2", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    assert len(read_casme2(export_clips(noise_clips("casme2"), "casme2", tmp_path / "out"))) == 4


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError, OSError])
def test_nothing_half_written_stays(fault, tmp_path, monkeypatch):
    def broken(self, index):
        if self.seed == 2:
            raise fault(28, "No space left on device")
        return np.zeros((40, 64, 3), np.uint8)

    monkeypatch.setattr(Noise, "read", broken)
    with pytest.raises(MerlibError if fault is OSError else fault):
        export_clips(noise_clips("casme2"), "casme2", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_another_data_set_or_with_an_unsafe_name_is_refused(tmp_path):
    with pytest.raises(MerlibError, match="export of samm"):
        export_clips(noise_clips("casme2"), "samm", tmp_path / "out")
    table = noise_clips("casme2")
    table.loc[0, "clip"] = "../up"
    with pytest.raises(MerlibError, match="cannot be a folder"):
        export_clips(table, "casme2", tmp_path / "out")


def test_progress_is_told_and_processes_give_the_same(tmp_path):
    told = []
    one = export_clips(noise_clips("samm"), "samm", tmp_path / "one", progress=lambda *done: told.append(done))
    two = export_clips(noise_clips("samm"), "samm", tmp_path / "two", workers=2)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    files = [sorted(path.relative_to(out) for path in out.rglob("*.jpg")) for out in (one, two)]
    assert files[0] == files[1]
    assert all((one / path).read_bytes() == (two / path).read_bytes() for path in files[0])
