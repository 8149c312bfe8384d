"""Plan at random what happens in a long recording and when, before any picture is drawn.

Expressions are drawn as for the twin's clips (`twin.population.draw_clip`): the units that published sheets give for an
emotion, at the strength of a micro-expression or about four times that. A micro-expression's times come from the same
published quantiles as a clip's. How often things happen is our own choice; the constants below hold it.
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
CAMERA = "casme2"  # the data set whose sheets and camera the people are drawn with
FROM_END = 2.0  # seconds without an expression at either end of a recording
APART = (3.5, 9.0)  # seconds between two expressions of a person
MICRO_SHARE = 0.7  # share of micro-expressions among the planned expressions; the others are macro-expressions
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
        Which person, counted from 0.
    kind : str
        One of `KINDS`.
    onset, apex, offset : float
        Seconds from the recording's start.
    label : str
        Class of an expression; empty for blinks, turns and speech.
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
        Seed from which the people, and what they do, were drawn.
    seconds, fps : float
        Length of the recording, and frames a second.
    size : (int, int)
        Width and height of a frame, px.
    people : int
        1 to 4, side by side or two by two.
    events : tuple of PlannedEvent
        Sorted by onset.
    paths : mapping of int to sequence of (seconds, dx, dy)
        For a person who moves through the picture: displacement from the person's place at given times, as shares of
        the frame's width and height, linear in between. People without a path stay where they are.
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
        """Return the name of a person, who looks and moves in the same way in every recording with this seed."""
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
    """Plan a recording at random. Small head motion is always present and need not be asked for.

    Parameters
    ----------
    seed, seconds, fps, size, people, paths
        As for `RecordingPlan`.
    kinds : iterable of str
        Which of `KINDS` may happen. Leaving a kind out does not change when and how the others happen.

    Raises
    ------
    MerlibError
        For an unknown kind, and for a seed, length, frame rate, size or number of people out of range.
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
        # every draw is made whichever kinds are asked for, so that micro-expressions stay at the same times
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
        # blinks are events of their own here, so the lid movements of the clip's plan are left out
        units = {code: level for code, level in plan.action_units.items() if code[1:] != "45"}
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
