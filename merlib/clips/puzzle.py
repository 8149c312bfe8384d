"""Cut the puzzles of Dual-ATME's HARS (hand-crafted attention region selection) from finished flow maps.

Dual-ATME Sec. 3.2.2 cuts eyebrows and mouth out of the *frames* at 68 landmarks and then computes the flow of the
puzzle (Eq. 5). The public maps of MEGC2019 come without frames, in which landmarks could be found, so the boxes below
are the same for every clip. They are a substitution, and a record that uses them must say so. Where they come from:

* the paper's rules - eyebrows widened by 1/4 of their length and ending above the eye (DUAL-ATME-C8: the printed index
  27 is read as 37, as the text says), the mouth widened by 1/4 of its width and half of its distance to the nose;
* the grid of the maps themselves: over all 442 clips the mean motion peaks on rows 2 to 5 (eyebrows), on rows
  6 to 8 (blinks), on rows 14 to 16 (wings of the nose) and on rows 17 to 23 (corners of the mouth, chin).

The layout is the paper's (Fig. 1b): the upper half holds the first region, the lower half the second; the two sides of
a region lie left and right in its half. Regions are resized bilinearly, but their values are not rescaled: u keeps its
sign, and a motion of one pixel still means a pixel of the whole-face map, although the region is now larger.
"""

from __future__ import annotations

import numpy as np

from merlib.clips.samples import Samples
from merlib.errors import MerlibError, unknown_name

SIZE = 28

# region: boxes (top, bottom, left, right) on the 28x28 grid, left side of the picture first
CANONICAL_BOXES: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "eyebrows": ((1, 6, 1, 13), (1, 6, 15, 27)),
    "cheeks": ((9, 20, 1, 9), (9, 20, 19, 27)),
    "nose": ((6, 17, 9, 19),),
    "mouth": ((16, 25, 4, 24),),
}
FULL_FACE = ("full_face",)

# Table 4 of Dual-ATME; its F. stands for cheeks (DUAL-ATME-C4).
REGION_PAIRS: dict[str, tuple[str, ...]] = {
    "E.&N.": ("eyebrows", "nose"),
    "E.&M.": ("eyebrows", "mouth"),
    "F.&N.": ("cheeks", "nose"),
    "F.&M.": ("cheeks", "mouth"),
    "Full-face": FULL_FACE,
}


def canonical_puzzle(flow: np.ndarray, regions: tuple[str, ...] = REGION_PAIRS["E.&M."]) -> np.ndarray:
    """Cut the puzzle of `regions` from whole-face maps at canonical boxes.

    Parameters
    ----------
    flow : ndarray (N, 3, 28, 28)
        Channels u, v, strain, in any unit; the unit is kept.
    regions : tuple of str
        Upper and lower region, a row of Table 4 (`REGION_PAIRS`); ``("full_face",)`` leaves the maps unchanged.

    Returns
    -------
    ndarray (N, 3, 28, 28), float32
        Values within the range of the region they were cut from.

    Raises
    ------
    MerlibError
        When the maps have another shape or a region is unknown.
    """
    flow = np.asarray(flow)
    if flow.ndim != 4 or flow.shape[1:] != (3, SIZE, SIZE):
        raise MerlibError(
            f"flow {flow.shape}.",
            f"(N, 3, {SIZE}, {SIZE}).",
            "canonical boxes are for that grid; cut frames at landmarks instead.",
        )
    if tuple(regions) == FULL_FACE:
        return flow.astype(np.float32)
    for region in regions:
        if region not in CANONICAL_BOXES:
            raise unknown_name("region", region, (*CANONICAL_BOXES, *FULL_FACE))
    if len(regions) != 2:
        raise MerlibError(f"{len(regions)} regions.", "an upper and a lower one.", f"choose from {[*CANONICAL_BOXES]}.")
    return assemble_puzzle(*([_cut(flow, box) for box in CANONICAL_BOXES[region]] for region in regions))


def with_puzzle(samples: Samples, regions: tuple[str, ...] = REGION_PAIRS["E.&M."]) -> Samples:
    """Return the samples with a second input, ``puzzle``, cut from ``flow``, and a note that says how."""
    inputs = {**samples.inputs, "puzzle": canonical_puzzle(samples.inputs["flow"], regions)}
    note = f"puzzle of {' and '.join(regions)} cut from the map at canonical boxes, not at landmarks of a frame"
    return samples.with_inputs(inputs, how=note, notes=(note,))


def assemble_puzzle(upper: list[np.ndarray], lower: list[np.ndarray], size: int = SIZE) -> np.ndarray:
    """Lay cut regions out as a puzzle (..., `size`, `size`), float32.

    Parameters
    ----------
    upper, lower : list of ndarray (..., h, w)
        One array, or a left and a right one, each of any height and width; leading axes are the same.
    size : int
        Even side of the puzzle: halves are (size / 2, size), quarters (size / 2, size / 2).
    """
    half = size // 2
    rows = [
        np.concatenate([_resize(part, (half, size // len(parts))) for part in parts], axis=-1)
        for parts in (upper, lower)
    ]
    return np.concatenate(rows, axis=-2)


def _cut(flow: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    top, bottom, left, right = box
    return flow[..., top:bottom, left:right]


def _resize(part: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    from skimage.transform import resize

    wanted = (*part.shape[:-2], *shape)
    whole = resize(part.astype(np.float32), wanted, order=1, mode="edge", anti_aliasing=False, preserve_range=True)
    return whole.astype(np.float32)
