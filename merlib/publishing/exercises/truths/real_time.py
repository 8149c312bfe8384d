"""Answers of notebook 13: how much of a movement a camera shows, and when an expression counts as found."""

from __future__ import annotations

from merlib.publishing.exercises.answers import Choice, Number, exercise
from merlib.publishing.study import Study
from merlib.publishing.watched.frame_rates import frame_rate_table
from merlib.scoring.spotting import match_intervals, overlap, spotting_scores

TRUE, FOUND = (10, 19), (15, 24)


@exercise("13.seen")
def seen(study: Study) -> Number:
    """Per cent of the height of a movement of 200 ms that 15 frames per second show in the worst case."""
    table = frame_rate_table(0.2)
    mistakes = {
        float(table.loc[15, "seen, median, %"]): "that is the median; the worst moment to begin is asked for.",
        float(table.loc[30, "seen at least, %"]): "that is what twice as many frames show.",
    }
    worst = float(table.loc[15, "seen at least, %"])
    return Number(worst, within=1.0, mistakes=mistakes, because="a short movement falls between the frames.")


@exercise("13.overlap")
def covered(study: Study) -> Number:
    """Overlap of frames 10 to 19 with frames 15 to 24, both ends included."""
    mistakes = {0.5: "that is the share of the true interval; divide by what both cover together."}
    return Number(overlap(TRUE, FOUND), share=True, mistakes=mistakes, because="both cover fifteen frames together.")


@exercise("13.counts")
def counts(study: Study) -> Choice:
    """Whether that overlap counts as found."""
    hit = bool(match_intervals([TRUE], [FOUND]))
    options = {"found": "how much must be covered at least?", "missed": "how much must be covered at least?"}
    options |= {"half found": "an interval counts or it does not."}
    return Choice("found" if hit else "missed", options, because="and what was found is then a false alarm.")


@exercise("13.alarms")
def alarms(study: Study) -> Number:
    """False alarms per minute and face: 12 found, 9 of them true, in 3 minutes of video with 2 faces."""
    rate = spotting_scores(9, 10, 12, 3 * 2)["false alarms a minute"]
    mistakes = {
        1.0: "two faces were watched, each for three minutes.",
        3.0: "that is the count; divide it by minutes and faces.",
    }
    return Number(rate, mistakes=mistakes, because="each face is watched for itself.")
