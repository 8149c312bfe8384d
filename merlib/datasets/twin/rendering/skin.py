"""Paint the skin of a rendered person: complexion, grain, freckles, moles, folds and lines, all moving with it."""

from __future__ import annotations

import numpy as np

from merlib.datasets.twin.rendering.colouring import Colouring
from merlib.datasets.twin.rendering.portrait import DENSITY, canvas_points, to_canvas

_GRAIN = ((1.1, 1.0), (3.0, 0.8), (9.0, 0.7))  # sigma, px of the canvas, and share of the grain's strength


def blurred(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Return a picture (H, W) with a Gaussian blur; `sigma` in inter-ocular distances."""
    import cv2

    sigma *= DENSITY
    coarser = int(sigma // 4)
    if coarser < 2:
        return cv2.GaussianBlur(plane, (0, 0), sigma)
    size = plane.shape[::-1]
    small = cv2.resize(plane, (size[0] // coarser, size[1] // coarser), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / coarser, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)


def polygon(points: np.ndarray, softness: float, shape: tuple[int, int]) -> np.ndarray:
    """Return the mask of a polygon given in head coordinates, float32 (H, W); the edge is blurred by `softness`."""
    import cv2

    mask, bits = np.zeros(shape, np.float32), 4
    corners = np.rint(to_canvas(points) * 2**bits).astype(np.int32)
    cv2.fillPoly(mask, [corners], 1.0, lineType=cv2.LINE_AA, shift=bits)
    return blurred(mask, softness)


def stroke(points: np.ndarray, width: float, softness: float, shape: tuple[int, int]) -> np.ndarray:
    """Return the mask of a line through points in head coordinates, float32 (H, W); the edge is blurred."""
    import cv2

    mask, bits = np.zeros(shape, np.uint8), 4
    corners = np.rint(to_canvas(points) * 2**bits).astype(np.int32)
    cv2.polylines(mask, [corners], False, 255, max(1, round(width * DENSITY)), cv2.LINE_AA, bits)
    return blurred(mask.astype(np.float32) / 255, softness)


def curve(points: np.ndarray, n: int = 24) -> np.ndarray:
    """Return n points of a smooth curve through `points`, (n, 2)."""
    from scipy.interpolate import make_interp_spline

    t = np.linspace(0, 1, len(points))
    return make_interp_spline(t, np.asarray(points, float), k=min(3, len(points) - 1))(np.linspace(0, 1, n))


def noise(rng: np.random.Generator, shape: tuple[int, int], sigma: tuple[float, float]) -> np.ndarray:
    """Draw smooth noise of rms 1; `sigma` is its correlation length along x and y, px."""
    import cv2

    plane = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), sigma[0], sigmaY=sigma[1])
    return plane / plane.std()


def extend_skin(colour: np.ndarray, skin: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Continue the skin under the hair, where a style without a fringe shows it; takes and returns Lab (H, W, 3).

    Under the hair the colour is that of the nearest visible skin, blurred more with growing distance. The shadow of
    the hair on the forehead is removed.
    """
    shape = skin.shape
    sure = np.clip((blurred(skin, 0.06) - 0.90) / 0.08, 0, 1) * skin
    covered = sum(stroke(landmarks[brow], 0.16, 0.03, shape) for brow in (slice(17, 22), slice(22, 27)))
    covered = covered + sum(polygon(_grown(landmarks[eye], 1.7), 0.03, shape) for eye in (slice(36, 42), slice(42, 48)))
    above = np.clip((0.1 - canvas_points()[..., 1]) / 0.2, 0, 1)  # cheeks and ears do not count for the forehead
    plain = (sure * np.clip(1 - 1.5 * covered, 0, 1) * (0.02 + above)).astype(np.float32)
    filled, weight = np.zeros_like(colour), np.zeros_like(skin)
    for sigma, share in ((0.08, 1.0), (0.2, 1e-2), (0.5, 1e-4)):
        filled += share * np.dstack([blurred(colour[..., k] * plain, sigma) for k in range(3)])[..., :3]
        weight += share * blurred(plain, sigma)
    filled /= np.maximum(weight, 1e-7)[..., None]
    return filled + sure[..., None] * (colour - filled)


def _grown(points: np.ndarray, factor: float) -> np.ndarray:
    middle = points.mean(axis=0)
    return middle + factor * (points - middle)


def complexion(colour: np.ndarray, where: np.ndarray, person: Colouring) -> np.ndarray:
    """Shift the mean colour of the region `where` (weights 0 to 1) to this person's skin; light and shade are kept."""
    weight = where[..., None]
    mean = (colour * weight).sum(axis=(0, 1)) / weight.sum()
    target = np.array(person.skin, dtype=np.float32)
    contrast = np.array([(target[0] / mean[0]) ** 0.55, 0.85, 0.85], dtype=np.float32)
    return target + contrast * (colour - mean)


def ears(landmarks: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return ears for the portrait, whose hair hides them: their cover, and how much darker L is, float32 (H, W)."""
    cover, dark = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    angle = np.linspace(0, 2 * np.pi, 40)
    for side, jaw in ((-1, landmarks[0:3]), (1, landmarks[14:17])):
        centre = np.array([jaw[:, 0].mean() + side * 0.055, jaw[:, 1].mean() - 0.08])
        ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        ring = np.stack([ring[:, 0] * 0.10 - side * 0.035 * ring[:, 1], ring[:, 1] * 0.33], axis=1)
        cover += polygon(centre + ring, 0.010, shape)
        dark += 13 * polygon(centre + (side * 0.005, -0.02) + 0.55 * ring, 0.022, shape)
        dark += 5 * polygon(centre + 1.0 * ring, 0.010, shape)
    return np.clip(cover, 0, 1), dark


def soften_folds(colour: np.ndarray, landmarks: np.ndarray, left: float) -> np.ndarray:
    """Weaken the folds that the portrait's smile makes beside nose and mouth, so that the share `left` remains."""
    shape, mask = colour.shape[:2], 0.0
    for side, wing, corner in ((1, 35, 54), (-1, 31, 48)):
        path = [landmarks[wing] + (side * 0.06, -0.10), landmarks[wing] + (side * 0.20, 0.10)]
        path += [landmarks[corner] + (side * 0.13, -0.10), landmarks[corner] + (side * 0.13, 0.12)]
        mask = mask + stroke(curve(path), 0.13, 0.05, shape)
    lips = polygon(landmarks[48:60], 0.02, shape)
    mask = np.clip(mask, 0, 1) * (1 - np.clip(1.6 * lips, 0, 1)) * (1 - left)
    flat = np.dstack([blurred(colour[..., k], 0.09) for k in range(3)])
    return colour + mask[..., None] * (flat - colour)


def grain(rng: np.random.Generator, shape: tuple[int, int], person: Colouring) -> np.ndarray:
    """Draw pores and blotches; return what is to be added to L, float32 (H, W)."""
    return person.pores * sum(share * noise(rng, shape, (sigma, sigma)) for sigma, share in _GRAIN) / 1.45


def spots(rng: np.random.Generator, shape: tuple[int, int], landmarks: np.ndarray, person: Colouring) -> np.ndarray:
    """Draw freckles on nose and cheeks, and moles anywhere; return how much they lower L, float32 (H, W)."""
    import cv2

    dark, bits = np.zeros(shape, np.float32), 4
    nose, wide = landmarks[29], np.ptp(landmarks[:17, 0])
    for _ in range(person.freckles):
        at = nose + rng.normal(0, 1, 2) * (0.25 * wide, 0.16)
        radius, depth = rng.uniform(0.006, 0.016) * DENSITY, rng.uniform(2, 7)
        layer = np.rint(to_canvas(at) * 2**bits).astype(int)
        cv2.circle(dark, tuple(map(int, layer)), int(radius * 2**bits), float(depth), -1, cv2.LINE_AA, bits)
    for _ in range(person.moles):
        at = landmarks[30] + rng.uniform(-1, 1, 2) * (0.42 * wide, 0.95)
        radius, depth = rng.uniform(0.010, 0.026) * DENSITY, rng.uniform(9, 24)
        layer = np.rint(to_canvas(at) * 2**bits).astype(int)
        cv2.circle(dark, tuple(map(int, layer)), int(radius * 2**bits), float(depth), -1, cv2.LINE_AA, bits)
    return cv2.GaussianBlur(dark, (0, 0), 1.3) * person.skin[0] / 70


def forehead_lines(
    rng: np.random.Generator, shape: tuple[int, int], landmarks: np.ndarray, strength: float
) -> np.ndarray:
    """Draw three faint lines across the forehead; return how much they lower L, float32 (H, W)."""
    dark = np.zeros(shape, np.float32)
    top = landmarks[17:27, 1].min()
    for k in range(3):
        half, y = rng.uniform(0.35, 0.62), top - 0.16 - 0.15 * k - rng.uniform(0, 0.04)
        x = np.linspace(-half, half, 6) + rng.normal(0, 0.04)
        path = np.stack([x, y + 0.05 * (x / half) ** 2 + rng.normal(0, 0.008, 6)], axis=1)
        line = stroke(curve(path), 0.012, 0.010, shape)
        dark += line * np.exp(-np.square(np.square(canvas_points()[..., 0] / half)))
    return 9 * strength * dark
