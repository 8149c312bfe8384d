"""Answers of notebook 14: what a chosen epoch, another average and a printed share tell about a protocol."""

from __future__ import annotations

import numpy as np
import pandas as pd

from merlib.learning.leaky.trainings import choose_epoch
from merlib.publishing.exercises.answers import Choice, Number, exercise
from merlib.publishing.study import Study
from merlib.scoring import uar
from merlib.scoring.as_published import precision_called_uar
from merlib.scoring.grim import shares

PRINTED, CLIPS = 71.45, 20
ANSWERS = {"label": [0, 0, 1, 1, 1, 1], "prediction": [0, 0, 0, 1, 1, 1]}


def _luck(clips: int) -> float:
    """Return the share of right answers when, for each of ten people, the best of forty epochs of guesses is chosen."""
    random = np.random.default_rng(0)
    labels, people = random.integers(0, 2, 10 * clips), np.repeat(np.arange(10).astype(str), clips)
    guesses = random.random((40, 10 * clips, 2))
    return float((choose_epoch(guesses, labels, people, "subject").argmax(1) == labels).mean())


@exercise("14.luck")
def luck(study: Study) -> Choice:
    """Whether choosing an epoch for each person raises the result more with four clips per person or with twenty."""
    few, many = _luck(4), _luck(20)
    options = {
        "four": "an epoch must be lucky on all clips of a person at once.",
        "twenty": "an epoch must be lucky on all clips of a person at once.",
        "the same": "toss four coins, or twenty: which come up all heads more often?",
    }
    return Choice("four" if few > many else "twenty", options, because="few clips are told by luck alone.")


@exercise("14.precision")
def precision(study: Study) -> Number:
    """By how much the mean precision of six answers exceeds their mean recall."""
    frame = pd.DataFrame(ANSWERS)
    gap = precision_called_uar(frame) - uar(frame)
    mistakes = {-gap: "the sign says which of the two is higher.", uar(frame): "that is the mean recall; subtract it."}
    return Number(gap, within=0.005, mistakes=mistakes, because="the same answers have two numbers; only one is UAR.")


@exercise("14.grim")
def grim(study: Study) -> Number:
    """How many numbers of correctly classified clips, out of twenty, would be printed as 71.45 %."""
    mistakes = {1: "each clip of twenty is worth five points.", 14: "14 of 20 is another percentage."}
    return Number(len(shares(PRINTED, CLIPS)), mistakes=mistakes, because="no share of twenty clips is that number.")
