"""The twin's people and the cameras that record them: what is constant about a person or a data set.

Everything is drawn from a random stream of its own, keyed by the seed and the *names* of what is drawn. A person is
therefore the same whichever other people exist, and the same in the single data set as in the composite.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from merlib.datasets.twin.action_units import ACTION_UNITS
from merlib.datasets.twin.emotions import EMOTIONS

HABIT_SPREAD = 0.3  # standard deviation between persons of the logarithm of the factor on each action unit
TASTE_SPREAD = 1.0  # standard deviation between persons of the log odds of each unit in each emotion
TICS, TIC_STRENGTH = ("4", "7", "12", "14", "17", "1"), 0.15  # units; mean strength relative to the clip's intensity
SHAPE_SPREAD = np.array([0.02, 0.03, 0.03, 0.04])  # standard deviations: shift x, shift y, log width, log height


@dataclass(frozen=True)
class Recording:
    """What camera and flow estimate add to the motion, in inter-ocular units (1 is about 130 px in CASME II)."""

    head: float  # rms head translation between onset and apex
    turn: float  # rms turn (radians) and change of size (log) of the head, as a share of its translation
    smooth: float  # rms of the flow error that varies slowly over the face
    fine: float  # rms of the flow error from pixel to pixel


# How much heads turn was fitted to the public maps (HTNet's archive of MEGC2019). A plane explains a share of the
# variance within a map; in the median clip, averaged over u and v, it is .27 in CASME II, .20 in SAMM and .20 in SMIC,
# and the twin's maps have the same shares. Each of those maps is stretched by its own range, so they do not show how
# far heads translate; that is our choice. SMIC-HS has the lowest resolution and flickering light; CASME II the
# steadiest faces.
RECORDINGS: Mapping[str, Recording] = MappingProxyType(
    {
        "casme2": Recording(head=0.010, turn=0.57, smooth=0.0096, fine=0.0014),
        "samm": Recording(head=0.012, turn=0.35, smooth=0.0109, fine=0.0016),
        "smic": Recording(head=0.013, turn=0.62, smooth=0.0205, fine=0.0035),
    }
)


@dataclass(frozen=True)
class SubjectStyle:
    """What is constant about a person.

    Parameters
    ----------
    expressiveness : float
        Factor on every activation; the median person has 1.
    asymmetry : float
        -0.6 to 0.6; positive when the left side of the face moves more.
    habits : mapping of str to float
        Factor on each action unit: muscles this person favours or hardly uses.
    tic : tuple (str, float)
        An action unit that accompanies any expression of this person, and how strongly.
    taste : mapping of str to float
        What the person adds to the log odds of each unit in each emotion, ``"happiness/6"``.
    sway : (float, float)
        Mean head translation along x and y, as a multiple of `Recording.head`.
    shape : (float, float, float, float)
        How the face sits in the crop: shift x, shift y, log width, log height; inter-ocular units.
    seed : int
        Seed of the flow errors that return in every clip of the person, as glasses, hair or a mole cause them.
    """

    expressiveness: float
    asymmetry: float
    habits: Mapping[str, float]
    tic: tuple[str, float]
    taste: Mapping[str, float]
    sway: tuple[float, float]
    shape: tuple[float, float, float, float]
    seed: int


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the random stream of `names` under `seed`; the same in every process and on every machine."""
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, *np.frombuffer(digest, dtype="<u4").tolist()]))


def skewed(rng: np.random.Generator, spread: float) -> float:
    """Draw a positive factor of median 1 whose logarithm has the standard deviation `spread`."""
    return float(np.exp(spread * rng.standard_normal()))


def draw_subject(seed: int, dataset: str, subject: str) -> SubjectStyle:
    """Draw what is constant about one person; the result depends only on the arguments."""
    rng = stream(seed, "subject", dataset, subject)
    choices = [f"{emotion}/{unit}" for emotion in EMOTIONS for unit in ACTION_UNITS]
    return SubjectStyle(
        expressiveness=skewed(rng, 0.25),
        asymmetry=float(np.clip(rng.normal(0, 0.2), -0.6, 0.6)),
        habits={unit: skewed(rng, HABIT_SPREAD) for unit in ACTION_UNITS},
        tic=(str(rng.choice(TICS)), float(TIC_STRENGTH * rng.exponential())),
        taste={choice: float(TASTE_SPREAD * rng.standard_normal()) for choice in choices},
        sway=tuple(rng.normal(0, 0.7, 2).tolist()),
        shape=tuple((rng.standard_normal(4) * SHAPE_SPREAD).tolist()),
        seed=int(rng.integers(2**63)),
    )
