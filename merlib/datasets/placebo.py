"""Samples with shuffled labels: what a method reaches on them follows from chance and class frequencies alone.

A placebo has another name, a note and another digest, so that its predictions are stored in a folder of their own and
no table of real results can pick them up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from merlib.clips.samples import Samples
from merlib.sources.joined_names import PLACEBO


def placebo(samples: Samples, seed: int = 0) -> Samples:
    """Return the samples with labels shuffled inside each data set, whose clips, people and class frequencies stay.

    Parameters
    ----------
    samples : Samples
        These are not changed.
    seed : int
        Seed of the shuffling.

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
