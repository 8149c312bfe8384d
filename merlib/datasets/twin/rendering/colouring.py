"""Draw at random the complexion, hair colour and style of a rendered person; other modules paint them.

Colours are CIE Lab. Their mixtures follow who took part in the recordings: students in China (CASME II), thirteen
ethnicities in Manchester (SAMM), Asians, Caucasians and Africans in Oulu (SMIC). A person's motion does not depend on
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from merlib.datasets.twin.rendering.identity import is_masculine, person_stream

# L, a, b of well-lit skin, from fair to dark; below, the standard deviation around them.
COMPLEXIONS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "fair": (76.0, 11.0, 13.0),
        "light": (72.0, 12.0, 18.0),
        "medium": (66.0, 13.0, 21.0),
        "tan": (59.0, 14.0, 23.0),
        "brown": (48.0, 14.0, 21.0),
        "dark": (37.0, 11.0, 15.0),
    }
)
_COMPLEXION_SPREAD = (2.2, 1.2, 1.8)
_MIXTURES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "casme2": (0.12, 0.43, 0.33, 0.12, 0.0, 0.0),
        "samm": (0.28, 0.27, 0.15, 0.10, 0.11, 0.09),
        "smic": (0.25, 0.35, 0.20, 0.10, 0.06, 0.04),
    }
)
HAIR: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "black": (11.0, 0.5, 0.5),
        "dark brown": (19.0, 4.0, 6.0),
        "brown": (29.0, 7.0, 12.0),
        "fair": (48.0, 6.0, 21.0),
        "red": (34.0, 16.0, 22.0),
        "grey": (52.0, 0.0, 3.0),
    }
)
_HAIR_OF_FAIR, _HAIR_OF_OTHERS = (0.10, 0.28, 0.30, 0.20, 0.05, 0.07), (0.72, 0.23, 0.02, 0.0, 0.0, 0.03)
STYLES = ("fringe", "short", "cropped", "long", "long fringe")
_STYLES_OF_MEN, _STYLES_OF_WOMEN = (0.12, 0.50, 0.38, 0.0, 0.0), (0.18, 0.22, 0.0, 0.38, 0.22)


@dataclass(frozen=True)
class Colouring:
    """The colours and marks that a person is painted with.

    Parameters
    ----------
    skin, hair : (float, float, float)
        Lab colours.
    style : str
        One of `STYLES`.
    brow : (float, float)
        Thickness (inter-ocular distances) and strength, 0 to 1.
    lips : (float, float)
        Added to L and a of the portrait's lips.
    iris : (float, float)
        Added to L and b of the portrait's irises.
    stubble : float
        Strength of the beard's shadow, 0 to 1.
    folds : float
        Share that is left of the portrait's folds beside nose and mouth, 0 to 1.
    lines : float
        Strength of lines on the forehead, 0 to 1.
    freckles : int
        Number of freckles.
    moles : int
        Number of moles.
    pores : float
        Grain of the skin, rms of L.
    light : (float, float, float)
        Direction of the light (right, down), and how uneven it is.
    warmth : float
        How warm the light is; positive adds red and removes blue.
    exposure : float
        Factor on brightness.
    """

    skin: tuple[float, float, float]
    hair: tuple[float, float, float]
    style: str
    brow: tuple[float, float]
    lips: tuple[float, float]
    iris: tuple[float, float]
    stubble: float
    folds: float
    lines: float
    freckles: int
    moles: int
    pores: float
    light: tuple[float, float, float]
    warmth: float
    exposure: float


def draw_colouring(seed: int, dataset: str, subject: str) -> Colouring:
    """Draw a person's colours; the result depends only on the arguments."""
    rng = person_stream(seed, dataset, subject, "colouring")
    masculine = is_masculine(seed, dataset, subject)
    kind = str(rng.choice(list(COMPLEXIONS), p=_MIXTURES[dataset]))
    skin = np.array(COMPLEXIONS[kind]) + rng.normal(0, 1, 3) * _COMPLEXION_SPREAD
    fair = kind in ("fair", "light") and dataset != "casme2"
    colours = np.array(list(HAIR.values()))
    hair = colours[rng.choice(len(colours), p=_HAIR_OF_FAIR if fair else _HAIR_OF_OTHERS)] * rng.normal(1, 0.12)
    style = str(rng.choice(STYLES, p=_STYLES_OF_MEN if masculine else _STYLES_OF_WOMEN))
    thickness = (0.062 if masculine else 0.045) * np.exp(0.22 * rng.standard_normal())
    strength = float(np.clip((0.72 if masculine else 0.55) + 0.18 * rng.standard_normal(), 0.15, 0.95))
    light_eyes = fair and rng.random() < 0.6
    iris = (rng.uniform(10, 22), rng.uniform(-14, -4)) if light_eyes else (rng.normal(0, 2), 0.0)
    made_up = not masculine and rng.random() < 0.35
    lips = (
        rng.normal(-3, 2.5) - 4 * made_up,
        rng.normal(-1.5 if masculine else 1.5, 1.5) + rng.uniform(3, 9) * made_up,
    )
    direction = rng.uniform(0, 2 * np.pi)
    return Colouring(
        skin=tuple(map(float, skin)),
        hair=tuple(map(float, hair)),
        style=style,
        brow=(float(thickness), strength),
        lips=tuple(map(float, lips)),
        iris=tuple(map(float, iris)),
        stubble=float(
            masculine * rng.choice([0.0, rng.uniform(0.1, 0.35), rng.uniform(0.4, 0.9)], p=[0.35, 0.45, 0.20])
        ),
        folds=float(rng.uniform(0.1, 0.85)),
        lines=float(np.clip(rng.normal(0.15, 0.3), 0, 0.9)),
        freckles=int(rng.choice([0, rng.integers(20, 60), rng.integers(80, 220)], p=[0.5, 0.35, 0.15])),
        moles=int(rng.poisson(2.2)),
        pores=float(rng.uniform(0.9, 2.0)),
        light=(float(np.cos(direction)), float(0.5 * np.sin(direction) - 0.2), float(rng.uniform(0.05, 0.32))),
        warmth=float(rng.normal(0, 2.5)),
        exposure=float(np.exp(rng.normal(-0.07, 0.06))),
    )
