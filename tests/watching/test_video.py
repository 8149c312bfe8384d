"""Videos of every kind are read rightly, and what is wrong with one is told in a message that names what to do."""

from __future__ import annotations

import os

import numpy as np
import pytest
from tiny_videos import noise, rotated_tag, variable_rate, write_video

from merlib.errors import MerlibError
from merlib.watching.video import OPTIONS, open_video


def read(path) -> list:
    with open_video(path) as video:
        return list(video)


def test_frames_come_in_order_with_the_times_of_25_frames_a_second(tmp_path):
    frames = [np.full((96, 128, 3), 8 * i, np.uint8) for i in range(20)]
    seen = read(write_video(tmp_path / "a.avi", frames))
    assert [frame.index for frame in seen] == list(range(20))
    np.testing.assert_allclose([frame.seconds for frame in seen], np.arange(20) / 25, atol=1e-3)
    np.testing.assert_allclose([frame.picture.mean() for frame in seen], 8 * np.arange(20), atol=3)


def test_a_rotation_tag_is_obeyed(tmp_path):
    left_is_bright = np.zeros((96, 160, 3), np.uint8)
    left_is_bright[:, :80] = 220
    path = write_video(tmp_path / "phone.mp4", [left_is_bright] * 5, codec="mp4v")
    assert read(path)[0].picture.shape == (96, 160, 3)
    seen = read(rotated_tag(path))
    assert [frame.picture.shape for frame in seen] == [(160, 96, 3)] * 5
    half = seen[0].picture[10:70].mean(), seen[0].picture[90:150].mean()
    assert max(half) > 150 > 60 > min(half)


def test_a_variable_rate_keeps_the_files_own_times(tmp_path):
    path = write_video(tmp_path / "v.mp4", noise(8), codec="mp4v")
    steady = [frame.seconds for frame in read(path)]
    slow = [frame.seconds for frame in read(variable_rate(path))]
    np.testing.assert_allclose(np.diff(steady), 1 / 25, atol=1e-3)
    np.testing.assert_allclose(np.diff(slow), 10 / 25, atol=1e-2)


def test_grey_video_comes_as_three_equal_channels(tmp_path):
    import cv2

    path = tmp_path / "grey.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (128, 96), isColor=False)
    for value in range(0, 200, 20):
        writer.write(np.full((96, 128), value, np.uint8))
    writer.release()
    seen = read(path)
    assert len(seen) == 10
    assert seen[4].picture.shape == (96, 128, 3)
    assert np.ptp(seen[4].picture.astype(int), axis=2).max() <= 2


def test_a_file_that_breaks_off_ends_early_and_says_how_far_it_came(tmp_path):
    path = write_video(tmp_path / "cut.avi", noise(40))
    whole = path.stat().st_size
    path.write_bytes(path.read_bytes()[: whole // 2])
    with open_video(path) as video:
        count = sum(1 for _ in video)
    assert 0 < count < 40
    assert video.read == count


@pytest.mark.parametrize("content", [b"", b"this is no video" * 100])
def test_what_is_no_video_is_told(tmp_path, content):
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(MerlibError, match=r"broken\.mp4") as told:
        read(path)
    assert "copy it again" in told.value.action


PLAYLISTS = {
    "talk.mp4": "ffconcat version 1.0\nfile other.avi\n",
    "talk.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nother.avi\n#EXT-X-ENDLIST\n",
    "notes.txt": "a talk of an hour\n" * 500,
    "talk.sdp": "v=0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_or_a_text_is_no_video_whatever_it_is_called(tmp_path, name):
    """FFmpeg would follow the first two to another file, and render the third as a film of letters."""
    write_video(tmp_path / "other.avi", noise(4))
    (tmp_path / name).write_text(PLAYLISTS[name])
    with pytest.raises(MerlibError, match="cannot be read as a video"):
        read(tmp_path / name)
    assert len(read(tmp_path / "other.avi")) == 4


@pytest.mark.parametrize("name", ["face.png", "face.mp4", "face%d.png"])
def test_a_picture_or_a_series_of_them_is_no_video(tmp_path, name):
    import cv2

    for each in ("face1.png", "face.png"):
        cv2.imwrite(str(tmp_path / each), np.zeros((96, 128, 3), np.uint8))
    if not (tmp_path / name).exists():
        (tmp_path / name).write_bytes((tmp_path / "face.png").read_bytes())
    with pytest.raises(MerlibError, match="cannot be read as a video"):
        read(tmp_path / name)


def test_a_video_that_tells_frames_of_gigabytes_is_refused_before_one_is_read(tmp_path, monkeypatch):
    path = write_video(tmp_path / "wide.avi", noise(4))
    monkeypatch.setattr("merlib.watching.video.MOST_PIXELS", 96 * 128 - 1)
    with pytest.raises(MerlibError, match="pixels a frame"):
        read(path)


def test_what_else_was_asked_of_ffmpeg_stays_as_it_was(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.avi", noise(4))
    for asked in ("threads;1", None):
        monkeypatch.setenv(OPTIONS, asked) if asked else monkeypatch.delenv(OPTIONS)
        assert len(read(path)) == 4
        assert os.environ.get(OPTIONS) == asked


def test_a_video_without_frames_is_told(tmp_path):
    import cv2

    path = tmp_path / "empty.avi"
    cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (128, 96)).release()
    with pytest.raises(MerlibError):
        read(path)


def test_a_missing_file_a_folder_and_a_pipe_are_told(tmp_path):
    os.mkfifo(tmp_path / "pipe.avi")
    for name, word in (("none.avi", "no file"), (".", "regular file"), ("pipe.avi", "regular file")):
        with pytest.raises(MerlibError, match=word):
            read(tmp_path / name)


def test_a_camera_that_is_not_there_is_told():
    with pytest.raises(MerlibError, match="no camera 97") as told:
        read("97")
    assert "video file" in told.value.action


class Camera:
    """Stands for cv2.VideoCapture of a camera that gives `pictures` and tells its own `times`, milliseconds."""

    def __init__(self, pictures: list, times: list | None = None):
        self.pictures, self.times, self.reads, self.released = pictures, times, 0, False

    def __call__(self, number: int):
        return self

    def isOpened(self) -> bool:
        return True

    def read(self):
        picture = self.pictures[self.reads] if self.reads < len(self.pictures) else None
        self.reads += 1
        return picture is not None, picture

    def get(self, what: int) -> float:
        import cv2

        own = what == cv2.CAP_PROP_POS_MSEC and self.times is not None
        return float(self.times[max(self.reads - 1, 0)]) if own else -1.0

    def release(self) -> None:
        self.released = True


def test_a_camera_that_gives_no_picture_is_told(monkeypatch):
    camera = Camera([])
    monkeypatch.setattr("cv2.VideoCapture", camera)
    with pytest.raises(MerlibError, match="camera 0 gives no picture"):
        read("0")
    assert camera.released


def test_a_cameras_frames_are_timed_by_its_driver_from_the_first_one_on(monkeypatch):
    pictures = [np.zeros((96, 128, 3), np.uint8)] * 4
    monkeypatch.setattr("cv2.VideoCapture", Camera(pictures, [9e8, 9e8 + 40, 9e8 + 140, 9e8 + 160]))
    with open_video("0") as video:
        assert (video.live, video.n_frames) == (True, 0)
        np.testing.assert_allclose([frame.seconds for frame in video], [0, 0.04, 0.14, 0.16], atol=1e-6)


def test_a_camera_that_tells_no_times_is_timed_by_the_clock(monkeypatch):
    monkeypatch.setattr("cv2.VideoCapture", Camera([np.zeros((96, 128, 3), np.uint8)] * 4))
    now = iter([100.0, 100.3, 100.4, 101.0])
    monkeypatch.setattr("merlib.watching.video.time.monotonic", lambda: next(now))
    np.testing.assert_allclose([frame.seconds for frame in read("0")], [0, 0.3, 0.4, 1.0])


def test_frames_too_small_for_a_face_are_told(tmp_path):
    path = write_video(tmp_path / "small.avi", [np.zeros((32, 48, 3), np.uint8)] * 3)
    with pytest.raises(MerlibError, match="48 x 32"):
        read(path)
