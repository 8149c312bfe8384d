"""SYNTHETIC pairs and clips with known motion: scikit-image's astronaut (credit NASA), warped at run time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import skimage.data
from scipy.ndimage import map_coordinates
from skimage.transform import resize

from merlib.clips.landmarks68 import canonical_face
from merlib.datasets.twin.action_units import displacement

BETWEEN_EYES = np.array([224.9, 102.3])  # column and row in the portrait
INTER_OCULAR = 43.9  # pixels of the portrait
TILT = np.arctan2(3.0, 43.75)


@lru_cache(maxsize=4)
def portrait(scale: float = 1.0) -> np.ndarray:
    """The face, float32 (144 * scale, 112 * scale, 3) in 0..1, read-only."""
    face = skimage.data.astronaut()[56:200, 169:281] / 255.0
    image = resize(face, (round(144 * scale), round(112 * scale)), order=3, anti_aliasing=scale < 1)
    image = np.clip(image, 0, 1).astype(np.float32)
    image.setflags(write=False)
    return image


def _frame(scale: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Origin (column, row), axes (rows: the face's x and y) and inter-ocular distance in pixels."""
    origin = (BETWEEN_EYES - (169, 56) + 0.5) * scale - 0.5
    cos, sin = np.cos(TILT), np.sin(TILT)
    return origin, np.array([[cos, sin], [-sin, cos]]), INTER_OCULAR * scale


def landmarks(scale: float = 1.0) -> np.ndarray:
    """The canonical 68 landmarks laid on the face, (68, 2) columns and rows in pixels."""
    origin, axes, unit = _frame(scale)
    return origin + unit * canonical_face() @ axes


def true_flow(action_units: Mapping[str, float], peak: float, scale: float = 1.0) -> np.ndarray:
    """Motion of a set of action units, float64 (H, W, 2), its largest displacement set to `peak` pixels."""
    origin, axes, _ = _frame(scale)
    rows, columns = portrait(scale).shape[:2]
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    points = (np.stack([x, y], axis=-1).reshape(-1, 2) - origin) @ axes.T / (INTER_OCULAR * scale)
    field = displacement(action_units, points) @ axes
    return (field * (peak / np.linalg.norm(field, axis=1).max())).reshape(rows, columns, 2)


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Move every pixel of the image by the flow: second(x + flow(x)) = first(x)."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
    source = np.stack([rows, columns])
    for _ in range(8):  # invert x -> x + flow(x)
        v, u = (map_coordinates(flow[..., k], source, order=1, mode="nearest") for k in (1, 0))
        source = np.stack([rows - v, columns - u])
    channels = [map_coordinates(image[..., c], source, order=3, mode="nearest") for c in range(image.shape[2])]
    return np.clip(np.stack(channels, axis=-1), 0, 1).astype(np.float32)


def as_uint8(image: np.ndarray, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Round to 0..255 after adding sensor noise of that standard deviation (in grey levels)."""
    grain = np.random.default_rng(seed).normal(0, noise, image.shape) if noise else 0.0
    return np.clip(np.rint(image * 255.0 + grain), 0, 255).astype(np.uint8)


def pair(
    action_units: Mapping[str, float], peak: float, scale: float = 1.0, noise: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Onset, apex (uint8) and the true motion between them."""
    flow = true_flow(action_units, peak, scale)
    first = portrait(scale)
    return as_uint8(first, noise, 1), as_uint8(warp(first, flow), noise, 2), flow


def clip(
    motions: Sequence[tuple[Mapping[str, float], float, np.ndarray]], scale: float = 1.0, noise: float = 0.0
) -> np.ndarray:
    """A clip, uint8 (T, H, W, 3): for each motion its action units, its peak in pixels and its envelope (T,)."""
    fields = [(true_flow(units, peak, scale), envelope) for units, peak, envelope in motions]
    frames = []
    for t in range(len(motions[0][2])):
        flow = sum(field * envelope[t] for field, envelope in fields)
        frames.append(as_uint8(warp(portrait(scale), flow), noise, seed=100 + t))
    return np.stack(frames)
