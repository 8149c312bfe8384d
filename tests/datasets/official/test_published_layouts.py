"""Every published layout of every set reads clean as a whole copy, and the composite has all of its 442 clips."""

from __future__ import annotations

import shutil
from collections import Counter

import numpy as np
import pytest
from official_builder import casme2_cells, write_sheet
from whole_copies import LAYOUTS, build_whole, listed, plan, write_video

from merlib.clips.clip_table import frames
from merlib.datasets.official.audit import audit_clips
from merlib.datasets.official.composite import LIST, read_composite
from merlib.datasets.official.layouts import FrameLayout
from merlib.datasets.official.readers import read_casme2, read_samm, read_smic
from merlib.datasets.official.video_frames import video_frames, video_rate
from merlib.errors import MerlibError
from merlib.sources import load_manifest

READERS = {"casme2": read_casme2, "samm": read_samm, "smic": read_smic}
KNOWN = {  # what the owners' own editions make of a whole copy: known defects, repaired by rule
    "casme2": {"sheet-edition-unknown": 1, "apex-not-a-number": 1},
    "samm": {"sheet-edition-unknown": 1, "apex-outside-clip": 2},
    "smic": {"sheet-edition-unknown": 1, "class-by-name": 1, "rows-missing": 2},
}


@pytest.mark.long
@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_a_whole_copy_reads_clean(name, layout, tmp_path):
    folder = build_whole(name, tmp_path, layout)
    audit = audit_clips(name, folder, quick=True)
    manifest = load_manifest(name)
    assert audit.ok
    assert audit.layout == layout
    assert audit.by_rule == KNOWN[name]
    assert (audit.clips, audit.readable, audit.subjects) == (manifest.clips, manifest.clips, manifest.subjects)
    table = READERS[name](folder)
    assert table[["subject", "clip", "label"]].to_numpy().tolist() == sorted(map(list, plan(name)))
    assert frames(table.iloc[-1]).shape[0] == 3


def test_smic_counts_the_class_that_name_and_folder_say(tmp_path):
    table = read_smic(build_whole("smic", tmp_path, "cropped"))
    assert Counter(table["label"]) == {"negative": 70, "positive": 51, "surprise": 43}
    assert sum(note.startswith("class-by-name") for note in table.attrs["notes"]) == 1


@pytest.mark.parametrize("ending", ["JPG", "png", "tif", "bmp"])
def test_any_picture_is_read_in_place_of_the_owners(ending, tmp_path):
    rows = plan("smic")[:4]
    table = read_smic(build_whole("smic", tmp_path, "cropped", rows, ending), on_bad_clip="leave-out")
    assert len(table) == 4
    assert all(name.endswith(ending) for name in table["source"][0].files)


def test_files_that_do_not_fit_are_told_with_what_lies_there(tmp_path):
    folder = build_whole("smic", tmp_path, "cropped", plan("smic")[:2])
    for file in folder.rglob("*.bmp"):
        file.rename(file.with_name(file.name.replace("reg_image", "frame_")))
    with pytest.raises(MerlibError, match=r"6 files like frame_400\d\.bmp"):
        read_smic(folder)


def test_empty_folders_of_people_are_told_as_such(tmp_path):
    folder = build_whole("smic", tmp_path, "cropped", plan("smic")[:2])
    for file in folder.rglob("*.bmp"):
        file.unlink()
    with pytest.raises(MerlibError, match="hold no file"):
        read_smic(folder)


def write_list(path, clips):
    labels = ["negative", "positive", "surprise"]
    path.write_text("".join(f"{d},{s.lstrip('0')},{c},{labels.index(label)}\n" for d, s, c, label in clips))
    return path


@pytest.mark.long
def test_the_composite_has_every_clip_of_its_list(tmp_path):
    clips = [row for name in READERS for row in listed(name)]
    layouts = {"casme2": "raw", "samm": "frames", "smic": "long"}
    folders = {name: build_whole(name, tmp_path / name, layout) for name, layout in layouts.items()}
    table = read_composite(folders, write_list(tmp_path / LIST, clips), verify=False)
    assert len(table) == 442
    assert Counter(table["label"]) == {"negative": 250, "positive": 109, "surprise": 83}


def test_in_the_composite_the_list_decides_the_class(tmp_path):
    rows = plan("smic")[:6]
    folder = build_whole("smic", tmp_path / "smic", "cropped", rows)
    [place] = folder.rglob(rows[3][1].replace("s01", "s1"))  # folder, cell and name do not say the same
    assert place.parent.name == "positive"
    place.rename(place.parent.with_name("surprise") / place.name)
    clips = [("smic", subject, clip, "positive") for subject, clip, _ in rows]
    table = read_composite({"smic": folder}, write_list(tmp_path / LIST, clips), verify=False)
    assert Counter(table["label"]) == {"positive": 6}


def test_a_clip_of_the_list_that_is_broken_stops_or_is_left_out_with_its_reason(tmp_path):
    rows = plan("smic")[:6]
    folder = build_whole("smic", tmp_path / "smic", "cropped", rows)
    path = write_list(tmp_path / LIST, [("smic", *row) for row in rows])
    shutil.rmtree(next(folder.rglob(f"s{rows[2][1][1:].lstrip('0')}")))
    with pytest.raises(MerlibError, match="1 of the list's 6"):
        read_composite({"smic": folder}, path, verify=False)
    table = read_composite({"smic": folder}, path, verify=False, on_bad_clip="leave-out")
    assert len(table) == 5
    assert any(note.startswith(f"left out smic/{rows[2][0]}/{rows[2][1]} (") for note in table.attrs["notes"])


@pytest.mark.long
@pytest.mark.real
def test_the_composite_of_the_organisers_list_has_442_of_442(shared_real, tmp_path):
    path = shared_real / "megc2019_combined_3class_gt.csv"
    from merlib.datasets.official.composite import read_list

    labels = read_list(path)
    fine = {"casme2": {"positive": "happiness", "negative": "disgust"}, "samm": {"positive": "happiness"}, "smic": {}}
    fine["samm"]["negative"] = "anger"
    folders = {}
    for name, layout in (("casme2", "cropped"), ("samm", "frames"), ("smic", "cropped")):
        mine = labels[labels["dataset"] == name]
        rows = [(row.subject, row.clip, fine[name].get(row.label, row.label)) for row in mine.itertuples()]
        folders[name] = build_whole(name, tmp_path / name, layout, rows)
    table = read_composite(folders, path)
    assert len(table) == 442
    merged = table.merge(labels, on=["dataset", "subject", "clip"], suffixes=("", "_listed"))
    assert (merged["label"] == merged["label_listed"]).all()


@pytest.mark.real
def test_every_smic_clip_of_the_organisers_list_is_called_by_its_class(shared_real):
    """What the rule of class-by-name rests on."""
    from merlib.datasets.official.composite import read_list
    from merlib.datasets.official.sets import SMIC

    labels = read_list(shared_real / "megc2019_combined_3class_gt.csv")
    smic = labels[labels["dataset"] == "smic"]
    assert [SMIC.class_in_clip(clip) for clip in smic["clip"]] == smic["label"].tolist()


# --- videos ---------------------------------------------------------------------------------------------------------


def test_frames_of_a_video_are_the_same_in_any_order(tmp_path):
    video = video_frames(write_video(tmp_path / "clip.avi", 1, frames=5))
    assert video.numbers.tolist() == [1, 2, 3, 4, 5]
    forwards = [video.read(i) for i in range(5)]
    backwards = [video.read(i) for i in reversed(range(5))][::-1]
    assert np.array_equal(forwards, backwards)
    assert len({picture.tobytes() for picture in forwards}) == 5
    with pytest.raises(MerlibError, match=r"ends before frame 5: .*clip\.avi"):
        video.read(5)


def test_a_video_cut_to_the_movement_starts_at_its_onset(tmp_path):
    rows = plan("casme2")[:3]
    folder = build_whole("casme2", tmp_path, "compressed", rows)
    whole = read_casme2(folder, on_bad_clip="leave-out")
    cells = [(s[3:], clip, 40, 42, 40, 41, 42, "4", label) for s, clip, label in rows[:2]]
    cells.append((rows[2][0][3:], rows[2][1], 40, 43, 40, 41, 43, "4", rows[2][2]))  # four frames: the video has three
    write_sheet(folder / "CASME2-coding-20140508.xlsx", casme2_cells(cells))
    cut = read_casme2(folder, on_bad_clip="leave-out")
    places = ["onset", "apex", "offset", "n_frames"]
    assert cut[places].to_numpy().tolist() == [[0, 1, 2, 3]] * 2
    assert np.array_equal(frames(cut.iloc[0]), frames(whole.iloc[0]))
    assert cut["source"][0].numbers.tolist() == [40, 41, 42]
    assert sum(note.startswith("video-cut: ") for note in cut.attrs["notes"]) == 2
    assert any(note.startswith(f"left out casme2/{rows[2][0]}/{rows[2][1]} (") for note in cut.attrs["notes"])


def test_findings_about_videos_speak_of_videos(tmp_path):
    rows = plan("casme2")[:3]
    folder = build_whole("casme2", tmp_path, "compressed", rows)
    missing, extra = folder / "CASME2_compressed", rows[0]
    next(missing.rglob(f"{rows[1][1]}.avi")).unlink()
    write_video(missing / extra[0] / "EP99_99.avi", 1)
    told = {each.rule: (each.what, each.action) for each in audit_clips("casme2", folder).findings}
    assert told["clip-missing"] == ("row 3 has no video.", "restore the clip's video from the data set.")
    assert told["clip-extra"][0] == "a video without a row in the sheet."


def test_a_video_tells_its_rate(tmp_path):
    rate, varies = video_rate(write_video(tmp_path / "clip.avi", 1, frames=8, rate=100))
    assert rate == pytest.approx(100, rel=0.02)
    assert not varies


def test_a_variable_rate_is_told(tmp_path, monkeypatch):
    import cv2

    class Uneven:
        def __init__(self, _):
            self.times = iter([0, 33, 66, 133, 166, None])

        def grab(self):
            self.now = next(self.times)
            return self.now is not None

        def get(self, _):
            return self.now

        def release(self):
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Uneven)
    rate, varies = video_rate(tmp_path / "clip.mp4")
    assert (round(rate), varies) == (30, True)


def test_a_file_that_is_no_video_is_an_error_of_its_clip(tmp_path):
    folder = build_whole("casme2", tmp_path, "compressed", plan("casme2")[:3])
    next(folder.rglob("*.avi")).write_bytes(b"<html>")
    rules = audit_clips("casme2", folder).by_rule
    assert rules["video-unreadable"] == 1


@pytest.mark.parametrize("pattern", ["{clip}/img{frame}.jpg", "{subject}/img{frame}.jpg", "{subject}/{clip}.txt"])
def test_a_pattern_without_people_or_clips_is_refused(pattern):
    with pytest.raises(MerlibError, match="subject"):
        FrameLayout("mine", pattern)
