"""All stages in a row: a frame goes in, the faces in it and the events that have settled come out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from merlib.watching.classifying import EventModel, classify
from merlib.watching.motion import Regions, face_regions
from merlib.watching.spotting import MACRO, MICRO, Rules, Spotted
from merlib.watching.tracking import FaceTracker, Track
from merlib.watching.video import VideoFrame
from merlib.watching.window import FaceWindow

EXPRESSIONS = (MICRO, MACRO)
SHOWN = 2.0  # seconds for which a label stays beside its face
BIN = 0.1  # seconds a point of the curves stands for
MOST_POINTS = 200_000  # of the curves of all faces; then every other one goes
STAGES = ("track", "motion and spot", "classify")


@dataclass(frozen=True)
class WatchedEvent:
    """An expression that was seen: whose, when (frames from 0, and seconds), what it was taken for, and how surely."""

    face: int
    kind: str
    onset: int
    apex: int
    offset: int
    onset_seconds: float
    seconds: float
    label: str
    confidence: float
    strength: float
    region: str


@dataclass(frozen=True)
class SeenFace:
    """A face in the present frame, and what was last seen in it."""

    track: Track
    activity: float
    event: WatchedEvent | None


class Watcher:
    """Watches a video frame by frame; its memory does not grow with the video's length.

    Parameters
    ----------
    model : EventModel, optional
        Names events; without one they have no label.
    regions : Regions, optional
    rules : Rules, optional
    told : callable, optional
        Called with every expression as soon as it has settled.
    """

    def __init__(
        self,
        model: EventModel | None = None,
        regions: Regions | None = None,
        rules: Rules | None = None,
        told: Callable[[WatchedEvent], None] | None = None,
    ):
        self.model, self.regions, self.rules = model, regions or face_regions(), rules or Rules()
        self.tracker = FaceTracker()
        self.events: list[WatchedEvent] = []
        self.set_aside: dict[str, int] = {}
        self.took = dict.fromkeys(STAGES, 0.0)
        self.frames = 0
        self._windows: dict[int, FaceWindow] = {}
        self._last: dict[int, tuple[float, WatchedEvent]] = {}
        self._times: dict[int, float] = {}
        self._curve: dict[tuple[int, int], float] = {}
        self._bin = BIN
        self._told = told

    def step(self, frame: VideoFrame) -> list[SeenFace]:
        """Take in a frame and return the faces in it."""
        begun = time.perf_counter()
        tracks = self.tracker.step(frame.picture, frame.seconds)
        tracked = time.perf_counter()
        self.took["track"] += tracked - begun
        self.frames += 1
        seen = []
        for track in tracks:
            window = self._windows.setdefault(track.number, FaceWindow(self.regions, self.rules))
            begun = time.perf_counter()
            settled = window.add(frame.index, frame.seconds, frame.picture, track.landmarks)
            self.took["motion and spot"] += time.perf_counter() - begun
            for event in settled:
                self._tell(track.number, window, event, frame.seconds)
            activity = window.activity()
            self._draw_curve(track.number, frame.seconds, activity)
            at, event = self._last.get(track.number, (-np.inf, None))
            seen.append(SeenFace(track, activity, event if frame.seconds - at <= SHOWN else None))
        self._forget(frame.seconds)
        return seen

    def finish(self) -> list[WatchedEvent]:
        """Tell what had not settled, and return all events by onset."""
        for number, window in self._windows.items():
            last = window.moments[-1].seconds if window.moments else 0.0
            kept = FaceWindow(self.regions, self.rules)
            kept.cuts, kept.moments = window.cuts, window.moments
            for event in window.finish():
                self._tell(number, kept, event, last)
        self._windows.clear()
        self.events.sort(key=lambda event: (event.onset, event.face))
        return self.events

    def _tell(self, number: int, window: FaceWindow, spotted: Spotted, now: float) -> None:
        if spotted.kind not in EXPRESSIONS:
            self.set_aside[spotted.kind] = self.set_aside.get(spotted.kind, 0) + 1
            return
        begun = time.perf_counter()
        label, confidence = "", float("nan")
        cuts = window.cut_of(spotted.onset), window.cut_of(spotted.apex)
        if self.model is not None and all(cut is not None for cut in cuts):
            label, confidence = classify(self.model, *cuts)
        times = {moment.frame: moment.seconds for moment in window.moments}
        begin, end = times.get(spotted.onset, now), times.get(spotted.offset, now)
        event = WatchedEvent(
            *(number, spotted.kind, spotted.onset, spotted.apex, spotted.offset, begin, end - begin),
            *(label, confidence, spotted.strength, spotted.region),
        )
        self.took["classify"] += time.perf_counter() - begun
        self.events.append(event)
        self._last[number] = (now, event)
        if self._told is not None:
            self._told(event)

    def _draw_curve(self, number: int, seconds: float, activity: float) -> None:
        key = (number, int(seconds / self._bin))
        self._curve[key] = max(self._curve.get(key, 0.0), activity)
        if len(self._curve) > MOST_POINTS:
            self._bin, coarse = self._bin * 2, {}
            for (face, at), value in self._curve.items():
                coarse[face, at // 2] = max(coarse.get((face, at // 2), 0.0), value)
            self._curve = coarse

    def _forget(self, now: float) -> None:
        """Drop the windows of faces that went long ago."""
        gone = {track.number for track in (*self.tracker.tracks, *self.tracker.gone)}
        for number in [number for number in self._windows if number not in gone]:
            for event in self._windows.pop(number).finish():
                self._tell(number, FaceWindow(self.regions, self.rules), event, now)

    def latest_cut(self, number: int) -> np.ndarray:
        """Return the aligned cut of a face that was just seen, uint8 (H, W, 3) BGR."""
        return self._windows[number].cuts[-1][2]

    def curves(self) -> pd.DataFrame:
        """Return how much each face moved over time: columns ``face seconds activity``, one row a point."""
        rows = [(face, (at + 0.5) * self._bin, value) for (face, at), value in sorted(self._curve.items())]
        return pd.DataFrame(rows, columns=["face", "seconds", "activity"])

    def table(self) -> pd.DataFrame:
        """Return the events, one row each."""
        return pd.DataFrame([vars(event) for event in self.events], columns=list(WatchedEvent.__dataclass_fields__))
