"""Turn the events of a plan into one person's muscle activations and head pose in every frame.

An expression rises to its apex and falls again without a jump in speed; a macro-expression is held in between. Speech
is a row of syllables, four to six a second, that part and round the lips and drop the jaw. A turn moves the head
aside, holds it there and brings it back. Sitting people are never quite still: slow waves move the head all the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from merlib.datasets.recordings.plan import RecordingPlan
from merlib.datasets.twin.action_units import SIDES, activation_vector
from merlib.datasets.twin.people import stream

POSES = ("dx", "dy", "angle", "log_scale", "yaw", "pitch")
# root mean square of the permanent small motion, in the order of POSES: inter-ocular distances (dx, dy), radians
# (angle), logarithm of the scale, radians (yaw, pitch)
SWAY = (0.02, 0.015, 0.012, 0.008, 0.02, 0.015)
WAVES = (0.08, 0.5)  # Hz, the slowest and the fastest wave of that motion
TURN_YAW, TURN_PITCH = (0.12, 0.32), 0.10  # radians: 7 to 18 degrees aside, up to 6 degrees up or down
SYLLABLES = (4.0, 6.0)  # per second
NOD = 0.012  # radians of pitch with each syllable
HELD = 0.25  # a macro-expression falls during this last share of its duration; until then it is held from the apex on


@dataclass(frozen=True, eq=False)
class Course:
    """What one person does in every frame of a recording.

    Parameters
    ----------
    muscles : float32 array (T, len(SIDES))
        Activation of every one-sided action unit, at most 1.6; 1 is the full expression.
    head : float32 array (T, 6)
        Pose in the order of `POSES`: inter-ocular distances, radians, logarithm, radians.
    """

    muscles: np.ndarray
    head: np.ndarray


def person_course(plan: RecordingPlan, person: int) -> Course:
    """Return the muscle activations and head poses of one person of a plan in every frame."""
    t = np.arange(plan.n_frames) / plan.fps
    muscles = np.zeros((len(t), len(SIDES)), np.float32)
    head = _sway(plan, person, t)
    rng = {kind: stream(plan.seed, "recording", "course", kind, str(person)) for kind in ("turn", "speech")}
    for event in plan.events:
        if event.person != person:
            continue
        if event.kind == "turn":
            _add_turn(head, t, event, rng["turn"])
        elif event.kind == "speech":
            _add_speech(muscles, head, t, event, rng["speech"])
        else:
            muscles += np.outer(share_of(event, t), activation_vector(event.action_units)).astype(np.float32)
    return Course(np.minimum(muscles, 1.6), head)


def share_of(event, t: np.ndarray) -> np.ndarray:
    """Return the share of the full expression at times `t`, seconds: 0 outside the event and 1 at the apex."""
    falls = event.offset - HELD * (event.offset - event.onset) if event.kind == "macro" else event.apex
    falls = max(falls, event.apex)
    rise = _smooth((t - event.onset) / (event.apex - event.onset))
    fall = _smooth((event.offset - t) / (event.offset - falls))
    return np.minimum(rise, fall)


def _smooth(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def _sway(plan: RecordingPlan, person: int, t: np.ndarray) -> np.ndarray:
    rng, count = stream(plan.seed, "recording", "sway", str(person)), 8
    rates = np.exp(rng.uniform(*np.log(WAVES), (count, len(POSES))))
    phases = rng.uniform(0, 2 * np.pi, (count, len(POSES)))
    sizes = rng.normal(0, 1, (count, len(POSES))) * np.sqrt(2 / count)
    waves = sum(size * np.sin(2 * np.pi * np.outer(t, r) + p) for size, r, p in zip(sizes, rates, phases, strict=True))
    return (waves * SWAY).astype(np.float32)


def _add_turn(head: np.ndarray, t: np.ndarray, event, rng: np.random.Generator) -> None:
    yaw = rng.uniform(*TURN_YAW) * rng.choice((-1, 1))
    pitch, roll = rng.uniform(-TURN_PITCH, TURN_PITCH), rng.normal(0, 0.04)
    going = min(0.45 * (event.offset - event.onset), rng.uniform(0.35, 0.8))
    share = np.minimum(_smooth((t - event.onset) / going), _smooth((event.offset - t) / going))
    for column, size in ((0, 0.25 * yaw), (2, roll), (4, yaw), (5, pitch)):
        head[:, column] += np.float32(size) * share


def _add_speech(muscles: np.ndarray, head: np.ndarray, t: np.ndarray, event, rng: np.random.Generator) -> None:
    at = event.onset
    while at < event.offset:
        length = 1 / rng.uniform(*SYLLABLES)
        level, spread, rounded = rng.uniform(0.15, 0.7), rng.uniform(0, 0.3), rng.uniform(0, 0.4)
        x = np.clip((t - at) / (1.3 * length), 0, 1)
        share = np.sin(np.pi * x) ** 2
        units = {"25": level, "26": 0.7 * level, "20": spread, "23": rounded}
        muscles += np.outer(share, activation_vector(units)).astype(np.float32)
        head[:, 5] += np.float32(NOD * level) * share
        at += length
