"""How far a step is: valid JSON whenever it is read, a bar that disappears, and a line a minute in a log."""

from __future__ import annotations

import io
import json
import threading

import pytest
from rich.console import Console

from merlib import progress
from merlib.progress import FileBar, ScreenBar, open_bar, shown, telling


def test_the_file_is_valid_json_at_any_time(tmp_path):
    path, stop, faults = tmp_path / "progress.json", threading.Event(), []
    bar = FileBar(str(path), "AM3F on the twin " * 50, 68)
    bar.show(0, None)

    def read():
        while not stop.is_set():
            try:
                json.loads(path.read_text())
            except ValueError as error:
                faults.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(300):
        bar.show(i / 10, float(i))
    stop.set()
    reader.join()
    assert faults == []
    assert [p.name for p in tmp_path.iterdir()] == ["progress.json"]


def test_a_terminal_shows_what_is_done_and_is_left_as_it_was(monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    monkeypatch.setattr("rich.console.Console", lambda **_: console)
    bar = ScreenBar("looking for faces", None, "clips")
    bar.show(3, total=12)
    bar._bars.refresh()
    seen = screen.getvalue()
    assert "looking for faces" in seen
    assert "3 of 12 clips" in seen
    bar.close()
    assert screen.getvalue().endswith("\x1b[2K")  # the line is cleared


@pytest.fixture
def no_screen(monkeypatch):
    monkeypatch.delenv("MERLIB_PROGRESS", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "ipykernel", raising=False)


def test_off_shows_nothing_and_a_log_nothing_of_a_short_step(no_screen, monkeypatch, capfd):
    assert list(shown("ab", "letters", 2)) == ["a", "b"]
    monkeypatch.setenv("MERLIB_PROGRESS", "off")
    assert open_bar("x", 1) is None
    with telling("x") as tell:
        assert tell is None
    assert capfd.readouterr() == ("", "")


def test_a_log_gets_a_line_a_minute_with_the_time_left(no_screen, monkeypatch, capfd):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    for _ in shown(range(1, 9), "letters", 8, "pages"):
        clock[0] += 40.0
    lines = capfd.readouterr().err.splitlines()
    assert [line.split(":")[1].split(",")[0].strip() for line in lines] == [f"{n} of 8 pages" for n in (2, 4, 6, 8)]
    assert "4 minutes" in lines[0]  # two of eight took 80 seconds


def test_things_that_go_by_are_counted_in_the_file_with_the_time_left(tmp_path, monkeypatch):
    clock = iter([100.0, 102.0, 104.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    monkeypatch.setenv("MERLIB_PROGRESS", str(tmp_path / "step.json"))
    states = []
    for _ in shown("ab", "letters", 2):
        states.append(json.loads((tmp_path / "step.json").read_text()) if states else None)
    states.append(json.loads((tmp_path / "step.json").read_text()))
    assert states[1] == {"what": "letters", "done": 1, "total": 2, "seconds_left": 2.0}
    assert states[2] == {"what": "letters", "done": 2, "total": 2, "seconds_left": 0.0}
