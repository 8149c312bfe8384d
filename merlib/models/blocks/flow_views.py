"""Views of one flow map with the head's motion removed: the features that the champion compares clips by.

Every view is computed from one clip alone, without its label.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from merlib.models.blocks.surfaces import without_surface

WEIGHTS = (1.0, 2.0, 0.3)  # of squared differences in u, v and strain
FULL_SCALE = 255.0
EXACT = 2.0**20  # views are whole multiples of 1/EXACT, so that sums of their products are exact in any order


def cleaned(maps: np.ndarray, degree: int) -> np.ndarray:
    """Remove a robust surface from u and v and divide each channel by its root mean square.

    Parameters
    ----------
    maps : array (3, H, W)
        Channels u, v, strain of one clip, 0..255.
    degree : int
        Degree of the surface, see `without_surface`.

    Returns
    -------
    float array (3, H, W)
        u and v without their surfaces, and strain, each with a root mean square of one.
    """
    u, v, strain = np.asarray(maps, float) / FULL_SCALE
    return np.stack([_unit(without_surface(u, degree)), _unit(without_surface(v, degree)), _unit(strain)])


def _unit(field: np.ndarray) -> np.ndarray:
    return field / np.sqrt((field**2).mean() + 1e-12)


def mirrored(clean: np.ndarray) -> np.ndarray:
    """Return `cleaned` maps (3, H, W) of the mirrored face: flipped left to right, with the sign of u turned."""
    flipped = clean[..., ::-1].copy()
    flipped[0] *= -1
    return flipped


def blurred(maps: np.ndarray, sigma: float) -> np.ndarray:
    """Blur maps (C, H, W) by a Gaussian of `sigma` pixels; 0 leaves them."""
    return gaussian_filter(maps, (0, sigma, sigma)) if sigma else maps


def weighted(maps: np.ndarray, weights: tuple[float, ...] = WEIGHTS) -> np.ndarray:
    """Scale channels so that their squared differences count `weights` times."""
    return maps * np.sqrt(weights)[:, None, None]


def signed_root(maps: np.ndarray) -> np.ndarray:
    """Take the square root of the magnitude and keep the sign: large motions count less."""
    return np.sign(maps) * np.sqrt(np.abs(maps))


def directions(maps: np.ndarray, sigma: float, step: int) -> np.ndarray:
    """Return square roots of soft histograms over four directions of (u, v), about (4, H / step, W / step).

    A pixel adds its magnitude to the two directions nearest to its own, divided between them by how near they are. The
    four maps are blurred by `sigma` pixels, and every `step`-th pixel is read, beginning with the second.
    """
    u, v = maps[:2]
    angle, magnitude = np.arctan2(v, u), np.hypot(u, v)
    bins = []
    for direction in np.arange(4) * np.pi / 2:
        off = np.abs((angle - direction + np.pi) % (2 * np.pi) - np.pi)
        bins.append(magnitude * np.clip(1 - off / (np.pi / 2), 0, None))
    return np.sqrt(blurred(np.stack(bins), sigma)[:, 1::step, 1::step])


def derivatives(maps: np.ndarray, sigma: float) -> np.ndarray:
    """Return divergence, curl and the two shears of blurred (u, v), (4, H, W)."""
    (uy, ux), (vy, vx) = (np.gradient(field) for field in blurred(maps[:2], sigma))
    return np.stack([ux + vy, vx - uy, ux - vy, uy + vx])


def twelve_views(mean: np.ndarray, plane: np.ndarray, paraboloid: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the champion's twelve views of a clip from its `cleaned` maps of degree 0, 1 and 2."""
    root = signed_root(plane)
    return (
        weighted(mean),
        weighted(plane),
        weighted(paraboloid),
        weighted(blurred(plane, 0.7)),
        weighted(blurred(plane, 1.2)),
        weighted(root),
        weighted(blurred(root, 0.7)),
        directions(plane, 1.2, 3),
        directions(plane, 2.0, 4),
        derivatives(plane, 2.0),
        derivatives(plane, 1.0),
        plane[1:2],
    )


def exact(view: np.ndarray) -> np.ndarray:
    """Flatten a view and round it to multiples of 1 / `EXACT`.

    Channels have a root mean square of about one, so that sums of products of two views stay below 2**53 of these
    steps squared: they are exact, and a distance has the same bits whatever clips it is computed together with.
    """
    return np.rint(view.ravel() * EXACT) / EXACT
