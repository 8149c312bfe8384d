"""Draw the hair of a rendered person: the portrait's own hair in another colour, or one of four other styles."""

from __future__ import annotations

import numpy as np

from merlib.datasets.twin.rendering.colouring import Colouring
from merlib.datasets.twin.rendering.portrait import canvas_points
from merlib.datasets.twin.rendering.skin import blurred, curve, noise, polygon

_CROWN = -1.80  # top of a skull with hair, head coordinates


def recolour(colour: np.ndarray, where: np.ndarray, person: Colouring) -> np.ndarray:
    """Give the portrait's hair this person's colour; its strands and highlights are kept."""
    weight = where[..., None]
    mean = (colour * weight).sum(axis=(0, 1)) / weight.sum()
    target = np.array(person.hair, dtype=np.float32)
    contrast = np.array(
        [np.clip(target[0] / mean[0], 0.35, 1.0), *2 * [0.5 * min(1, target[0] / mean[0])]], dtype=np.float32
    )
    return np.maximum(target + contrast * (colour - mean), (2, -20, -20)).astype(np.float32)


def strands(rng: np.random.Generator, centre: tuple[float, float], shape: tuple[int, int], fine: float) -> np.ndarray:
    """Return noise stretched along rays from `centre`, rms about 1, float32 (H, W); `fine` 1 gives long smooth hair."""
    import cv2

    at = canvas_points() - np.array(centre, dtype=np.float32)
    bend = 0.10 * noise(rng, shape, (60, 60))
    angle, radius = np.arctan2(at[..., 0], -at[..., 1]) + bend, np.hypot(at[..., 0], at[..., 1])
    rows, columns = 256, 2048
    pattern = noise(rng, (rows, columns), (1.3, 26 * fine)) + 0.9 * noise(rng, (rows, columns), (7, 50 * fine))
    pattern += 0.9 * noise(rng, (rows, columns), (26, 40))
    x, y = (angle / (2 * np.pi) + 0.5) * columns, radius / 3.6 * rows
    return cv2.remap(
        pattern / 1.6, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP
    )


def skull(landmarks: np.ndarray, puff: float, height: float, fall: float | None = None) -> np.ndarray:
    """Return the outline of head and hair, (N, 2), from the ear at the picture's left over the crown to the other.

    Parameters
    ----------
    landmarks : array (68, 2)
        The person's, head coordinates.
    puff : float
        How far the hair stands off the temples, inter-ocular distances.
    height : float
        Factor on the height of the crown.
    fall : float, optional
        Height at which long hair ends, head coordinates. By default hair ends above the ears.
    """
    left, right = landmarks[0], landmarks[16]
    middle, half = (left[0] + right[0]) / 2, (right[0] - left[0]) / 2
    top = _CROWN * height
    wide, low = half + puff, -0.42
    angle = np.linspace(0.1, np.pi / 2, 9)[1:]
    angle[-1] = np.pi / 2 - 1e-6
    side = [(-wide * np.cos(a) ** 0.8, low + (top - low) * np.sin(a) ** 0.9) for a in angle]
    if fall is None:
        side = [(-half - 0.01, 0.06), (-half - 0.55 * puff, -0.20), *side]
    else:
        side = [(-wide - 0.6 * puff, fall), (-wide - 0.5 * puff, 1.2), (-wide - 0.15 * puff, 0.2), *side]
    points = np.array([*side, *[(-x, y) for x, y in side[-2::-1]]])
    return curve(np.add(points, (middle, 0)), 96)


def hairline(rng: np.random.Generator, landmarks: np.ndarray, style: str) -> np.ndarray:
    """Return the edge between face and hair, (N, 2), from the ear on the picture's left over the forehead to the other.

    Its height and shape are drawn at random, within what the `style` allows.
    """
    top = landmarks[17:27, 1].min() - rng.uniform(0.42, 0.62)
    peak, temple = rng.uniform(-0.05, 0.10), rng.uniform(0.70, 0.86)
    left, right = landmarks[0], landmarks[16]
    side = [np.add(left, (0.05, 0.34)), np.add(left, (0.10, 0.0)), left * temple * (1, 0) + (0, top + 0.28)]
    brow = [(-0.42, top), (0.0, top + peak), (0.42, top)]
    other = [right * temple * (1, 0) + (0, top + 0.28), np.add(right, (-0.10, 0.0)), np.add(right, (-0.05, 0.34))]
    if style == "long fringe":
        low = landmarks[17:27, 1].min() - rng.uniform(0.04, 0.10)
        brow, top = [(-0.45, low), (0.0, low - rng.uniform(0, 0.08)), (0.45, low)], low
        side[2], other[0] = left * 0.86 * (1, 0) + (0, low + 0.06), right * 0.86 * (1, 0) + (0, low + 0.06)
    return curve(np.array([*side, *brow, *other]), 80)


def drawn_hair(
    rng: np.random.Generator, landmarks: np.ndarray, person: Colouring, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the hair of a person whose style is not the portrait's own.

    Returns
    -------
    colour : float32 array (H, W, 3)
        Lab of the hair.
    hair : float32 array (H, W)
        Cover of the hair, 0 to 1.
    head : float32 array (H, W)
        Cover of skull and hair together, above the ears.
    """
    long, cropped = person.style.startswith("long"), person.style == "cropped"
    puff = rng.uniform(0.02, 0.06) if cropped else rng.uniform(0.14, 0.30) if long else rng.uniform(0.06, 0.17)
    end = rng.uniform(1.9, 2.7) if long else None
    outline = skull(landmarks, puff, rng.uniform(0.91, 0.97) if cropped else rng.uniform(0.98, 1.08), end)
    parting = hairline(rng, landmarks, person.style)
    area = np.concatenate([outline, parting[::-1]])
    if long:
        inner = np.array([landmarks[14] + (0.0, 0.2), landmarks[12] + (0.10, 0.4), (0.80, end)])
        mirrored = np.array([landmarks[2] + (0.0, 0.2), landmarks[4] + (-0.10, 0.4), (-0.80, end)])
        parting[:, 0] *= np.where(parting[:, 1] > -0.4, 0.93, 1.0)  # hair hangs into the cheeks
        area = np.concatenate([outline, inner[::-1], parting[::-1], mirrored])
    whole = (
        np.concatenate([outline, landmarks[14:1:-1]])
        if not long
        else np.concatenate([outline, landmarks[16:17], landmarks[0:1]])
    )
    falls = long or rng.random() < 0.5  # from a parting at the crown, or brushed back from the forehead
    centre = (rng.uniform(-0.4, 0.4), -2.3) if falls else (rng.uniform(-0.2, 0.2), 0.6)
    grain = strands(rng, centre, shape, 1.0 if not cropped else 0.12)
    edge = polygon(area, 0.035 if cropped else 0.022, shape)
    hair = np.clip((edge - 0.5) * (1.6 if cropped else 2.6) + 0.5 + 0.22 * grain * (edge > 0.02) * (edge < 0.98), 0, 1)
    around = (
        np.maximum(polygon(whole, 0.015, shape), polygon(area, 0.015, shape)) if long else polygon(whole, 0.015, shape)
    )
    head = np.clip((around - 0.5) * 2 + 0.5 + 0.16 * grain * (around > 0.02) * (around < 0.98), 0, 1)
    at = canvas_points()
    shine = np.exp(-(((at[..., 1] + 1.35 + 0.25 * at[..., 0] ** 2) / 0.22) ** 2)) * (0.3 if cropped else 1.0)
    inside = np.clip(blurred(around, 0.10) * 1.6 - 0.6, 0, 1)
    lightness = person.hair[0]
    spread = (2.0 + 0.13 * lightness) * (0.6 if cropped else 1.0)
    plane = (lightness + spread * grain) * (0.72 + 0.28 * inside) + shine * (2.5 + 0.16 * lightness) * (1 + 0.4 * grain)
    if cropped:  # the scalp shines through
        plane = 0.75 * plane + 0.25 * person.skin[0] * 0.7
    colour = np.dstack([np.clip(plane, 2, 95), np.full(shape, person.hair[1]), np.full(shape, person.hair[2])])
    return colour.astype(np.float32), hair.astype(np.float32) * (0.9 if cropped else 1.0), head.astype(np.float32)
