"""Spotting measured on long recordings of the SYNTHETIC twin whose seeds were not used to choose any threshold.

There are ten recordings of one minute with two people each, in three settings: calm (blinks and small head motion),
with turns of the head, and with speech. Each is written as a video and watched like any other, and the events seen are
compared with the true ones. The spotter is compared with a humble rule: it takes the mean length of the flow between
two pictures of the face a fifth of a second apart, a threshold on it that was chosen on other seeds, and an interval of
typical length around each peak.
"""

from __future__ import annotations

import io
import tempfile
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from merlib.datasets.recordings import LongRecording, plan_recording, write_recording
from merlib.places import repository_root
from merlib.scoring.interval_text import value_text
from merlib.scoring.spotting import match_intervals, spotting_intervals
from merlib.watching.classifying import EventModel
from merlib.watching.spotting import Rules
from merlib.watching.video import open_video
from merlib.watching.watcher import Watcher

CALM, TURNS, SPEECH = "calm", "turns of the head", "speech"
ALWAYS = ("micro", "macro", "blink")
SETTINGS = {CALM: ALWAYS, TURNS: (*ALWAYS, "turn"), SPEECH: (*ALWAYS, "speech")}
BUILT_ON = range(101, 200)  # seeds that thresholds were chosen on
MEASURED_ON = {CALM: range(9401, 9407), TURNS: range(9421, 9423), SPEECH: range(9431, 9433)}
SECONDS, FPS, SIZE, PEOPLE = 60.0, 30.0, (480, 300), 2
APART = 0.2  # seconds between the pictures of the face that the humble rule compares
TYPICAL = 0.35  # seconds; length of the interval that it puts around a peak
HUMBLE_THRESHOLD = 0.35  # px of mean flow; it gave the best F1 on seeds 111 and 112, calm, 30 s each
RECORD = Path("results/reference/spotting_measured.csv")
COUNTS = ["hits", "true", "found", "minutes"]


@dataclass(frozen=True, eq=False)
class WatchedRecording:
    """True and seen events of a recording, by person, and each person's mean flow: frame numbers and lengths in px."""

    setting: str
    seed: int
    truth: pd.DataFrame
    seen: pd.DataFrame
    flow: dict[int, tuple[np.ndarray, np.ndarray]]


class _MeanFlow:
    """Mean length of the flow between a face's cuts `APART` seconds apart, frame by frame."""

    def __init__(self) -> None:
        import cv2

        self._search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._cuts: deque[tuple[float, np.ndarray]] = deque()
        self.frames: list[int] = []
        self.lengths: list[float] = []

    def add(self, frame: int, seconds: float, cut: np.ndarray) -> None:
        import cv2

        grey = cv2.cvtColor(cut, cv2.COLOR_BGR2GRAY)
        self._cuts.append((seconds, grey))
        while len(self._cuts) > 1 and seconds - self._cuts[1][0] >= APART - 1e-6:
            self._cuts.popleft()
        flow = self._search.calc(self._cuts[0][1], grey, None)
        self.frames.append(frame)
        self.lengths.append(float(np.linalg.norm(flow, axis=-1).mean()))


def draw_recording(setting: str, seed: int, seconds: float, folder: Path) -> tuple[Path, LongRecording]:
    """Write a recording as a video into a folder, unless it lies there, and return both."""
    recording = LongRecording(plan_recording(seed, seconds, FPS, SIZE, PEOPLE, SETTINGS[setting]))
    path = folder / f"{setting}-{seed}-{seconds:g}s.avi".replace(" ", "-")
    if not path.is_file():
        write_recording(recording, path)
    return path, recording


def watch_recording(
    setting: str,
    seed: int,
    model: EventModel | None = None,
    seconds: float = SECONDS,
    say: Callable[[str], None] = print,
    kept: Path | None = None,
) -> WatchedRecording:
    """Draw a recording, write it as a video, watch it, and return its true events and those seen.

    Parameters
    ----------
    setting : str
        A key of `SETTINGS`.
    seed : int
        Seed of the recording.
    model : EventModel, optional
        The model that names events.
    seconds : float
        Length of the recording.
    say : callable
        Called with a line about the result.
    kept : Path, optional
        Folder in which videos stay, so that they are not drawn again.
    """
    watcher, flows, people = Watcher(model), {}, {}
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="merlib-spotting-") as folder:
        path, recording = draw_recording(setting, seed, seconds, Path(folder))
        with open_video(path) as video:
            for frame in video:
                for face in watcher.step(frame):
                    number = face.track.number
                    if number not in people:
                        eyes = [recording.landmarks(p, frame.index)[36:48].mean(axis=0) for p in range(PEOPLE)]
                        people[number] = int(np.argmin([np.hypot(*(face.track.eyes - each)) for each in eyes]))
                    cut = watcher.latest_cut(number)
                    flows.setdefault(people[number], _MeanFlow()).add(frame.index, frame.seconds, cut)
    watcher.finish()
    seen = watcher.table()
    seen["person"] = [people[number] for number in seen["face"]]
    say(f"{setting}, seed {seed}: {len(seen)} events seen, {watcher.set_aside} set aside")
    curves = {person: (np.array(flow.frames), np.array(flow.lengths)) for person, flow in flows.items()}
    return WatchedRecording(setting, seed, recording.events(), seen, curves)


def humble_events(
    frames: np.ndarray, lengths: np.ndarray, threshold: float = HUMBLE_THRESHOLD
) -> list[tuple[int, int]]:
    """Return the humble rule's intervals (onset, offset) in frames: one around each peak of the mean flow in `lengths`.

    Peaks below `threshold`, in px, are left out, and so are those within one interval's length of a higher peak.
    """
    half, free, found = max(round(TYPICAL * FPS / 2), 1), np.ones(len(frames), bool), []
    for peak in np.argsort(-lengths, kind="stable"):
        if lengths[peak] < threshold:
            break
        if free[peak]:
            middle = int(frames[peak]) - round(APART * FPS / 2)  # the flow was measured over the frames before
            found.append((middle - half, middle + half))
            free[max(peak - 2 * half, 0) : peak + 2 * half + 1] = False
    return sorted(found)


def count(watched: WatchedRecording, threshold: float = HUMBLE_THRESHOLD) -> pd.DataFrame:
    """Return the numbers of hits, true and found events of each person, by kind and method.

    The columns are ``setting seed person method kind hits true found minutes labelled``, the last being the hits with
    the right label. The kind ``all`` takes micro- and macro-expressions together, as the challenges score them.
    """
    rows = []
    for person in range(PEOPLE):
        truth = watched.truth[watched.truth["person"] == person]
        seen = watched.seen[watched.seen["person"] == person]
        frames, lengths = watched.flow.get(person, (np.zeros(0, int), np.zeros(0)))
        minutes = len(frames) / FPS / 60
        for kinds, name in ((("micro",), "micro"), (("macro",), "macro"), (("micro", "macro"), "all")):
            there, found = truth[truth["kind"].isin(kinds)], seen[seen["kind"].isin(kinds)]
            true = list(zip(there["onset"], there["offset"], strict=True))
            pairs = match_intervals(true, list(zip(found["onset"], found["offset"], strict=True)))
            right = sum(there["label"].iloc[i] == found["label"].iloc[j] for i, j in pairs)
            who = (watched.setting, watched.seed, person)
            rows.append((*who, "spotter", name, len(pairs), len(true), len(found), minutes, right))
            if name == "micro":
                guessed = humble_events(frames, lengths, threshold)
                hits = len(match_intervals(true, guessed))
                rows.append((*who, "threshold on flow", name, hits, len(true), len(guessed), minutes, 0))
    return pd.DataFrame(rows, columns=["setting", "seed", "person", "method", "kind", *COUNTS, "labelled"])


def measured() -> pd.DataFrame:
    """Return the committed counts of `count`, SYNTHETIC; ``attrs["rules"]`` tells the thresholds behind them."""
    text = (repository_root() / RECORD).read_text(encoding="utf-8")
    counts = pd.read_csv(io.StringIO(text), comment="#")
    counts.attrs["rules"] = next((line[2:] for line in text.splitlines() if line.startswith("# Rules(")), "not kept")
    return counts


def heading() -> str:
    """Return the lines that stand above counts in a file: that they are SYNTHETIC, and the thresholds in use."""
    return f"# SYNTHETIC\n# {Rules()!r}\n"


def spotting_table(counts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return scores by method, kind and setting, and the ends of their 95 % intervals, with people resampled.

    Rows are named such as ``spotter, micro, calm``; columns are recall, precision, F1 and false alarms per minute.
    """
    values, low, high = {}, {}, {}
    for (method, kind, setting), part in counts.groupby(["method", "kind", "setting"], sort=False):
        scores, name = spotting_intervals(part[COUNTS].to_numpy()), f"{method}, {kind}, {setting}"
        values[name], low[name], high[name] = ({k: v[i] for k, v in scores.items()} for i in range(3))
    return tuple(pd.DataFrame(part).T for part in (values, low, high))


def measured_sentence(counts: pd.DataFrame) -> str:
    """Return sentences on recall and false alarms for micro-expressions in each setting, and on their names."""
    parts = []
    micro = counts[(counts["method"] == "spotter") & (counts["kind"] == "micro")]
    for setting, part in micro.groupby("setting", sort=False):
        scores = spotting_intervals(part[COUNTS].to_numpy())
        recall, alarms = scores["recall"], scores["false alarms a minute"]
        parts.append(f"{setting}: recall {value_text(*recall)}, {value_text(*alarms, unit=' false alarms a minute')}")
    hits, right = micro["hits"].sum(), micro["labelled"].sum()
    named = f"; of {hits:.0f} found, {right:.0f} were named rightly by the default model" if hits else ""
    minutes = micro["minutes"].sum()
    changed = counts.attrs.get("rules", repr(Rules())) != repr(Rules())
    since = " Measured with thresholds that have been changed since." if changed else ""
    return f"Micro-expressions, {minutes:.0f} minutes of faces, SYNTHETIC. {'; '.join(parts)}{named}.{since}"
