"""When a face moves for a moment and comes back: onset, apex and offset of micro- and macro-expressions.

Each region's displacement is compared with its own median over a while: what differs from it for less than half that
while is an event, what stays is the new rest. The difference is counted in units of the region's own trembling, and the
root mean square over the few regions that differ most is the face's *activity*: a micro-expression moves a corner of
the face and leaves the rest alone. An event is a peak of it. Length tells macro- from micro-expressions (half a second,
as the challenges count, and what smoothing adds), and three kinds of peaks are set aside: those of the lids alone
(blinks), those within a turn of the head, and those in a row of others of the mouth (speech).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from merlib.watching.motion import Regions

MOST_MOVED = 2  # regions
FLANK = 0.8  # share of the apex's activity at which a flank ends
MICRO, MACRO, BLINK, TURN, SPEECH = "micro", "macro", "blink", "turn", "speech"


@dataclass(frozen=True)
class Rules:
    """Every threshold of the spotter; chosen on recordings of seeds that measure nothing.

    `micro_peak` and `longest_micro`, and that a micro-expression's flanks are read above the activity at rest, were
    chosen on the calm recordings of seeds 101 and 105 (four minutes of faces, 22 micro-expressions), the others on
    seeds from 101 to 199.

    Parameters
    ----------
    micro_rest, macro_rest : float
        Seconds over which the median is a region's rest.
    blur : float
        Sigma in time, seconds.
    floor : float
        Least trembling of a region, distances of the outer eye corners.
    micro_peak, macro_peak : float
        Least activity at an apex.
    edge : float
        Share of the apex's activity at which the flanks are read; they are drawn out to where they begin.
    longest_micro, longest : float
        Seconds; of a micro-expression, and of anything that is told. A micro-expression of half a second, the longest
        that the challenges count as one, seems longer by a frame or two at either end, for motion is smoothed. The
        macro-expressions of the twin's recordings all last longer than this allows, so that they cannot tell what the
        allowance costs where real ones are as short.
    shortest : float
        Seconds.
    lids : float
        How many times more than the other regions the lids move in a blink.
    turn, turned : float
        Motion of the nose between the eyes, eye distances a second, from which the head turns; and its distance from
        its rest, eye distances, from which what looks like a macro-expression is the turned head.
    row, mouth : float, int
        Seconds around an event of the mouth in which so many others make it speech.
    """

    micro_rest: float = 1.6
    macro_rest: float = 7.0
    blur: float = 0.025
    floor: float = 0.0006
    micro_peak: float = 3.4
    macro_peak: float = 18.0
    edge: float = 0.35
    longest_micro: float = 0.6
    longest: float = 4.0
    shortest: float = 0.08
    lids: float = 1.3
    turn: float = 0.14
    turned: float = 0.042
    row: float = 1.0
    mouth: int = 1


@dataclass(frozen=True)
class Spotted:
    """An event in one face's motion: frames from 0, activity at the apex, and the region that moved most."""

    kind: str
    onset: int
    apex: int
    offset: int
    strength: float
    region: str


def spot(
    frames: np.ndarray, seconds: np.ndarray, moved: np.ndarray, poses: np.ndarray, regions: Regions, rules: Rules
) -> list[Spotted]:
    """Find the events in a stretch of one face's motion.

    Parameters
    ----------
    frames : int array (T,)
        Frame numbers, growing; a face that was away leaves a gap.
    seconds : array (T,)
        Their times, growing.
    moved : array (T, R, 2)
        Of `FaceMotion.measure`.
    poses : array (T, 2)
        Of `head_pose`.
    regions : Regions
    rules : Rules

    Returns
    -------
    list of Spotted
        By onset; blinks, and peaks set aside as turns and speech, carry that kind.
    """
    if len(frames) < 8 or seconds[-1] - seconds[0] < 2 * rules.longest_micro:
        return []
    step = float(np.median(np.diff(seconds)))
    even = np.arange(seconds[0], seconds[-1] + step / 2, step)
    flat = moved.reshape(len(moved), -1)
    evenly = np.stack([np.interp(even, seconds, each) for each in flat.T], axis=-1).reshape(len(even), -1, 2)
    still = gaussian_filter1d(evenly, max(rules.blur / step, 0.3), axis=0, mode="nearest")
    evenly = np.stack([np.interp(even, seconds, each) for each in poses.T], axis=-1)
    speed, aside = turning(even, evenly, step), away(evenly[:, None], rules.macro_rest, step)[:, 0]
    quick = away(still, rules.micro_rest, step)
    slow = away(still, rules.macro_rest, step)
    noise = np.maximum(1.4826 * np.median(quick, axis=0), rules.floor)
    found: list[tuple[str, int, int, int, float, int]] = []
    body = [i for i in range(len(regions.names)) if i not in regions.members("lids")]
    for z, peak, wanted in ((slow / noise, rules.macro_peak, MACRO), (quick / noise, rules.micro_peak, MICRO)):
        activity = most_moved(z[:, body])
        rest = float(np.median(activity)) if wanted == MICRO else 0.0
        for onset, apex, offset in peaks(activity, peak, rules.edge, rest):
            length = (offset - onset) * step
            kind = MICRO if length <= rules.longest_micro else MACRO
            if kind != wanted or not rules.shortest <= length <= rules.longest:
                continue
            if any(onset <= other[3] and offset >= other[1] for other in found):
                continue
            found.append((kind, onset, apex, offset, float(activity[apex]), int(np.argmax(z[apex]))))
    found = [
        _named(event, quick / noise, (speed, aside), regions, body, rules)
        for event in sorted(found, key=lambda e: e[1])
    ]
    found = _without_speech(found, regions, rules, step)
    return [_as_frames(event, even, frames, seconds, regions) for event in found]


def away(moved: np.ndarray, rest: float, step: float) -> np.ndarray:
    """Return how far each region is from its median over `rest` seconds, (T, R)."""
    width = 2 * int(rest / step / 2) + 1
    columns = np.ascontiguousarray(moved.reshape(len(moved), -1).T)  # one at a time: SciPy's fast median is for these
    still = np.stack([median_filter(each, size=width, mode="nearest") for each in columns], axis=-1)
    return np.linalg.norm(moved - still.reshape(moved.shape), axis=-1)


def most_moved(z: np.ndarray) -> np.ndarray:
    """Return the root mean square of the `MOST_MOVED` largest of each row, (T,)."""
    return np.sqrt((np.sort(z, axis=1)[:, -MOST_MOVED:] ** 2).mean(axis=1))


def turning(seconds: np.ndarray, poses: np.ndarray, step: float) -> np.ndarray:
    """Return how fast the head turns and nods, (T,), eye distances a second."""
    smooth = gaussian_filter1d(poses, max(0.08 / step, 0.3), axis=0, mode="nearest")
    return np.linalg.norm(np.gradient(smooth, seconds, axis=0), axis=-1)


def peaks(activity: np.ndarray, least: float, edge: float, rest: float = 0.0) -> list[tuple[int, int, int]]:
    """Return onset, apex and offset of every peak of an activity (T,) that reaches `least`, the highest first.

    The flanks are read between the shares `edge` and `FLANK` of the peak's height above `rest`, the activity of a face
    that only trembles, and drawn out to where a smooth rise of that steepness begins: a little before it can be seen.
    """
    free, found = np.ones(len(activity), bool), []
    hidden = _smooth_rise(edge) / (_smooth_rise(FLANK) - _smooth_rise(edge))  # of a flank's seen part
    for apex in np.argsort(-activity, kind="stable"):
        if activity[apex] < least:
            break
        if not free[apex]:
            continue
        height = activity[apex] - rest
        low, high = (_walk(activity, apex, way, rest + edge * height) for way in (-1, 1))
        steep = [_walk(activity, apex, way, rest + FLANK * height) for way in (-1, 1)]
        whole = free[low : high + 1].all() and low > 0 and high < len(activity) - 1
        free[low : high + 1] = False
        if whole:
            onset = max(round(low - hidden * (steep[0] - low)), 0)
            offset = min(round(high + hidden * (high - steep[1])), len(activity) - 1)
            found.append((onset, int(apex), offset))
    return found


def _walk(activity: np.ndarray, start: int, way: int, level: float) -> int:
    """Return the first place from `start` on, to the left or right, where activity has fallen to `level`."""
    side = activity[: start + 1][::-1] if way < 0 else activity[start:]
    below = np.flatnonzero(side <= level)
    return start + way * int(below[0] if len(below) else len(side) - 1)


def _smooth_rise(share: float) -> float:
    """Return where a smooth rise, x x (3 - 2 x), has come to a share of its height, 0 to 1."""
    x = np.linspace(0, 1, 1001)
    return float(np.interp(share, x * x * (3 - 2 * x), x))


def _named(event: tuple, z: np.ndarray, head: tuple, regions: Regions, body: list[int], rules: Rules) -> tuple:
    kind, onset, apex, offset, strength, region = event
    span = slice(onset, offset + 1)
    lids = float(z[span][:, regions.members("lids")].mean(axis=1).max())
    others = float(most_moved(z[span][:, body]).max())
    speed, aside = (float(each[span].max()) for each in head)
    if speed > rules.turn or (kind == MACRO and aside > rules.turned):
        kind = TURN
    elif kind == MICRO and lids > rules.lids * others:
        kind = BLINK
    return kind, onset, apex, offset, strength, region


def _without_speech(found: list[tuple], regions: Regions, rules: Rules, step: float) -> list[tuple]:
    mouth, reach = set(regions.members("lower")), rules.row / step
    marked = []
    for event in found:
        near = [
            other
            for other in found
            if other is not event and other[5] in mouth and abs(other[2] - event[2]) < reach and other[0] != BLINK
        ]
        speech = event[0] in (MICRO, MACRO) and event[5] in mouth and len(near) >= rules.mouth
        marked.append((SPEECH if speech else event[0], *event[1:]))
    return marked


def _as_frames(event: tuple, even: np.ndarray, frames: np.ndarray, seconds: np.ndarray, regions: Regions) -> Spotted:
    kind, onset, apex, offset, strength, region = event
    at = [int(frames[np.abs(seconds - even[i]).argmin()]) for i in (onset, apex, offset)]
    return Spotted(kind, *at, strength, regions.names[region])
