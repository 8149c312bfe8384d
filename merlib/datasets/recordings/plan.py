"""What happens in a long recording and when: drawn from a seed, before anything is drawn on a picture.

Expressions are those of the twin's own plans (`twin.population.draw_clip`): the units that published sheets give for an
emotion, at the strength of a micro-expression or four times that. A micro-expression's times come from the same
published quantiles as a clip's. How often things happen is our choice, and stands in this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from merlib.datasets.twin.people import stream
from merlib.datasets.twin.population import POLARITIES, draw_clip
from merlib.datasets.twin.timing import SPEEDS, phases
from merlib.errors import MerlibError, unknown_name

KINDS = ("micro", "macro", "blink", "turn", "speech")
CAMERA = "casme2"  # whose sheets and camera the people are drawn with
FROM_END = 2.0  # seconds without an expression at either end of a recording
APART = (3.5, 9.0)  # seconds between two expressions of a person
MICRO_SHARE = 0.7  # of the expressions, where macro-expressions are asked for too
MACRO_SECONDS, MACRO_INTENSITY = (0.8, 3.0), (3.0, 4.5)
BLINK_APART, BLINK_SECONDS = (1.5, 6.0), (0.16, 0.30)
TURN_APART, TURN_SECONDS = (5.0, 12.0), (1.2, 3.0)
SPEECH_APART, SPEECH_SECONDS = (6.0, 14.0), (2.0, 5.0)


@dataclass(frozen=True)
class PlannedEvent:
    """One thing that a person's face does.

    Parameters
    ----------
    person : int
        From 0.
    kind : str
        One of `KINDS`.
    onset, apex, offset : float
        Seconds from the recording's start.
    label : str
        Class of an expression; empty for what is none.
    action_units : mapping of str to float
        Activation at the apex; empty for turns and speech, whose course `courses` draws.
    """

    person: int
    kind: str
    onset: float
    apex: float
    offset: float
    label: str = ""
    action_units: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordingPlan:
    """A long recording before it is drawn.

    Parameters
    ----------
    seed : int
    seconds, fps : float
        Length, and frames a second.
    size : (int, int)
        Width and height of a frame, px.
    people : int
        1 to 4, side by side or two by two.
    events : tuple of PlannedEvent
        Sorted by onset.
    paths : mapping of int to sequence of (seconds, dx, dy)
        Where a person's place moves to, as shares of the frame's width and height; straight between the given times.
        People without a path stay.
    """

    seed: int
    seconds: float
    fps: float
    size: tuple[int, int]
    people: int
    events: tuple[PlannedEvent, ...]
    paths: Mapping[int, tuple[tuple[float, float, float], ...]] = field(default_factory=dict)

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return round(self.seconds * self.fps)

    def subject(self, person: int) -> str:
        """Name of a person, who looks and moves alike in every recording of the same seed."""
        return f"long{self.seed}-{person}"


def plan_recording(
    seed: int,
    seconds: float = 60.0,
    fps: float = 30.0,
    size: tuple[int, int] = (640, 480),
    people: int = 1,
    kinds: Iterable[str] = ("micro", "macro", "blink"),
    paths: Mapping[int, tuple[tuple[float, float, float], ...]] | None = None,
) -> RecordingPlan:
    """Draw what happens in a recording; small head motion is always there.

    Parameters
    ----------
    seed, seconds, fps, size, people, paths
        As for `RecordingPlan`.
    kinds : iterable of str
        What may happen, of `KINDS`. Kinds have random streams of their own: leaving one out changes no other.

    Raises
    ------
    MerlibError
        For an unknown kind, and for numbers that make no recording.
    """
    kinds = tuple(kinds)
    for kind in kinds:
        if kind not in KINDS:
            raise unknown_name("kind of event", kind, KINDS)
    _check(seed, seconds, fps, size, people)
    events: list[PlannedEvent] = []
    for person in range(people):
        events += _expressions(seed, person, seconds, kinds)
        for kind, apart, lengths in (
            ("blink", BLINK_APART, BLINK_SECONDS),
            ("turn", TURN_APART, TURN_SECONDS),
            ("speech", SPEECH_APART, SPEECH_SECONDS),
        ):
            if kind in kinds:
                events += _disturbances(seed, person, seconds, kind, apart, lengths)
    ordered = tuple(sorted(events, key=lambda event: (event.onset, event.person, event.kind)))
    return RecordingPlan(seed, float(seconds), float(fps), tuple(size), people, ordered, dict(paths or {}))


def _check(seed: int, seconds: float, fps: float, size: tuple[int, int], people: int) -> None:
    good = seed >= 0 and 0 < seconds <= 36000 and 5 <= fps <= 240 and 1 <= people <= 4 and min(size) >= 64
    if not good or max(size) > 4096:
        raise MerlibError(
            f"seed {seed}, {seconds:g} s, {fps:g} frames a second, {size[0]} x {size[1]} px, {people} people.",
            "a seed from 0, up to ten hours, 5 to 240 frames a second, 64 to 4096 px a side, 1 to 4 people.",
            "correct what lies outside.",
        )


def _stream(seed: int, person: int, what: str) -> np.random.Generator:
    return stream(seed, "recording", what, str(person))


def _expressions(seed: int, person: int, seconds: float, kinds: tuple[str, ...]) -> list[PlannedEvent]:
    if not {"micro", "macro"} & set(kinds):
        return []
    rng, events = _stream(seed, person, "expressions"), []
    at = FROM_END + rng.uniform(0, APART[0])
    while True:
        # every draw is made whatever is asked for, so that micro-expressions stay where they are
        micro, label = rng.random() < MICRO_SHARE, str(rng.choice(POLARITIES))
        strong, whole, gap = rng.uniform(*MACRO_INTENSITY), rng.uniform(*MACRO_SECONDS), rng.uniform(*APART)
        kind, clip = "micro" if micro else "macro", f"{len(events)}-{at:.3f}"
        who = (CAMERA, f"long{seed}-{person}", clip, label)
        plan = draw_clip(seed, "recording", *who, 1.0 if micro else strong)
        onset, apex, offset, _ = phases(seed, "recording", plan)
        rise, length = (apex - onset) / SPEEDS[CAMERA], (offset - onset) / SPEEDS[CAMERA]
        if not micro:
            rise, length = min(max(rise, 0.2) * 1.5, 0.4 * whole), whole
        if at + length > seconds - FROM_END:
            break
        units = {code: level for code, level in plan.action_units.items() if code[1:] != "45"}  # blinks are events
        events.append(PlannedEvent(person, kind, at, at + rise, at + length, label, units))
        at += length + gap
    return [event for event in events if event.kind in kinds]


def _disturbances(
    seed: int, person: int, seconds: float, kind: str, apart: tuple[float, float], lengths: tuple[float, float]
) -> list[PlannedEvent]:
    rng, events, at = _stream(seed, person, kind), [], 0.0
    while True:
        at += rng.uniform(*apart)
        length = rng.uniform(*lengths)
        if at + length > seconds:
            return events
        share = 0.35 if kind == "blink" else 0.5
        units = {"45": float(rng.uniform(1.2, 1.6))} if kind == "blink" else {}
        events.append(PlannedEvent(person, kind, at, at + share * length, at + length, "", units))
        at += length
