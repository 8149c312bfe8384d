"""Progress of folds: shares of work that add up, told while they are done."""

from __future__ import annotations

import json

import pytest

from merlib.learning.workers.progress import Heartbeats, Progress


def test_shares_of_running_tasks_add_up():
    beats = Heartbeats()
    for task, share in (("a", 0.25), ("b", 1.0), ("a", 0.5)):
        Heartbeats.beat(beats.folder, task)(share)
    assert beats.total() == pytest.approx(1.5)
    beats.close()


def test_a_beat_that_is_half_written_counts_as_nothing():
    beats = Heartbeats()
    for name, text in (("a", ""), ("b", "0.")):
        with open(f"{beats.folder}/{name}", "w") as file:
            file.write(text)
    assert beats.total() == 0.0
    beats.close()


def test_a_beat_after_the_end_is_no_error():
    beats = Heartbeats()
    beat = Heartbeats.beat(beats.folder, "a")
    beats.close()
    beat(1.0)


def test_the_file_says_what_is_done_and_how_long_the_rest_takes(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("MERLIB_PROGRESS", str(path))
    clock = [100.0]
    monkeypatch.setattr("merlib.learning.workers.progress.time.monotonic", lambda: clock[0])
    with Progress("AM3F on the twin", 4) as progress:
        state = json.loads(path.read_text())
        assert state == {"what": "AM3F on the twin", "done": 0, "total": 4, "seconds_left": None}
        Heartbeats.beat(progress.beats.folder, "a")(1.0)
        Heartbeats.beat(progress.beats.folder, "b")(0.6)
        clock[0] = 116.0
        progress._show()  # 1.6 of 4 in 16 s: the other 2.4 take 24 s
        state = json.loads(path.read_text())
        assert (state["done"], state["seconds_left"]) == (1.6, pytest.approx(24.0))
        for task in "abcd":
            Heartbeats.beat(progress.beats.folder, task)(1.0)
    state = json.loads(path.read_text())
    assert (state["done"], state["seconds_left"]) == (4.0, 0.0)


def test_a_folder_that_is_gone_does_not_stop_the_work(tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_PROGRESS", str(tmp_path / "absent" / "progress.json"))
    with Progress("x", 1):
        pass
    assert not (tmp_path / "absent").exists()


def test_a_progress_file_that_cannot_be_written_does_not_stop_the_work(tmp_path, monkeypatch):
    (tmp_path / "progress.json").mkdir()
    monkeypatch.setenv("MERLIB_PROGRESS", str(tmp_path / "progress.json"))
    with Progress("x", 1):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["progress.json"]
