"""Plan who the twin's subjects are and what each of their clips shows, before any map or picture is drawn.

A population has exactly as many subjects as a real data set, each with as many clips of each class as the real person;
clip ids are invented. Everything is drawn from a random stream of its own, keyed by the seed and the *names* of what is
drawn. A clip therefore never depends on which other clips exist or in which order they are made, and a person is the
same in the single data set as in the composite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from merlib.datasets.twin.emotions import MISFIT, mixture, sheet_emotions, unit_rates
from merlib.datasets.twin.people import (
    RECORDINGS,
    TASTE_SPREAD,
    Recording,
    SubjectStyle,
    draw_subject,
    skewed,
    stream,
)
from merlib.errors import MerlibError, unknown_name
from merlib.sources.counts import subject_counts


@dataclass(frozen=True)
class Population:
    """The real counts that a twin follows: name of the manifest, class scheme in it, and the classes in order."""

    counts: str
    scheme: str
    classes: tuple[str, ...]


POLARITIES = ("negative", "positive", "surprise")  # labels 0, 1, 2 of the challenge's list
POPULATIONS: Mapping[str, Population] = MappingProxyType(
    {
        "megc2019-flow": Population("megc2019_cd", "polarity3", POLARITIES),
        "casme2": Population("casme2", "emotion5", ("disgust", "happiness", "others", "repression", "surprise")),
        "samm": Population("samm", "emotion5", ("anger", "contempt", "happiness", "other", "surprise")),
        "smic": Population("smic", "polarity3", POLARITIES),
    }
)


EDITION = "2026-11"  # changed whenever other people or other motion are drawn from the same seed
MICRO = 0.22  # median activation of a micro-expression
BLINK = 0.12  # rms activation of lid movements that have nothing to do with the expression
ONE_SIDED = 0.16  # share of clips in which one side of the face hardly moves
LOPSIDED = 0.6  # the same for contempt, the one-sided emotion of FACS; a choice, the published counts have no sides
REDRAWS = 100  # how often a clip that came out without any unit is drawn again
SEED = 2611  # seed of the people whom experiments test; chosen unseen, see results/reference/ANALYSIS_PLAN.md


@dataclass(frozen=True)
class HeadMotion:
    """Rigid motion of the head between onset and apex.

    Parameters
    ----------
    dx, dy : float
        Translation, inter-ocular units.
    angle : float
        Rotation in the image plane, radians, from x towards y.
    log_scale : float
        Logarithm of the change of size.
    """

    dx: float
    dy: float
    angle: float
    log_scale: float


@dataclass(frozen=True)
class ClipPlan:
    """Everything that is random about one clip; drawing it again gives the same motion.

    Parameters
    ----------
    dataset, subject, clip : str
        Identity of the clip; `subject` is canonical (``sub01``, ``s01``, ``006``), `clip` is invented.
    class_name : str
        The clip's label.
    emotion : str
        The emotion whose action units the face shows. It is finer than a polarity, and sometimes belongs to another
        class than the label, because labels rest on self-report (`emotions.MISFIT`).
    action_units : mapping of str to float
        Activation of one-sided codes (``"L12"``); intensity and asymmetry are included.
    intensity : float
        Strength of the clip as a whole.
    asymmetry : float
        -1 (only the right side moves) to 1 (only the left).
    head : HeadMotion
        Rigid motion between onset and apex.
    shape : (float, float, float, float)
        The subject's, see `SubjectStyle`.
    recording : Recording
        The data set's noise.
    noise : float
        Factor on the recording's flow errors, by which some clips are worse than others.
    noise_seed, person_seed : int
        Seeds of the noise fields: of the clip's own part, and of the part that all clips of this person share.
    """

    dataset: str
    subject: str
    clip: str
    class_name: str
    emotion: str
    action_units: Mapping[str, float]
    intensity: float
    asymmetry: float
    head: HeadMotion
    shape: tuple[float, float, float, float]
    recording: Recording
    noise: float
    noise_seed: int
    person_seed: int


def _draw_units(rng: np.random.Generator, dataset: str, emotion: str, style: SubjectStyle) -> list[str]:
    """Draw the units that a clip shows, at least one, each by its rate in the sheet and the person's taste.

    Tastes shift the log odds by a normal draw, which pulls the mean rates over people towards one half. The factor
    `stretch` on the log odds compensates this (MacKay's approximation of the mean of a logistic function under a normal
    distribution).
    """
    rates = unit_rates(dataset, emotion)
    stretch = np.sqrt(1 + np.pi * TASTE_SPREAD**2 / 8)
    odds = np.array([np.log(rate / (1 - rate)) * stretch + style.taste[f"{emotion}/{u}"] for u, rate in rates.items()])
    chances = 1 / (1 + np.exp(-odds))
    for _ in range(REDRAWS):
        shown = [unit for unit, there in zip(rates, rng.random(len(rates)) < chances, strict=True) if there]
        if shown:
            return shown
    return [max(rates, key=rates.get)]


def _draw_action_units(
    rng: np.random.Generator, dataset: str, emotion: str, style: SubjectStyle, strength: float, asymmetry: float
) -> dict[str, float]:
    pattern = dict.fromkeys(_draw_units(rng, dataset, emotion, style), 1.0)
    unit, extra = style.tic
    pattern[unit] = pattern.get(unit, 0.0) + extra * skewed(rng, 0.5)
    lopsided = LOPSIDED if emotion == "contempt" else ONE_SIDED
    own_side = rng.choice(["", "L", "R"], p=[1 - lopsided, lopsided / 2, lopsided / 2])
    activations: dict[str, float] = {}
    for plain, relative in pattern.items():
        level = strength * relative * style.habits[plain] * skewed(rng, 0.3)
        for side, share in (("L", 1 + asymmetry), ("R", 1 - asymmetry)):
            if own_side and side != own_side:
                share *= 0.2
            activations[side + plain] = activations.get(side + plain, 0.0) + level * share
    return {code: min(level, 1.0) for code, level in activations.items()}  # above 1 the skin would fold


def _add_blink(rng: np.random.Generator, activations: dict[str, float]) -> None:
    """Add a lid movement unrelated to the expression: closing (positive) or opening between onset and apex."""
    moving, level = rng.random() < 0.5, rng.normal(0, BLINK)
    for side in "LR":
        code = f"{side}45"
        activations[code] = activations.get(code, 0.0) + moving * level * skewed(rng, 0.1)


def draw_clip(
    seed: int, population: str, dataset: str, subject: str, clip: str, class_name: str, intensity: float = 1.0
) -> ClipPlan:
    """Draw the plan of one clip; it depends only on the arguments.

    Parameters
    ----------
    seed : int
        Seed of the whole twin.
    population : str
        Name of the population the clip belongs to, see `POPULATIONS`.
    dataset, subject, clip, class_name : str
        Identity and label of the clip.
    intensity : float
        Factor on every activation: 1 is a micro-expression, about 4 a macro-expression.
    """
    rng = stream(seed, "clip", population, dataset, subject, clip)
    style, recording = draw_subject(seed, dataset, subject), RECORDINGS[dataset]
    weights = mixture(dataset, class_name)
    emotion = str(rng.choice(list(weights), p=np.array(list(weights.values())) / sum(weights.values())))
    of_sheet = sheet_emotions(dataset)
    stray = str(rng.choice(list(of_sheet), p=np.array(list(of_sheet.values())) / sum(of_sheet.values())))
    emotion = stray if rng.random() < MISFIT[dataset] else emotion
    strength = MICRO * skewed(rng, 0.35) * style.expressiveness
    asymmetry = float(np.clip(style.asymmetry + rng.normal(0, 0.15), -0.9, 0.9))
    activations = _draw_action_units(rng, dataset, emotion, style, strength * intensity, asymmetry)
    _add_blink(rng, activations)
    dx, dy = recording.head * (np.array(style.sway) + rng.normal(0, 0.7, 2))
    angle, log_scale = rng.normal(0, recording.head * recording.turn, 2)
    return ClipPlan(
        dataset=dataset,
        subject=subject,
        clip=clip,
        class_name=class_name,
        emotion=emotion,
        action_units=activations,
        intensity=strength * intensity,
        asymmetry=asymmetry,
        head=HeadMotion(float(dx), float(dy), float(angle), float(log_scale)),
        shape=style.shape,
        recording=recording,
        noise=skewed(rng, 0.3),
        noise_seed=int(rng.integers(2**63)),
        person_seed=style.seed,
    )


def plan_population(name: str, seed: int = SEED, intensity: float = 1.0) -> tuple[ClipPlan, ...]:
    """Plan every clip of a twin, with the counts of the real data set.

    Parameters
    ----------
    name : {'megc2019-flow', 'casme2', 'samm', 'smic'}
        442 clips of 68 subjects in 3 classes; 246 clips in 5; 136 in 5; 164 in 3.
    seed : int
        Another seed is another set of people.
    intensity : float
        Factor on every activation: 1 is a micro-expression, about 4 a macro-expression.

    Returns
    -------
    tuple of ClipPlan
        Sorted by data set, subject and class; clip ids count from ``twin_0001`` in that order.

    Raises
    ------
    MerlibError
        For an unknown population, a seed that is not a whole number from 0, or an intensity that is not positive.
    """
    if name not in POPULATIONS:
        raise unknown_name("synthetic twin", name, POPULATIONS)
    if not intensity > 0:
        raise MerlibError(
            f"intensity {intensity!r}.", "a factor above 0.", "use 1 for micro-expressions, about 4 for macro."
        )
    if not (isinstance(seed, int | np.integer) and seed >= 0):
        raise MerlibError(f"seed {seed!r}.", "a whole number from 0.", "choose another seed for another set of people.")
    population = POPULATIONS[name]
    counts = subject_counts(population.counts, population.scheme)
    plans = []
    for person, class_name, n in counts[["subject", "class", "n"]].itertuples(index=False):
        dataset, subject = person.split("/") if "/" in person else (population.counts, person)
        for _ in range(n):
            clip = f"twin_{len(plans) + 1:04d}"
            plans.append(draw_clip(seed, name, dataset, subject, clip, class_name, intensity))
    return tuple(plans)
