"""Paint brows, eyes, lips and beard of a rendered person at the person's landmarks. All pictures are Lab (H, W, 3)."""

from __future__ import annotations

import numpy as np

from merlib.datasets.twin.rendering.colouring import Colouring
from merlib.datasets.twin.rendering.portrait import canvas_points
from merlib.datasets.twin.rendering.skin import blurred, curve, noise, polygon, stroke

_IRIS, _PUPIL = 0.082, 0.034  # radii, inter-ocular distances


def eye_openings(landmarks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a mask of both eyes' openings, float32 (H, W), 0 to about 1."""
    return sum(polygon(landmarks[eye], 0.012, shape) for eye in (slice(36, 42), slice(42, 48)))


def paint_brows(colour: np.ndarray, rng: np.random.Generator, landmarks: np.ndarray, person: Colouring) -> np.ndarray:
    """Paint the brows: thick towards the nose, thin at the tail, with soft edges."""
    shape = colour.shape[:2]
    strands = 0.72 + 0.28 * np.clip(noise(rng, shape, (3.2, 0.9)) + 0.3 * noise(rng, shape, (0.8, 1.8)), -1.6, 1.6)
    thickness, strength = person.brow
    mask = np.zeros(shape, np.float32)
    for brow in (landmarks[17:22], landmarks[26:21:-1]):  # from the tail inwards
        path = curve(brow, 32)
        half = thickness / 2 * np.interp(np.linspace(0, 1, 32), [0, 0.35, 0.8, 1], [0.22, 0.8, 1.1, 0.8])
        outline = np.concatenate([path - np.stack([0 * half, half], 1), (path + np.stack([0 * half, half], 1))[::-1]])
        mask += polygon(outline, 0.016, shape)
    weight = (np.clip(mask, 0, 1) * strands * strength)[..., None]
    hair = np.array(person.hair, dtype=np.float32) * (0.9, 0.8, 0.8) + (2, 1, 1)
    return colour + weight * (hair.astype(np.float32) - colour)


def paint_eyes(colour: np.ndarray, landmarks: np.ndarray, person: Colouring) -> np.ndarray:
    """Tint the irises; pupils, lashes and the white of the eyes stay as they are."""
    at, colour = canvas_points(), colour.copy()
    openings = eye_openings(landmarks, colour.shape[:2])
    for eye in (slice(36, 42), slice(42, 48)):
        radius = np.linalg.norm(at - landmarks[eye].mean(axis=0).astype(np.float32), axis=-1)
        ring = (
            np.clip((_IRIS - radius) / 0.02, 0, 1) * np.clip((radius - _PUPIL) / 0.015, 0, 1) * np.clip(openings, 0, 1)
        )
        lightness, blueness = person.iris
        colour[..., 0] += ring * lightness
        colour[..., 2] += ring * blueness
    return colour


def paint_mouth(colour: np.ndarray, landmarks: np.ndarray, person: Colouring) -> np.ndarray:
    """Colour the lips, and paint a dark line between them where the portrait shows teeth."""
    shape = colour.shape[:2]
    lips = np.clip(polygon(landmarks[48:60], 0.02, shape), 0, 1)
    line = curve(
        np.concatenate([landmarks[[48]], (landmarks[[61, 62, 63]] + landmarks[[67, 66, 65]]) / 2, landmarks[[54]]])
    )
    gap = np.clip(stroke(line, 0.020, 0.008, shape) * 1.2, 0, 1)[..., None]
    colour = colour + lips[..., None] * np.array([person.lips[0], person.lips[1], 0.0], dtype=np.float32)
    dark = np.array([0.50 * person.skin[0] - 3, 17.0, 11.0], dtype=np.float32)
    return colour + 0.8 * gap * (dark - colour)


def paint_beard(colour: np.ndarray, rng: np.random.Generator, landmarks: np.ndarray, person: Colouring) -> np.ndarray:
    """Darken chin, jaw and upper lip with the stippled shadow of a shaved beard."""
    if not person.stubble:
        return colour
    shape = colour.shape[:2]
    jaw, mouth = landmarks[:17], landmarks[48:60]
    cheek = mouth.mean(axis=0) + np.array([[0.85, -0.35], [0.50, -0.05], [0.38, -0.24], [0.0, -0.27]])
    mirror = cheek[2::-1] * (-1, 1) + (2 * mouth[:, 0].mean(), 0)
    area = polygon(np.concatenate([jaw[3:14], cheek, mirror]), 0.07, shape)
    lips = np.clip(polygon(mouth, 0.02, shape) * 1.5, 0, 1)
    under_lip = blurred(stroke(landmarks[[58, 57, 56]] + (0, 0.09), 0.05, 0.03, shape), 0.02)
    stipple = np.clip(0.8 + 0.18 * noise(rng, shape, (1.3, 2.0)) + 0.08 * noise(rng, shape, (12, 12)), 0, 1.5)
    weight = (np.clip(area, 0, 1) * (1 - lips) * (1 - 0.4 * under_lip) * stipple * person.stubble * 0.62)[..., None]
    hair = np.add(person.hair, (10, 0, 0))
    return colour + weight * (np.minimum(hair, 45).astype(np.float32) - colour)
