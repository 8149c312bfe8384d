"""Answers of notebook 12: the pointing game and the area under the curve of maps that know nothing of the clip."""

from __future__ import annotations

import numpy as np

from merlib.explaining.agreement import pointing_game, region_auc
from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study

SIDE = (4, 5)  # places of the little face


@exercise("12.pointing")
def pointing(study: Study) -> Number:
    """How often a random place hits a region that holds one place in twenty."""
    region = np.zeros((1, *SIDE), bool)
    region[0, 0, 0] = True
    share = float(pointing_game(np.zeros((1, *SIDE)), region)[0])
    mistakes = {0.5: "a half is what a map without knowledge reaches under the curve, not in this game."}
    return Number(share, share=True, mistakes=mistakes, because="a map must beat its region's share of the face.")


@exercise("12.auc")
def auc(study: Study) -> Number:
    """Area under the curve of moving places 3 and 1 against still places 2 and 0."""
    moving = np.array([[[True, True, False, False]]])
    value = float(region_auc(np.array([[[3.0, 1.0, 2.0, 0.0]]]), moving)[0])
    mistakes = {
        1 - value: "those are the pairs in the wrong order.",
        3.0: "that is a count of pairs; take their share.",
    }
    return Number(value, share=True, mistakes=mistakes, because="it is the share of pairs in the right order.")


@exercise("12.constant")
def constant(study: Study) -> Number:
    """Area under the curve of a map that is the same everywhere."""
    moving = np.array([[[True, True, False, False]]])
    value = float(region_auc(np.ones((1, 1, 4)), moving)[0])
    mistakes = {
        0.0: "no pair is in the wrong order either; how are ties counted?",
        1.0: "no pair is in the right order.",
    }
    return Number(value, share=True, mistakes=mistakes, because="a tie counts a half, as random order does.")
