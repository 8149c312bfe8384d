"""Samples whose labels mean nothing: what a method reaches on them is what chance and the class shares give.

A placebo is samples of another name, with a note and a digest of its own, so that its predictions lie in a folder of
their own and no table of real results can pick them up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from merlib.clips.samples import Samples
from merlib.sources.joined_names import PLACEBO


def placebo(samples: Samples, seed: int = 0) -> Samples:
    """Shuffle the labels inside each data set, so that neither people nor class shares of a data set change.

    Parameters
    ----------
    samples : Samples
        Left as they are.
    seed : int
        Of the shuffling.

    Returns
    -------
    Samples
        Named ``<name>-placebo``.
    """
    random, labels = np.random.default_rng(seed), samples.labels.copy()
    for name in np.unique(samples.datasets):
        rows = np.flatnonzero(samples.datasets == name)
        labels[rows] = random.permutation(labels[rows])
    note = f"PLACEBO: labels shuffled inside each data set, seed {seed}; no figure of it says anything about faces"
    shuffled = replace(samples, labels=labels, name=samples.name + PLACEBO, notes=(*samples.notes, note))
    return shuffled.made_by(samples.recipe, samples.code) if samples.recipe else shuffled
