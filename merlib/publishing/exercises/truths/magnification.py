"""Answers of notebook 03: what a factor means and what it does to noise."""

from __future__ import annotations

import numpy as np

from merlib.motion.magnification.magnify import factor_sequence, magnify
from merlib.publishing.exercises.answers import Choice, Number, exercise
from merlib.publishing.study import Study

ALPHA = 3.0  # of ASTNet Eq. 1
SIXFOLD = 6.0


def still_pair(size: int = 64, noise: float = 2.0) -> np.ndarray:
    """Return two noisy grey pictures (2, size, size) of a scene in which nothing moves, values 0..1."""
    draw = np.random.default_rng(0)
    return (0.5 + draw.normal(0.0, noise / 255, (2, size, size))).astype(np.float32)


def change(pair: np.ndarray) -> float:
    """Return by how much the second picture differs from the first, in grey levels (rms)."""
    return 255 * float(np.sqrt(np.mean((pair[1] - pair[0]) ** 2)))


@exercise("03.alpha")
def alpha(study: Study) -> Number:
    """The `factor` that stands for 1 + alpha with alpha = 3."""
    mistakes = {
        ALPHA: "that is alpha itself; what does the equation multiply the motion by?",
        ALPHA - 1: "the other way round.",
    }
    return Number(1 + ALPHA, mistakes=mistakes)


@exercise("03.one")
def one(study: Study) -> Number:
    """Grey levels between the apex and the apex magnified by 1."""
    pair = still_pair()
    left = change(np.stack([pair[1], magnify(pair, 1.0, "eulerian").frames[1]]))
    mistakes = {1.0: "a factor of 1 is the motion that is there already."}
    return Number(round(left, 3), within=0.1, mistakes=mistakes)


@exercise("03.noise")
def noise(study: Study) -> Choice:
    """What sixfold Eulerian magnification does to the noise of a face at rest."""
    pair = still_pair()
    ratio = change(magnify(pair, SIXFOLD, "eulerian").frames) / change(pair)
    truth = (
        "it stays as it was"
        if ratio < 1.2
        else "it grows, by less than six"
        if ratio < SIXFOLD
        else "it grows by more than six"
    )
    why = {
        "it stays as it was": "no motion is estimated, so every change is amplified, of whatever origin.",
        "it grows, by less than six": "look at the column noise again.",
        "it grows by more than six": "alpha falls in the finest bands, where most of the noise is.",
    }
    return Choice(truth, why)


@exercise("03.step")
def step(study: Study) -> Number:
    """Distance between two neighbours of UAMRN's 32 factors."""
    factors = factor_sequence()
    span = factors[-1] - factors[0]
    mistakes = {
        span / len(factors): "count the gaps, not the factors.",
        1.0: "that is the printed range; it holds fewer than 32 factors (UAMRN-F1).",
    }
    return Number(float(np.diff(factors).mean()), mistakes=mistakes)
