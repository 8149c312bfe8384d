"""Local binary patterns of a clip's planes, and their histograms in blocks, as LBP-TOP and LBP-SIP use them.

Where both radii of a plane are equal, scikit-image computes the codes on a circle. A plane of space and time with two
different radii needs an ellipse, which scikit-image does not offer; those codes are computed here by the same rule:
neighbours are counted counter-clockwise from the right, a bit is set for each that is not darker than the centre, and
values between pixels are interpolated linearly.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from skimage.feature import local_binary_pattern

from merlib.errors import MerlibError
from merlib.models.handcrafted.clip_features import block_numbers, check_axes

GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
PLANES = {"xy": (2, 1), "xt": (2, 0), "yt": (1, 0)}  # axes of (T, H, W) that run right and up in each plane


def grey_clips(method: str, X: np.ndarray) -> np.ndarray:
    """Return clips of RGB frames 0..1 (N, T, 3, H, W) as whole grey values 0..255, int16 (N, T, H, W).

    They are whole numbers because a pattern compares neighbours, and in flat skin rounding errors would decide.

    Raises
    ------
    MerlibError
        For another shape, or values outside 0..1.
    """
    X = check_axes(method, X, ("(N, T, 3, H, W)",), 'compute them: preprocessing("frames", size=112, length=10).')
    if X.min() < 0 or X.max() > 1:
        found = f"{method}: values from {X.min():g} to {X.max():g}."
        raise MerlibError(found, "RGB frames in 0..1.", "divide 8-bit frames by 255.")
    return np.rint(np.einsum("ntchw,c->nthw", X, 255 * GREY)).astype(np.int16)


def check_size(method: str, volume: np.ndarray, radii: tuple[int, int, int], blocks: int) -> None:
    """Raise a `MerlibError` unless every block of the clips (..., T, H, W) has voxels with all neighbours inside."""
    if min(radii) < 1 or len(radii) != 3:
        raise MerlibError(f"{method}: radii {tuple(radii)}.", "three whole numbers from 1 on.", "name (x, y, t).")
    least = [2 * radii[2] + 1, 2 * radii[1] + blocks, 2 * radii[0] + blocks]
    if any(size < need for size, need in zip(volume.shape[-3:], least, strict=True)):
        raise MerlibError(
            f"{method}: clips of {volume.shape[-3]} frames, {volume.shape[-2]} x {volume.shape[-1]} pixels.",
            f"at least {least[0]} frames, {least[1]} x {least[2]} pixels, for radii {tuple(radii)}, {blocks} blocks.",
            "compute longer or larger frames, or take smaller radii.",
        )


def inner(volume: np.ndarray, radii: tuple[int, int, int], shift: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """Return the voxels of (T, H, W) that have all neighbours inside, or what lies at `shift` (t, y, x) of each.

    Shifts between voxels are interpolated linearly, as ``a + share (b - a)``, so that flat parts stay exactly flat.
    """
    value = volume.astype(np.float64) if any(step != int(step) for step in shift) else volume
    for axis, (radius, step) in enumerate(zip(radii[::-1], shift, strict=True)):
        low = int(np.floor(step))
        first, share = radius + low, step - low
        n = volume.shape[axis] - 2 * radius
        near = np.take(value, range(first, first + n), axis)
        value = near if share == 0 else near + share * (np.take(value, range(first + 1, first + 1 + n), axis) - near)
    return value


def plane_codes(volume: np.ndarray, plane: str, radii: tuple[int, int, int], neighbours: int) -> np.ndarray:
    """Return the pattern of each inner voxel in one of the three planes.

    Parameters
    ----------
    volume : int array (T, H, W)
        Grey frames of one clip.
    plane : {'xy', 'xt', 'yt'}
        The plane through each voxel.
    radii : (int, int, int)
        Along x, y and t.
    neighbours : int
        Points on the circle or ellipse.

    Returns
    -------
    int array (T - 2 rt, H - 2 ry, W - 2 rx)
        Codes 0 .. 2 ** neighbours - 1; bit i belongs to the point at angle ``2 pi i / neighbours``.
    """
    right, up = PLANES[plane]
    across, along = (radii[::-1][axis] for axis in (right, up))
    if across == along:
        rest = 3 - right - up
        inside = range(radii[::-1][rest], volume.shape[rest] - radii[::-1][rest])
        slices = np.moveaxis(volume, (rest, up, right), (0, 1, 2))[inside]
        codes = np.stack([local_binary_pattern(each, neighbours, across, "default") for each in slices])
        codes = codes[:, along : codes.shape[1] - along, across : codes.shape[2] - across]
        return np.moveaxis(codes, (0, 1, 2), (rest, up, right)).astype(int)
    centre, codes = inner(volume, radii), 0
    for point in range(neighbours):
        angle, shift = 2 * np.pi * point / neighbours, [0.0, 0.0, 0.0]
        shift[right] = round(across * np.cos(angle), 5)
        shift[up] = round(-along * np.sin(angle), 5)
        codes = codes + ((inner(volume, radii, tuple(shift)) >= centre).astype(int) << point)
    return codes


def uniform_labels(neighbours: int) -> np.ndarray:
    """Return the label of every code, int (2 ** neighbours,): uniform ones are kept apart, all others share the last.

    A code is uniform when its bits, read around the circle, change at most twice. Of 8 neighbours 58 are, hence 59
    labels: Ojala, Pietikäinen, Maenpää: Multiresolution gray-scale and rotation invariant texture classification with
    local binary patterns. IEEE TPAMI 24 (2002).
    """
    bits = np.array(list(product((0, 1), repeat=neighbours)))
    uniform = (bits != np.roll(bits, 1, axis=1)).sum(1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, uniform.sum())


def block_histograms(labels: np.ndarray, count: int, blocks: int) -> np.ndarray:
    """Return how often each label occurs in each block, over all frames, int (blocks * blocks, count).

    Parameters
    ----------
    labels : int array (T, H, W)
        Labels 0 .. count - 1.
    count : int
        Number of labels.
    blocks : int
        Blocks on each side of the face.
    """
    cell = block_numbers(*labels.shape[1:], blocks) * count + labels
    return np.bincount(cell.ravel(), minlength=blocks**2 * count).reshape(blocks**2, count)
