"""What is left of a watched video is whole, whatever it showed and however it ended, and says what it is for."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from tiny_videos import faces, noise, write_video

from merlib.datasets.recordings import LongRecording, plan_recording, write_recording
from merlib.errors import MerlibError
from merlib.publishing.watched.session import INTENDED_USE, watch_video
from merlib.watching.classifying import EventModel, event_map
from merlib.watching.drawing import INTENDED
from merlib.watching.output import COLUMNS, AnnotatedVideo

SURE = EventModel("stub", ("negative", "surprise"), lambda maps: np.array([0.25, 0.75]))


def frames_of(path) -> list[np.ndarray]:
    import cv2

    capture, frames = cv2.VideoCapture(str(path)), []
    while (answer := capture.read())[0]:
        frames.append(answer[1])
    return frames


def events_of(path) -> pd.DataFrame:
    return pd.read_csv(path, comment="#")


@pytest.mark.long
@pytest.mark.usefixtures("mesh_weights")
def test_a_planted_expression_is_in_the_table_the_video_and_the_curves(tmp_path):
    plan = plan_recording(30, seconds=7.5, fps=25, size=(240, 192), kinds=("macro",))
    recording = LongRecording(plan)
    (planted,) = recording.events().itertuples()
    write_recording(recording, tmp_path / "talk.avi")
    told, done = [], []
    outcome = watch_video(str(tmp_path / "talk.avi"), tmp_path / "out", SURE, progress=done.append, told=told.append)
    (event,) = events_of(tmp_path / "out" / "talk.events.csv").itertuples()
    assert list(events_of(tmp_path / "out" / "talk.events.csv").columns) == list(COLUMNS)
    assert (event.face, event.kind, event.label, event.confidence) == (1, planted.kind, "surprise", 0.75)
    assert abs(event.onset - planted.onset) <= 3
    assert abs(event.offset - planted.offset) <= 5
    assert [seen.onset for seen in told] == [event.onset]
    assert done == list(range(1, len(recording) + 1))
    assert len(frames_of(tmp_path / "out" / "talk.watched.mp4")) == len(recording)
    assert (tmp_path / "out" / "talk.events.csv").read_text().startswith("# SYNTHETIC")
    assert sorted(path.name for path in outcome.files) == ["talk.curves.png", "talk.events.csv", "talk.watched.mp4"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(p.name for p in outcome.files)


@pytest.mark.usefixtures("mesh_weights")
def test_a_video_without_faces_gives_an_empty_table_and_is_marked_as_any(tmp_path):
    path = write_video(tmp_path / "wall.avi", noise(20))
    outcome = watch_video(str(path), tmp_path / "out", SURE)
    assert (outcome.faces, outcome.events, outcome.frames) == (0, 0, 20)
    assert events_of(tmp_path / "out" / "wall.events.csv").empty
    corner = np.s_[-14:, :120]
    before, after = frames_of(path)[5][corner], frames_of(tmp_path / "out" / "wall.watched.mp4")[5][corner]
    assert np.abs(before.astype(int) - after).mean() > 20  # the intended use stands there


@pytest.mark.usefixtures("mesh_weights")
def test_ctrl_c_keeps_what_was_watched(tmp_path):
    path = write_video(tmp_path / "face.avi", faces(1.0))

    def stop(frames: int) -> None:
        if frames == 10:
            raise KeyboardInterrupt

    outcome = watch_video(str(path), tmp_path / "out", None, progress=stop)
    assert outcome.interrupted
    assert outcome.frames == 10
    assert len(frames_of(tmp_path / "out" / "face.watched.mp4")) == 10
    assert {path.name for path in outcome.files} == {path.name for path in (tmp_path / "out").iterdir()}


def test_the_verb_says_first_what_it_is_for_and_ends_with_one_message_where_the_file_is_broken(tmp_path):
    from typer.testing import CliRunner

    from merlib.cli.main import app

    (tmp_path / "broken.mp4").write_bytes(b"no video")
    answer = CliRunner().invoke(app, ["watch", str(tmp_path / "broken.mp4")])
    assert " ".join(answer.output.split()).startswith(INTENDED_USE[:60])
    assert isinstance(answer.exception, MerlibError)
    assert "cannot be read as a video" in str(answer.exception)
    assert "judging" in INTENDED
    assert "unlawful" in INTENDED_USE


def test_a_window_without_a_display_is_told_before_anything_is_written(tmp_path, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(MerlibError, match="display"):
        watch_video("0", tmp_path / "out", None, show=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_that_does_not_answer_is_told_and_does_not_end_the_program(tmp_path, monkeypatch, name):
    for each in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, "nowhere.invalid:97")
    with pytest.raises(MerlibError, match=r"nowhere\.invalid:97") as told:
        watch_video("0", tmp_path / "out", None, show=True)
    assert "--show" in told.value.action
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("mesh_weights")
def test_q_in_the_window_ends_it_and_keeps_what_was_watched(tmp_path, monkeypatch):
    path, shown = write_video(tmp_path / "face.avi", faces(1.0)), []
    monkeypatch.setattr("merlib.publishing.watched.session.check_display", lambda: None)
    monkeypatch.setattr("cv2.imshow", lambda name, picture: shown.append(picture.shape))
    monkeypatch.setattr("cv2.waitKey", lambda wait: ord("q") if len(shown) == 5 else -1)
    outcome = watch_video(str(path), tmp_path / "out", None, show=True)
    assert (outcome.interrupted, outcome.frames, shown) == (True, 5, [(192, 240, 3)] * 5)
    assert len(frames_of(tmp_path / "out" / "face.watched.mp4")) == 5


def test_no_half_video_is_left_where_nothing_was_written(tmp_path):
    video = AnnotatedVideo(tmp_path / "a.mp4", 25, (128, 96))
    assert len(list(tmp_path.iterdir())) == 1
    assert video.close() is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(MerlibError, match="rename"):
        AnnotatedVideo(tmp_path / "a.gif", 25, (128, 96))


def test_a_map_of_an_event_holds_the_muscles_motion_and_not_the_heads():
    import cv2

    rng = np.random.default_rng(0)
    onset = cv2.GaussianBlur(rng.integers(0, 255, (140, 112, 3), np.uint8), (0, 0), 2)
    y, x = np.mgrid[:140, :112].astype(np.float32)
    bump = 2.0 * np.exp(-(((x - 30) / 12) ** 2) - ((y - 110) / 12) ** 2)
    moved = cv2.remap(onset, x - 1.5, y - bump + 0.8, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    map_ = event_map(onset, moved)
    assert map_.shape == (3, 28, 28)
    assert math.isclose(map_.min(), 0)
    assert math.isclose(map_.max(), 255)
    peak = np.unravel_index(map_[1].argmax(), (28, 28))
    assert np.hypot(peak[0] - 110 / 5, peak[1] - 30 / 4) < 2.5
