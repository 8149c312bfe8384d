"""A video watched from beginning to end: annotated video, table of events and curves, written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.watching.classifying import EventModel
from merlib.watching.drawing import draw
from merlib.watching.output import AnnotatedVideo, write_events
from merlib.watching.video import VideoInput, open_video
from merlib.watching.watcher import WatchedEvent, Watcher

INTENDED_USE = (
    "For research and teaching, not for judging people. A label is a model's guess at how a face moved, not what a "
    "person feels. Watching people's emotions at work or in classrooms is unlawful in some places; ask those whom you "
    "film."
)
SYNTHETIC = "SYNTHETIC"
WINDOW = "merlib watch (q ends it)"
TRIAL = "import cv2; cv2.namedWindow('merlib'); cv2.waitKey(1); cv2.destroyAllWindows()"
PATIENCE = 30.0  # seconds that a display has to open a window


@dataclass
class Watched:
    """The outcome of watching a video: the files that were written, how far it was watched, and what was seen.

    `frames` of `expected` were watched, with `faces` and `events`. `set_aside` counts movements that are no expression
    by their kind, such as blinks. `interrupted` says whether the user ended it.
    """

    files: list[Path] = field(default_factory=list)
    frames: int = 0
    expected: int = 0
    events: int = 0
    faces: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    interrupted: bool = False


def watch_video(
    source: str,
    folder: Path,
    model: EventModel | None,
    show: bool = False,
    began: Callable[[VideoInput], None] | None = None,
    progress: Callable[[int], None] | None = None,
    told: Callable[[WatchedEvent], None] | None = None,
) -> Watched:
    """Watch a video and write what was seen into a folder.

    Parameters
    ----------
    source : str
        A file, or a camera's number.
    folder : Path
        Folder for ``NAME.watched.mp4``, ``NAME.events.csv`` and ``NAME.curves.png``.
    model : EventModel, optional
        The model that names events; without it events are spotted but not named.
    show : bool
        Whether a window shows the video; ``q`` in it ends watching, as Ctrl-C does anywhere.
    began, progress, told : callable, optional
        Called with the open video, with the number of frames done, and with every event once it is final.

    Raises
    ------
    MerlibError
        As `open_video`; when a window is asked for and there is no display; when the folder cannot be written.
    """
    if show:
        check_display()
    with open_video(source) as video:
        if began is not None:
            began(video)
        name = f"camera{source}" if video.live else Path(source).stem
        mark = SYNTHETIC if is_synthetic(source) else ""
        watcher, outcome = Watcher(model, told=told), Watched(expected=video.n_frames)
        annotated = AnnotatedVideo(folder / f"{name}.watched.mp4", video.fps, video.size)
        numbers: set[int] = set()
        try:
            for frame in video:
                seen = watcher.step(frame)
                numbers.update(face.track.number for face in seen)
                annotated.write(draw(frame.picture, seen, frame.index, mark))
                if show and not _shown(frame.picture):
                    raise KeyboardInterrupt
                if progress is not None:
                    progress(frame.index + 1)
        except KeyboardInterrupt:
            outcome.interrupted = True
        finally:
            written = annotated.close()  # the part that was watched is kept, whatever ended it
    watcher.finish()
    outcome.frames, outcome.events, outcome.faces = watcher.frames, len(watcher.events), len(numbers)
    outcome.set_aside = dict(watcher.set_aside)
    outcome.files = [path for path in (written, *_tables(watcher, folder, name, bool(mark))) if path]
    return outcome


def _tables(watcher: Watcher, folder: Path, name: str, synthetic: bool) -> list[Path]:
    import matplotlib.pyplot as plt

    from merlib.publishing.figures.watched import draw_activity
    from merlib.publishing.records.save_figure import stamp_synthetic

    events = write_events(folder / f"{name}.events.csv", watcher.table(), synthetic)
    curves = watcher.curves()
    if curves.empty:
        return [events]
    figure = draw_activity(curves, watcher.table())
    if synthetic:
        stamp_synthetic(figure)
    with renamed_into(folder / f"{name}.curves.png", durable=False) as file:
        figure.savefig(file, format="png")
    plt.close(figure)
    return [events, folder / f"{name}.curves.png"]


def is_synthetic(source: str | os.PathLike) -> bool:
    """Return whether a video is one of the twin's, which the file of its true events beside it says."""
    truth = Path(source).with_name(f"{Path(source).stem}.truth.csv")
    try:
        with truth.open(encoding="utf-8", errors="replace") as file:
            return SYNTHETIC in file.readline()
    except OSError:
        return False


def check_display() -> None:
    """Raise when no window can be opened; tried in a process of its own, for Qt would end this one without a word.

    Raises
    ------
    MerlibError
        On Linux without ``DISPLAY`` and ``WAYLAND_DISPLAY``, where the display that they name does not answer, and for
        an OpenCV that was built without windows.
    """
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise _no_window("no display (neither DISPLAY nor WAYLAND_DISPLAY is set).")
    try:
        tried = subprocess.run([sys.executable, "-c", TRIAL], capture_output=True, timeout=PATIENCE, check=False)
        opened = tried.returncode == 0
    except subprocess.TimeoutExpired:
        opened = False
    if not opened:
        told = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or "this machine's"
        raise _no_window(f"a display ({told}) on which no window can be opened.")


def _no_window(found: str) -> MerlibError:
    expected = "a screen for --show that answers, and an OpenCV with windows (opencv-python, not the headless build)."
    return MerlibError(found, expected, "leave --show out; the annotated video is written all the same.")


def _shown(picture) -> bool:
    import cv2

    cv2.imshow(WINDOW, picture)
    return cv2.waitKey(1) & 0xFF != ord("q")
