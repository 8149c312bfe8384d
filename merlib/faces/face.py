"""One found face, and the form in which every backend reads its picture.

Coordinates everywhere in this room: pixels (x, y), x to the right and y downwards, the centre of the first
pixel at (0, 0). Landmarks follow iBUG's order, 0-based: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, outer lip
48-59, inner lip 60-67, left side of the picture first (errata DUAL-ATME-C14: Dual-ATME writes 1..68 and means these).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from merlib.errors import MerlibError

LANDMARKS = 68
_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a picture.

    Parameters
    ----------
    box : tuple of float
        Left, top, right, bottom, px, as the detector gave it; it may reach beyond the picture.
    landmarks : ndarray (68, 2), float32
        x and y, px; may lie outside the picture when the face does.
    score : float
        How certain the backend is, 0 to 1; 1 where landmarks were given.
    mesh : ndarray (468, 2), float32, optional
        All points of the face mesh, px; only the mesh backend has them.
    """

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    score: float = 1.0
    mesh: np.ndarray | None = None

    @property
    def eyes(self) -> np.ndarray:
        """Centres of the eyes, (2, 2): first the eye on the picture's left, then the other."""
        return np.stack([self.landmarks[_LEFT_EYE].mean(axis=0), self.landmarks[_RIGHT_EYE].mean(axis=0)])

    @property
    def eye_distance(self) -> float:
        """Distance between the eye centres, px: the unit of landmark errors."""
        left, right = self.eyes
        return float(np.hypot(*(right - left)))

    def outside(self, shape: tuple[int, ...]) -> float:
        """Return how far landmarks lie outside a picture of `shape` (H, W, ...) at most, in eye distances; 0 inside."""
        return _beyond(self.landmarks, shape) / self.eye_distance

    def box_outside(self, shape: tuple[int, ...]) -> float:
        """Return how far the box reaches beyond a picture of `shape` (H, W, ...), in eye distances; 0 inside."""
        return _beyond(np.reshape(self.box, (2, 2)), shape) / self.eye_distance


def _beyond(points: np.ndarray, shape: tuple[int, ...]) -> float:
    last = np.array([shape[1] - 1, shape[0] - 1])
    return max(0.0, float(np.maximum(-points, points - last).max()))


def box_of(points: np.ndarray) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of points (N, 2)."""
    return (*map(float, points.min(axis=0)), *map(float, points.max(axis=0)))


def check_landmarks(landmarks: np.ndarray) -> np.ndarray:
    """Return landmarks as float32 (68, 2).

    Raises
    ------
    MerlibError
        For another shape, values that are not finite, or outer eye corners less than a pixel apart.
    """
    points = np.asarray(landmarks, dtype=np.float32)
    action = "hand over 68 points x, y in px in iBUG's order, 0-based."
    if points.shape != (LANDMARKS, 2):
        raise MerlibError(f"landmarks {points.shape}.", f"({LANDMARKS}, 2).", action)
    if not np.isfinite(points).all():
        raise MerlibError("landmarks that are not finite.", "finite pixel coordinates.", action)
    if np.hypot(*(points[45] - points[36])) < 1:
        raise MerlibError("outer eye corners less than a pixel apart.", "a face.", action)
    return points


def rgb_picture(image: np.ndarray) -> np.ndarray:
    """Return a picture as uint8 RGB (H, W, 3); grey is repeated, floating point is read as 0..1.

    Raises
    ------
    MerlibError
        For another shape or dtype, an empty picture, or floating-point values outside 0..1.
    """
    image = np.asarray(image)
    action = "hand over one frame, uint8 0..255 or float 0..1, (H, W) grey or (H, W, 3) RGB."
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3) or 0 in image.shape:
        raise MerlibError(f"a picture {image.shape}.", "(H, W) or (H, W, 3).", action)
    if np.issubdtype(image.dtype, np.floating):
        if not np.isfinite(image).all() or image.min() < -1e-6 or image.max() > 1 + 1e-6:
            raise MerlibError("a floating-point picture outside 0..1.", "values in 0..1.", action)
        image = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise MerlibError(f"a picture of dtype {image.dtype}.", "uint8 or floating point.", action)
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else np.ascontiguousarray(image)
