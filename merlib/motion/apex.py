"""Spot the apex of a clip: D&C-RoIs (Liong et al. 2015), as AM3F Sec. 3.1.1 uses it for SMIC, or the middle frame.

D&C-RoIs (divide and conquer on regions of interest) takes three regions from 68 landmarks: mouth, left eye and brow,
right eye and brow. Each is described by histograms of local binary patterns over a grid of cells. A frame's distance to
the onset is one minus the correlation of their histograms. The region with the largest distance is followed. A
divide-and-conquer search then picks its apex: of the two halves of the clip, the one whose peaks have the larger sum is
kept, and so on until one peak is left.

The papers leave several points open. Our choices keep out sensor noise, which by itself makes even plain skin differ
from the onset: patterns have radius 3 after a blur of 2 pixels, in 5 x 5 cells per region; curves are smoothed over a
twentieth of the clip and measured from their floor (10th percentile); the region "with the largest difference" is the
one whose curve rises highest above its frame-to-frame noise; peaks that stand out by less than a quarter of the curve's
maximum do not count.

A blink is far larger than a micro-expression, so a region with an eye would follow the blink. Therefore the openings of
the eyes, lids included, do not count by default (``eyes="masked"``); ``"kept"`` is the method as printed. Papers differ
in the rule that they use for SMIC, and the rule moves the apex by several frames (errata CROSS-X5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from merlib.errors import MerlibError, unknown_name
from merlib.motion.frames import grey

METHODS = ("divide_and_conquer", "exhaustive", "middle")
REGIONS: dict[str, tuple[int, ...]] = {  # iBUG's 68 landmarks, 0-based; left is the picture's, as in `faces.regions`
    "mouth": tuple(range(48, 68)),
    "right_eye": (*range(22, 27), *range(42, 48)),
    "left_eye": (*range(17, 22), *range(36, 42)),
}
EYES = {"right_eye": tuple(range(42, 48)), "left_eye": tuple(range(36, 42))}
MARGIN = 0.12  # margin around each region, as a share of the inter-ocular distance
LID = 0.16  # width of the band around an eye's opening that is masked as well, as a share of that distance
CELLS = 5  # cells per side of a region
POINTS, RADIUS, BLUR = 8, 3, 2.0  # of the binary patterns: neighbours, radius in px; sigma of the blur before, px
STEPS = 16  # brightness is rounded to 1/16 of a grey level, so that smaller differences make no pattern
FLOOR, STANDING_OUT = 0.1, 0.25  # quantile that is the curve's floor; least prominence of a peak, share of the maximum


@dataclass(frozen=True)
class Apex:
    """Where the apex is and why.

    Parameters
    ----------
    index : int
        Frame of the apex; 0 is the clip's first frame, the onset.
    curve : float array (T,)
        Distance of each frame to the onset in the region followed, smoothed and measured from its floor, 0 to 2; empty
        for the middle rule.
    region : str
        The region followed: ``mouth``, ``left_eye`` or ``right_eye``; ``""`` for the middle rule.
    curves : dict of str to float array (T,)
        The distances in every region as measured, from `region_curves`; empty for the middle rule.
    """

    index: int
    curve: np.ndarray
    region: str
    curves: dict[str, np.ndarray]


def spot_apex(
    frames: np.ndarray,
    landmarks: np.ndarray | None = None,
    method: str = "divide_and_conquer",
    eyes: str = "masked",
    smooth: float | None = None,
) -> Apex:
    """Find the frame of strongest facial motion in a clip that starts at its onset.

    Parameters
    ----------
    frames : array (T, H, W) or (T, H, W, 3)
        The clip from onset to offset, aligned, uint8 or float 0..1.
    landmarks : array (68, 2), optional
        Columns and rows of the onset's landmarks, px. The middle rule needs none.
    method : {'divide_and_conquer', 'exhaustive', 'middle'}
        ``exhaustive`` takes the highest point of the curve; ``middle`` takes frame ``T // 2``, as UAMRN does for SMIC
        (errata UAMRN-F14).
    eyes : {'masked', 'kept'}
        Whether the openings of the eyes, where blinks happen, are left out.
    smooth : float, optional
        Standard deviation in frames of the curve's smoothing; by default T / 20.

    Returns
    -------
    Apex
        Index, curve and region.

    Raises
    ------
    MerlibError
        For an unknown method or treatment of eyes, fewer than three frames, landmarks that are missing or outside the
        frame, or a face too small for the cells.
    """
    if method not in METHODS:
        raise unknown_name("apex method", method, METHODS)
    if eyes not in ("masked", "kept"):
        raise unknown_name("treatment of eyes", eyes, ("masked", "kept"))
    if len(frames) < 3:
        raise MerlibError(f"{len(frames)} frames.", "three or more.", "a shorter clip has no apex to spot.")
    if method == "middle":
        return Apex(len(frames) // 2, np.zeros(0), "", {})
    curves = region_curves(frames, landmarks, eyes)
    spread = len(frames) / 20 if smooth is None else smooth
    rises = {name: _rise(curve, spread) for name, curve in curves.items()}
    region = max(rises, key=lambda name: rises[name][1])
    curve = rises[region][0]
    index = int(curve.argmax()) if method == "exhaustive" else divide_and_conquer(curve)
    return Apex(index, curve, region, curves)


def _rise(curve: np.ndarray, spread: float) -> tuple[np.ndarray, float]:
    """Return a curve smoothed and measured from its floor, and how many times its noise it rises.

    The onset is left out of both: its distance to itself is 0, below the noise level of all other frames.
    """
    from scipy.ndimage import gaussian_filter1d

    later = curve[1:]
    smoothed = gaussian_filter1d(later, spread, mode="nearest") if spread > 0 else later
    risen = np.clip(smoothed - np.quantile(smoothed, FLOOR), 0.0, None)
    noise = np.std(later - gaussian_filter1d(later, 2.0, mode="nearest")) + 1e-3
    return np.concatenate([[0.0], risen]), float(risen.max() / noise)


def region_curves(frames: np.ndarray, landmarks: np.ndarray | None, eyes: str = "masked") -> dict[str, np.ndarray]:
    """Return the distance of every frame to the onset in each region: one minus the histograms' correlation.

    Parameters
    ----------
    frames, landmarks, eyes
        As `spot_apex`.

    Returns
    -------
    dict of str to float array (T,)
        From 0, at the onset, to 2.

    Raises
    ------
    MerlibError
        For landmarks that are missing or outside the frame, or a face too small for the cells.
    """
    points = _check_landmarks(landmarks, np.shape(frames)[1:3])
    boxes = {name: _box(points, REGIONS[name], np.shape(frames)[1:3]) for name in REGIONS}
    masks = {name: _counted(points, name, boxes[name], eyes) for name in REGIONS}
    histograms = {name: [] for name in REGIONS}
    for frame in frames:
        image = grey(frame)
        for name, box in boxes.items():
            histograms[name].append(_histogram(image, box, masks[name]))
    return {name: _distance_to_first(np.stack(rows)) for name, rows in histograms.items()}


def _check_landmarks(landmarks: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray:
    points = np.full((0, 2), np.nan) if landmarks is None else np.asarray(landmarks, dtype=float)
    if points.shape == (68, 2) and np.isfinite(points).all():
        inner = points[17:]
        if (inner >= 0).all() and (inner <= (shape[1] - 1, shape[0] - 1)).all():
            return points
    raise MerlibError(
        "no landmarks." if landmarks is None else f"landmarks of shape {points.shape}, or outside the frame.",
        f"68 columns and rows of the onset's landmarks, brows to mouth inside {shape[1]} x {shape[0]} pixels.",
        "find them with `merlib.faces`, or use the middle rule.",
    )


def _inter_ocular(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0)))


def _box(points: np.ndarray, members: tuple[int, ...], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return rows and columns of the region with its margin; raise when a cell would have less than 4 px per side."""
    margin = MARGIN * _inter_ocular(points)
    left, top = np.floor(points[list(members)].min(axis=0) - margin).astype(int)
    right, bottom = np.ceil(points[list(members)].max(axis=0) + margin).astype(int) + 1
    rows = slice(max(top, 0), min(bottom, shape[0]))
    columns = slice(max(left, 0), min(right, shape[1]))
    if min(rows.stop - rows.start, columns.stop - columns.start) < 4 * CELLS:
        raise MerlibError(
            f"a region of {columns.stop - columns.start} x {rows.stop - rows.start} pixels.",
            f"at least {4 * CELLS} each way.",
            "enlarge the face, or check the landmarks.",
        )
    return rows, columns


def _counted(points: np.ndarray, name: str, box: tuple[slice, slice], eyes: str) -> np.ndarray:
    """Return which pixels of a region count, bool (rows, columns)."""
    import cv2

    rows, columns = box
    mask = np.ones((rows.stop - rows.start, columns.stop - columns.start), dtype=np.uint8)
    if eyes == "masked" and name in EYES:
        opening = np.rint(points[list(EYES[name])] - (columns.start, rows.start)).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(opening), 0)
        reach = max(1, round(LID * _inter_ocular(points)))
        mask = cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2), borderValue=1)
    return mask.astype(bool)


def _histogram(image: np.ndarray, box: tuple[slice, slice], mask: np.ndarray) -> np.ndarray:
    """Return the histograms of the region's uniform patterns, one per cell, joined: (25 * 59,)."""
    import cv2
    from skimage.feature import local_binary_pattern

    region = cv2.GaussianBlur(image[box], (0, 0), BLUR)
    region = np.rint(region * 255 * STEPS).astype(np.int32)
    codes = local_binary_pattern(region, POINTS, RADIUS, method="nri_uniform")
    rows, columns = (np.arange(n) * CELLS // n for n in codes.shape)
    kinds = POINTS * (POINTS - 1) + 3
    cell = rows[:, None] * CELLS + columns
    return np.bincount((cell * kinds + codes.astype(int))[mask], minlength=CELLS**2 * kinds).astype(float)


def _distance_to_first(histograms: np.ndarray) -> np.ndarray:
    centred = histograms - histograms.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1)
    return 1.0 - centred @ centred[0] / np.maximum(norms * norms[0], np.finfo(float).tiny)


def divide_and_conquer(curve: np.ndarray) -> int:
    """Return the peak that is left after repeatedly dropping the half of the curve whose peaks have the smaller sum.

    Parameters
    ----------
    curve : array (T,)
        Distance to the onset.

    Returns
    -------
    int
        Index of the peak; the highest point when the curve has no inner peak.
    """
    from scipy.signal import find_peaks

    curve = np.asarray(curve, dtype=float)
    peaks = find_peaks(curve, prominence=STANDING_OUT * curve.max())[0]
    if not len(peaks):
        return int(curve.argmax())
    start, stop = 0, len(curve)
    while len(peaks) > 1:
        middle = (start + stop) // 2
        first, second = peaks[peaks < middle], peaks[peaks >= middle]
        if curve[first].sum() >= curve[second].sum():
            peaks, stop = first, middle
        else:
            peaks, start = second, middle
    return int(peaks[0])
