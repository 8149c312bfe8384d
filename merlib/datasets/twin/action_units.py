"""Action units as smooth displacement fields on the canonical face, in inter-ocular units.

Each action unit is a few *pushes*: a landmark is moved in the direction that FACS describes (Ekman and
Friesen's Facial Action Coding System), and the skin around it follows less and less, down to exactly zero at the
push's radii (Wendland's compactly supported C2 function). Fields add up linearly, so half an activation moves half as
far. Activation 1 is a full, macro-strength expression, which still does not fold the skin. This module knows nothing
of images; both the flow maps and the rendered faces sample its fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from merlib.clips.landmarks68 import canonical_face
from merlib.errors import unknown_name


@dataclass(frozen=True)
class Push:
    """One muscle's pull on the subject's left side (x > 0); the right side is its mirror image.

    Parameters
    ----------
    landmarks : tuple of int
        The push is centred on the mean of these landmarks (left side or midline), moved by `shift`.
    move : (float, float)
        Displacement at the centre when the activation is 1, inter-ocular units, y downwards.
    radii : (float, float)
        Distance from the centre at which the push has faded to zero, along x and y, inter-ocular units.
    shift : (float, float)
        Added to the mean of the landmarks, inter-ocular units.
    """

    landmarks: tuple[int, ...]
    move: tuple[float, float]
    radii: tuple[float, float]
    shift: tuple[float, float] = (0.0, 0.0)

    @cached_property
    def centre(self) -> np.ndarray:
        """Centre of the push on the canonical face, (2,)."""
        return canonical_face()[list(self.landmarks)].mean(axis=0) + self.shift


_BROW_IN, _BROW_OUT, _LID_UP, _LID_LOW = (22, 23), (24, 25, 26), (43, 44), (46, 47)
_CHEEK = (0.08, 0.42)  # from the lower lid down to the cheek
_CHIN = (0.12, -0.26)  # from the chin's lowest point up to its boss

MUSCLES: dict[str, tuple[Push, ...]] = {
    "1": (Push(_BROW_IN, (0.01, -0.12), (0.71, 0.70)),),  # inner brow raiser
    "2": (Push(_BROW_OUT, (0.01, -0.11), (0.74, 0.70)),),  # outer brow raiser
    "4": (  # lowerer
        Push(_BROW_IN, (-0.06, 0.09), (0.71, 0.65)),
        Push(_BROW_OUT, (-0.02, 0.04), (0.68, 0.59)),
    ),
    "5": (Push(_LID_UP, (0.0, -0.05), (0.34, 0.23)),),  # upper lid raiser
    "6": (  # cheek raiser
        Push(_LID_LOW, (-0.02, -0.07), (0.85, 0.70), _CHEEK),
        Push((45,), (-0.04, 0.01), (0.50, 0.43)),
    ),
    "7": (  # lid tightener
        Push(_LID_LOW, (-0.01, -0.045), (0.37, 0.23)),
        Push(_LID_UP, (0.0, 0.02), (0.34, 0.21)),
    ),
    "9": (  # nose wrinkler
        Push((35,), (0.0, -0.06), (0.56, 0.68), (0.0, -0.16)),
        Push((22,), (-0.02, 0.05), (0.53, 0.50)),
        Push((52,), (0.0, -0.025), (0.53, 0.40)),
    ),
    "10": (  # upper lip raiser
        Push((52, 53), (0.0, -0.065), (0.56, 0.46)),
        Push((35,), (0.02, -0.05), (0.56, 0.56), (0.14, 0.08)),
    ),
    "12": (  # smile
        Push((54,), (0.09, -0.08), (0.78, 0.71)),
        Push(_LID_LOW, (0.02, -0.045), (0.80, 0.70), _CHEEK),
    ),
    "14": (Push((54,), (0.075, -0.005), (0.56, 0.50)),),  # dimpler
    "15": (Push((54,), (0.015, 0.085), (0.62, 0.62)),),  # lip corner depressor
    "16": (Push((56,), (0.01, 0.06), (0.56, 0.50)),),  # lower lip depressor
    "17": (  # chin raiser
        Push((8,), (0.0, -0.055), (0.68, 0.65), _CHIN),
        Push((56,), (0.0, -0.025), (0.53, 0.46)),
    ),
    "20": (Push((54,), (0.095, 0.02), (0.68, 0.53)),),  # lip stretcher
    "23": (Push((54,), (-0.05, 0.0), (0.53, 0.43)), Push((56,), (0.0, -0.02), (0.46, 0.37))),  # lip tightener
    "24": (Push((52,), (0.0, 0.03), (0.53, 0.37)), Push((56,), (0.0, -0.04), (0.53, 0.43))),  # lip pressor
    "25": (Push((52,), (0.0, -0.02), (0.53, 0.40)), Push((56,), (0.0, 0.045), (0.56, 0.53))),  # lips part
    "26": (Push((9,), (0.0, 0.09), (1.20, 0.90)), Push((56,), (0.0, 0.035), (0.62, 0.62))),  # jaw drop
    "45": (Push(_LID_UP, (0.0, 0.055), (0.37, 0.25)), Push(_LID_LOW, (0.0, -0.01), (0.34, 0.21))),  # blink
}

ACTION_UNITS: tuple[str, ...] = tuple(MUSCLES)
# One field per side of the face: ("L1", "R1", "L2", ...), in the order of the rows of `basis`.
SIDES: tuple[str, ...] = tuple(side + unit for unit in ACTION_UNITS for side in "LR")


def _side_field(pushes: Sequence[Push], sign: int, points: np.ndarray) -> np.ndarray:
    field = np.zeros_like(points)
    for push in pushes:
        centre, move = push.centre * (sign, 1), np.array(push.move) * (sign, 1)
        squared = (((points - centre) / push.radii) ** 2).sum(axis=1)
        near = np.flatnonzero(squared < 1.0)
        distance = np.sqrt(squared[near])
        field[near] += ((1.0 - distance) ** 4 * (4.0 * distance + 1.0))[:, None] * move  # Wendland C2
    return field


def basis(points: np.ndarray) -> np.ndarray:
    """Return the displacement of every one-sided action unit at activation 1.

    Parameters
    ----------
    points : array (N, 2)
        Where to sample the fields, canonical face coordinates.

    Returns
    -------
    float array (len(SIDES), N, 2)
        In the order of `SIDES`, inter-ocular units.
    """
    points = np.asarray(points, dtype=float)
    return np.stack([_side_field(MUSCLES[s[1:]], 1 if s[0] == "L" else -1, points) for s in SIDES])


@lru_cache(maxsize=1)
def _side_index() -> dict[str, int]:
    return {side: i for i, side in enumerate(SIDES)}


def activation_vector(activations: Mapping[str, float]) -> np.ndarray:
    """Return the activation of each one-sided field, (len(SIDES),), for codes such as ``"4"``, ``"L12"``, ``"R12"``.

    A code without a side drives both sides; codes of the same unit and side add up.

    Raises
    ------
    MerlibError
        For an action unit that has no field.
    """
    index, vector = _side_index(), np.zeros(len(SIDES))
    for code, activation in activations.items():
        sides = [code] if code[:1] in ("L", "R") else [f"L{code}", f"R{code}"]
        for side in sides:
            if side not in index:
                raise unknown_name("action unit", code, (*ACTION_UNITS, *SIDES))
            vector[index[side]] += activation
    return vector


def displacement(activations: Mapping[str, float], points: np.ndarray) -> np.ndarray:
    """Return how far each point of the face moves under a set of action units.

    Parameters
    ----------
    activations : mapping of str to float
        Action-unit code, with an optional side as in the data sets' sheets (``"4"``, ``"L12"`` the subject's
        left, ``"R12"`` the right), to activation; 1 is a full expression, a micro-expression about 0.1 to 0.4.
    points : array (N, 2)
        Canonical face coordinates, inter-ocular units, y downwards.

    Returns
    -------
    float array (N, 2)
        Displacement, inter-ocular units.

    Raises
    ------
    MerlibError
        For an action unit that has no field.
    """
    return np.tensordot(activation_vector(activations), basis(points), axes=1)
