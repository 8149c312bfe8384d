"""Draw how the proportions of each rendered person's face differ from the portrait; `colouring` draws the colours.

The 68 landmarks are moved - width of jaw and cheeks, lengths, eyes, brows, nose, mouth, lips, a little asymmetry - and
a thin-plate spline moves the rest of the picture with them. Everything is drawn from the person's own random stream, so
a person looks the same in every clip, data set and process.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from merlib.clips.landmarks68 import MIRROR, canonical_face
from merlib.datasets.twin.people import stream
from merlib.datasets.twin.rendering.portrait import rest_landmarks, ring

LEFT_EYE, RIGHT_EYE = range(42, 48), range(36, 42)
LEFT_BROW, RIGHT_BROW = range(22, 27), range(17, 22)
NOSE, MOUTH, JAW = range(27, 36), range(48, 68), range(17)


def person_stream(seed: int, dataset: str, subject: str, what: str) -> np.random.Generator:
    """Return the random stream of one trait of one person."""
    return stream(seed, "rendered", what, dataset, subject)


def is_mirrored(seed: int, dataset: str, subject: str) -> bool:
    """Return whether the portrait is mirrored before it becomes this person."""
    return bool(person_stream(seed, dataset, subject, "mirror").random() < 0.5)


def is_masculine(seed: int, dataset: str, subject: str) -> bool:
    """Return whether jaw, brows, hair and beard are drawn from the distributions of men."""
    return bool(person_stream(seed, dataset, subject, "sex").random() < 0.5)


def base_landmarks(mirrored: bool) -> np.ndarray:
    """Return the landmarks, (68, 2), of the portrait at rest or of its mirror image."""
    points = rest_landmarks()
    return points[MIRROR] * (-1, 1) if mirrored else points


@lru_cache(maxsize=256)
def person_landmarks(seed: int, dataset: str, subject: str) -> np.ndarray:
    """Return the landmarks of a person at rest, head coordinates, (68, 2), read-only."""
    points = base_landmarks(is_mirrored(seed, dataset, subject)).copy()
    rng = person_stream(seed, dataset, subject, "shape")
    points = points + 0.35 * (symmetric(points) - points)  # less of the asymmetry that is the portrayed person's own
    for change in (_eyes, _brows, _nose, _mouth, _jaw):
        points = change(points, rng)
    points = _proportions(points, rng)
    if is_masculine(seed, dataset, subject):
        points = _heavier(points)
    wobble = rng.normal(0, 0.006, (68, 2))
    wobble[60:68] = wobble[48:60][[0, 2, 3, 4, 6, 8, 9, 10]]  # the lips' inner line moves with the outer one
    wobble[60:68, 1] = wobble[60:68, 1].mean()
    points += wobble
    points.setflags(write=False)
    return points


def symmetric(points: np.ndarray) -> np.ndarray:
    """Return the mean of landmarks (68, 2) and their mirror image."""
    return (points + points[MIRROR] * (-1, 1)) / 2


def _bounded(rng: np.random.Generator, spread: float) -> float:
    """Draw from a normal distribution with standard deviation `spread`, clipped at 1.8 standard deviations."""
    return float(spread * np.clip(rng.standard_normal(), -1.8, 1.8))


def _eyes(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    apart, wide, tall, tilt = (_bounded(rng, s) for s in (0.035, 0.06, 0.14, 0.07))
    for eye, side in ((LEFT_EYE, 1), (RIGHT_EYE, -1)):
        centre = points[eye].mean(axis=0)
        x, y = ((points[eye] - centre) * np.exp([wide, tall])).T
        points[eye] = centre + np.stack([x, y - side * tilt * x], axis=1) + (side * apart, 0)
    return points


def _brows(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    lift, tilt, arch, apart = (_bounded(rng, s) for s in (0.035, 0.10, 0.022, 0.02))
    for brow, side in ((LEFT_BROW, 1), (RIGHT_BROW, -1)):
        x = (points[brow, 0] - points[brow, 0].mean()) * side  # grows outwards
        bend = arch * (1 - (x / np.abs(x).max()) ** 2)
        points[brow] += np.stack([np.full(5, side * apart), -lift - tilt * x - bend], axis=1)
    return points


def _nose(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    length, width = _bounded(rng, 0.06), _bounded(rng, 0.14)
    points[27:36, 1] += length * np.clip(points[27:36, 1] / 0.7, 0, 1)
    middle = points[33, 0]
    points[31:36, 0] = middle + (points[31:36, 0] - middle) * np.exp(width)
    points[[*MOUTH, *range(4, 13)], 1] += 0.7 * length  # what lies below moves down as well
    return points


def _mouth(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    width, full, lower, corner, height = (_bounded(rng, s) for s in (0.09, 0.22, 0.12, 0.018, 0.02))
    mouth = points[MOUTH]
    middle = mouth[:, 0].mean()
    line = np.interp(mouth[:, 0], *points[[48, 60, 62, 64, 54]].T)
    share = (mouth[:, 0] - middle) / np.abs(mouth[:, 0] - middle).max()
    thick = mouth[:, 1] - line
    fuller = np.where(thick > 0, np.exp(full + lower), np.exp(full))
    fuller[12:] = 1.0  # the closed line stays closed
    points[MOUTH, 1] = line + thick * fuller + corner * share**2 + height
    points[MOUTH, 0] = middle + (mouth[:, 0] - middle) * np.exp(width)
    return points


def _jaw(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    chin, wide, square, cheeks = (_bounded(rng, s) for s in (0.055, 0.05, 0.05, 0.035))
    at = np.abs(np.arange(17) - 8) / 8  # 0 at the chin, 1 at the ears
    points[:17, 1] += chin * np.exp(-((at / 0.45) ** 2))
    stretch = wide * np.exp(-((at / 0.3) ** 2)) + square * np.exp(-(((at - 0.45) / 0.2) ** 2))
    points[:17, 0] *= np.exp(stretch + cheeks * at)
    return points


def _proportions(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    width, height = _bounded(rng, 0.05), _bounded(rng, 0.035)
    return points * np.exp([width, height])


def _heavier(points: np.ndarray) -> np.ndarray:
    """Make the jaw longer and squarer, and lower the brows."""
    at = np.abs(np.arange(17) - 8) / 8
    points[:17, 1] += 0.05 * np.exp(-((at / 0.5) ** 2))
    points[:17, 0] *= np.exp(0.05 * np.exp(-(((at - 0.4) / 0.25) ** 2)))
    points[17:27, 1] += 0.025
    return points


def outer_points(seed: int, dataset: str, subject: str) -> tuple[np.ndarray, np.ndarray]:
    """Return where hair and neck of the portrait go: positions on this person, and on the portrait, both (N, 2)."""
    rng = person_stream(seed, dataset, subject, "hair volume")
    wide, high = 1 + _bounded(rng, 0.04), 1 + _bounded(rng, 0.05)
    landmarks, base = person_landmarks(seed, dataset, subject), base_landmarks(is_mirrored(seed, dataset, subject))
    face = np.ptp(landmarks[:17, 0]) / np.ptp(base[:17, 0])
    head = ring((1.30, 1.80), (0.0, -0.1), 24)
    head = head[head[:, 1] < 0.5]
    grown = head * np.where(head[:, 1:] < 0, (wide * face, high), (wide * face, 1.0))
    neck = np.array([[-0.75, 1.75], [0.0, 2.1], [0.75, 1.75]])
    fixed = ring()
    sunk = landmarks[8, 1] - base[8, 1]
    return np.concatenate([grown, neck * (face, 1) + (0, sunk), fixed]), np.concatenate([head, neck, fixed])


def action_unit_anchors(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points on a face, and where they lie on the canonical face, where action units are defined; both (N, 2).

    The inner lips are left out, because the canonical mouth is slightly open and this one is closed.
    """
    kept = np.arange(60)
    canonical = canonical_face()
    outside = ring((2.6, 3.0), (0.0, 0.3), 16)
    height = np.ptp(canonical[[27, 8], 1]) / np.ptp(landmarks[[27, 8], 1])
    return np.concatenate([landmarks[kept], outside]), np.concatenate([canonical[kept], outside * (1, height)])
