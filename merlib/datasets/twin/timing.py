"""Draw when what happens in a rendered clip: expression, head pose and blinks in every frame.

A clip starts and ends with a neutral face. How long the expression rises from onset to apex, and how long the whole
lasts (at most half a second), are drawn from quantiles of the real sheets (`sources.expressions`). The head drifts all
the time, in such a way that its motion between onset and apex is the planned one. Phases, head and blinks have random
streams of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr

from merlib.datasets.twin.people import RECORDINGS, stream
from merlib.datasets.twin.population import ClipPlan
from merlib.sources.expressions import time_quantiles

SPEEDS: Mapping[str, float] = MappingProxyType({"casme2": 200.0, "samm": 200.0, "smic": 100.0})  # frames a second
# The data set whose published times are used; SMIC's sheet has no apex, so the times of CASME II replace them.
TIMES: Mapping[str, str] = MappingProxyType({"casme2": "CASME II", "samm": "SAMM", "smic": "CASME II"})
LONGEST, SHORTEST_FALL = 0.5, 0.04  # onset to offset, and apex to offset, seconds
TOGETHER = 0.6  # correlation between rise and whole (as normal scores); our choice, no published table tells it
NEUTRAL = (5, 20)  # fewest and most frames before the onset and after the offset
WITH_BLINK = 1 / 3  # share of clips in which a blink is drawn
BLINK_SECONDS, BLINK_CLOSES = (0.14, 0.24), 0.35  # whole length; share of it in which the lids close
BLINK_STRENGTH = (1.2, 1.6)  # activation of unit 45, at which the eyes are nearly closed
RETURN_SECONDS = 0.2  # time after the apex in which the head goes 63 % of its way back
WANDER = 0.2  # size of the drift off the straight way, as a share of the recording's head motion


@dataclass(frozen=True, eq=False)
class Timing:
    """The course of one clip of T frames.

    Parameters
    ----------
    onset, apex, offset : int
        Frame numbers from 0.
    expression : float array (T,)
        Share of the plan's action units: 0 up to the onset and from the offset on, 1 at the apex.
    blink : float array (T,)
        Activation of unit 45 by a blink unrelated to the expression; 0 where there is none.
    head : float array (T, 4)
        Head pose relative to the onset: dx, dy (inter-ocular distances), angle (radians), log scale.
    """

    onset: int
    apex: int
    offset: int
    expression: np.ndarray
    blink: np.ndarray
    head: np.ndarray

    @property
    def n_frames(self) -> int:
        """Number of frames, T."""
        return len(self.expression)


@lru_cache(maxsize=512)
def _phases(seed: int, population: str, dataset: str, subject: str, clip: str) -> tuple[int, int, int, int]:
    rng = stream(seed, "timing", population, dataset, subject, clip)
    slow = rng.standard_normal()
    own = TOGETHER * slow + np.sqrt(1 - TOGETHER**2) * rng.standard_normal()
    rise = float(np.interp(ndtr(slow), *time_quantiles(TIMES[dataset], "onset to apex")))
    whole = float(np.interp(ndtr(own), *time_quantiles(TIMES[dataset], "onset to offset")))
    whole = min(max(whole, rise + SHORTEST_FALL), LONGEST)
    rising, frames = max(2, round(rise * SPEEDS[dataset])), round(whole * SPEEDS[dataset])
    before, after = (int(n) for n in rng.integers(NEUTRAL[0], NEUTRAL[1] + 1, 2))
    onset, apex, offset = before, before + rising, before + frames
    return onset, apex, offset, offset + 1 + after


def phases(seed: int, population: str, plan: ClipPlan) -> tuple[int, int, int, int]:
    """Return onset, apex and offset of a planned clip (frames from 0), and its number of frames."""
    return _phases(seed, population, plan.dataset, plan.subject, plan.clip)


def clip_timing(seed: int, population: str, plan: ClipPlan, blinks: bool = True) -> Timing:
    """Draw the course of a planned clip; the result depends only on the arguments.

    Parameters
    ----------
    seed, population
        As for `plan_population`, which planned the clip.
    plan : ClipPlan
        The clip.
    blinks : bool
        Whether a third of the clips hold a blink. Nothing else about a clip depends on it.
    """
    onset, apex, offset, n_frames = phases(seed, population, plan)
    names = (population, plan.dataset, plan.subject, plan.clip)
    head = _head(stream(seed, "head", *names), plan, n_frames, onset, apex)
    blink = _blink(stream(seed, "blink", *names), n_frames, SPEEDS[plan.dataset])
    return Timing(onset, apex, offset, envelope(n_frames, onset, apex, offset), blink * blinks, head)


def envelope(n_frames: int, onset: int, apex: int, offset: int) -> np.ndarray:
    """Return the share of the full expression at each frame: exactly 0 outside onset..offset, 1 at the apex only."""
    t = np.arange(n_frames)
    rise = _smooth((t - onset) / (apex - onset))
    fall = _smooth((offset - t) / (offset - apex))
    return np.where(t <= apex, rise, fall)


def _smooth(x: np.ndarray) -> np.ndarray:
    """Rise from 0 to 1 with no jump in speed at 0 and a clear peak at 1."""
    x = np.clip(x, 0.0, 1.0)
    return 0.5 * (x + x * x * (3 - 2 * x)) * x**0.3


def _blink(rng: np.random.Generator, n_frames: int, fps: float) -> np.ndarray:
    happens, length, strength = rng.random() < WITH_BLINK, rng.uniform(*BLINK_SECONDS), rng.uniform(*BLINK_STRENGTH)
    start = rng.uniform(-0.3, 0.9) * n_frames
    if not happens:
        return np.zeros(n_frames)
    phase = (np.arange(n_frames) - start) / (length * fps)
    closing = np.clip(phase / BLINK_CLOSES, 0, 1)
    opening = np.clip((1 - phase) / (1 - BLINK_CLOSES), 0, 1)
    x = np.minimum(closing, opening)
    return strength * x * x * (3 - 2 * x)


def _head(rng: np.random.Generator, plan: ClipPlan, n_frames: int, onset: int, apex: int) -> np.ndarray:
    """Draw the head pose of every frame relative to the onset, (T, 4), in the order of `Timing.head`.

    The head moves straight to the plan's pose at the apex and then slowly back, because sitting people sway about a
    posture. A slow drift that is zero at onset and apex is added.
    """
    move, t = plan.head, np.arange(n_frames)
    reached = np.clip((t - onset) / (apex - onset), 0.0, 1.0)
    back = np.exp(-np.clip(t - apex, 0, None) / (RETURN_SECONDS * SPEEDS[plan.dataset]))
    straight = (reached * back)[:, None] * (move.dx, move.dy, move.angle, move.log_scale)
    turn = RECORDINGS[plan.dataset].turn
    size = RECORDINGS[plan.dataset].head * np.array([1, 1, turn, turn]) * WANDER
    waves = np.zeros((n_frames, 4))
    for k in range(1, 5):  # slow waves only: a head has mass
        phase, strength = rng.uniform(0, 2 * np.pi, 4), rng.normal(0, 1.0, 4) / k
        waves += strength * np.sin(np.pi * k * t[:, None] / n_frames + phase)
    line = waves[onset] + (waves[apex] - waves[onset]) * ((t - onset) / (apex - onset))[:, None].clip(-1, 2)
    return straight + size * (waves - line)
