"""Scores of spotting in long videos: found intervals are matched with true ones as in the spotting challenges.

A found interval counts as a hit when its intersection with a true one is at least half of their union (the rule of
MEGC, an intersection over union of .5). Each interval is matched at most once. Intervals are (onset, offset) in whole
frames, both ends included.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Interval = tuple[int, int]
IOU = 0.5


def overlap(one: Interval, other: Interval) -> float:
    """Return intersection over union of two intervals of frames, both ends included, 0 to 1."""
    both = min(one[1], other[1]) - max(one[0], other[0]) + 1
    return max(both, 0) / (max(one[1], other[1]) - min(one[0], other[0]) + 1) if both > 0 else 0.0


def match_intervals(true: Sequence[Interval], found: Sequence[Interval], least: float = IOU) -> list[tuple[int, int]]:
    """Pair true and found intervals, the best overlap first, each at most once.

    Parameters
    ----------
    true, found : sequence of (onset, offset)
        The intervals in frames.
    least : float
        Smallest overlap of a match, in 0..1.

    Returns
    -------
    list of (int, int)
        Index in `true` and index in `found` of each match.
    """
    pairs = [(overlap(t, f), i, j) for i, t in enumerate(true) for j, f in enumerate(found)]
    matched: list[tuple[int, int]] = []
    for share, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if share >= least and all(i != a and j != b for a, b in matched):
            matched.append((i, j))
    return sorted(matched)


def spotting_scores(hits: float, true: float, found: float, minutes: float) -> dict[str, float]:
    """Return recall, precision, F1 and false alarms per minute from counts; a score with denominator 0 is NaN.

    Parameters
    ----------
    hits, true, found : float
        Number of matched, of true and of found intervals.
    minutes : float
        Minutes of video, times the number of faces in it.
    """

    def share(part: float, whole: float) -> float:
        return part / whole if whole else float("nan")

    return {
        "recall": share(hits, true),
        "precision": share(hits, found),
        "F1": share(2 * hits, true + found),
        "false alarms a minute": share(found - hits, minutes),
    }


def spotting_intervals(
    counts: np.ndarray, replicates: int = 2000, level: float = 0.95, seed: int = 0
) -> dict[str, tuple[float, float, float]]:
    """Return each score of `spotting_scores` on pooled counts, and the ends of its interval.

    Parameters
    ----------
    counts : array (people, 4)
        hits, true, found and minutes of each person in each recording; these rows are resampled with replacement.
    replicates, level, seed
        Number of resamples, coverage of the percentile interval, and seed of the draws.

    Returns
    -------
    dict of str to (float, float, float)
        Value, low and high end of each score; NaN ends where the value is not finite.
    """
    counts = np.asarray(counts, float)
    whole = spotting_scores(*counts.sum(axis=0))
    rng = np.random.default_rng(seed)
    drawn = counts[rng.integers(0, len(counts), (replicates, len(counts)))].sum(axis=1)
    scores = [spotting_scores(*each) for each in drawn]
    tails = [(1 - level) / 2, (1 + level) / 2]
    return {
        name: (value, *np.nanquantile([each[name] for each in scores], tails).tolist())
        if np.isfinite(value)
        else (value, float("nan"), float("nan"))
        for name, value in whole.items()
    }
