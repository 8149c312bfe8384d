"""Cut parts of a face at its 68 landmarks: boxes of facial regions, and the puzzle of HARS.

HARS (hand-crafted attention region selection) is Dual-ATME Sec. 3.2.2. Its boxes are read with errata DUAL-ATME-C8 (the
left brow's box ends above landmark 37, as the text says, not at the printed 27) and DUAL-ATME-C14 (indices are
0-based). The paper names cheeks and nose in Table 4 but defines neither, so those boxes are our choice
(`region_boxes`). "Left" is the left of the picture, as in the paper.

Boxes are (top, bottom, left, right) in px, half open, as in `merlib.clips.puzzle`. That module lays out the puzzle, and
holds the canonical boxes that are used where there is no frame.
"""

from __future__ import annotations

import numpy as np

from merlib.clips.puzzle import FULL_FACE, REGION_PAIRS, assemble_puzzle
from merlib.errors import MerlibError, unknown_name
from merlib.faces.face import check_landmarks
from merlib.faces.shrinking import shrink

Box = tuple[float, float, float, float]

REGIONS = ("eyebrows", "eyes", "cheeks", "nose", "mouth")


def hars_boxes(landmarks: np.ndarray) -> dict[str, Box]:
    """Return HARS's three boxes (Dual-ATME Fig. 2) from landmarks (68, 2), px: both eyebrows and the mouth.

    The keys are ``left_eyebrow``, ``right_eyebrow`` and ``mouth``.
    """
    p = check_landmarks(landmarks).astype(float)
    le_h, le_l = _distance(p, 19, 37), _distance(p, 17, 21)
    re_h, re_l = _distance(p, 24, 44), _distance(p, 22, 26)
    m_h, m_l = _distance(p, 33, 51), _distance(p, 48, 54)
    boxes = {
        "left_eyebrow": (p[19, 1] - le_h / 4, p[37, 1] - le_h / 4, p[17, 0] - le_l / 4, p[21, 0] + le_l / 4),
        "right_eyebrow": (p[24, 1] - re_h / 4, p[44, 1] - re_h / 4, p[22, 0] - re_l / 4, p[26, 0] + re_l / 4),
        "mouth": (p[51, 1] - m_h / 2, p[57, 1] + m_h / 2, p[48, 0] - m_l / 4, p[54, 0] + m_l / 4),
    }
    return {name: _floats(box) for name, box in boxes.items()}


def region_boxes(landmarks: np.ndarray) -> dict[str, tuple[Box, ...]]:
    """Return the boxes of every region in `REGIONS`; of a region with two sides, the one on the picture's left first.

    Eyebrows and mouth are HARS's. The others are our choice: eyes are widened by a quarter of their width on every
    side; cheeks reach from the jaw to the wing of the nose and from the lower lid to the corner of the mouth; the nose
    reaches from its root to its base and is widened by a quarter of its width on either side.
    """
    p = check_landmarks(landmarks).astype(float)
    hars = hars_boxes(p)
    room = _distance(p, 31, 35) / 4
    return {
        "eyebrows": (hars["left_eyebrow"], hars["right_eyebrow"]),
        "eyes": (_around(p[36:42], 1 / 4), _around(p[42:48], 1 / 4)),
        "cheeks": (
            _floats((p[40:42, 1].max(), p[48, 1], p[2, 0], p[31, 0])),
            _floats((p[46:48, 1].max(), p[54, 1], p[35, 0], p[14, 0])),
        ),
        "nose": (_floats((p[27, 1], p[33, 1], p[31, 0] - room, p[35, 0] + room)),),
        "mouth": (hars["mouth"],),
    }


def cut_box(picture: np.ndarray, box: Box, name: str = "box") -> np.ndarray:
    """Cut a box out of a picture (H, W[, C]); its edges are rounded to whole pixels and moved inside the picture.

    Raises
    ------
    MerlibError
        When less than 2 x 2 px remain.
    """
    height, width = picture.shape[:2]
    top, bottom = np.clip(np.rint(box[:2]).astype(int), 0, height)
    left, right = np.clip(np.rint(box[2:]).astype(int), 0, width)
    if bottom - top < 2 or right - left < 2:
        edges = ", ".join(f"{edge:.1f}" for edge in box)
        raise MerlibError(
            f"{name} (top, bottom, left, right) {edges} on a picture of {height} x {width} px.",
            "at least 2 x 2 px of it inside the picture.",
            "check that the landmarks are of this picture, upright, in px, iBUG's order.",
        )
    return picture[top:bottom, left:right]


def face_puzzle(
    frame: np.ndarray,
    landmarks: np.ndarray,
    regions: tuple[str, ...] = REGION_PAIRS["E.&M."],
    size: int = 112,
) -> np.ndarray:
    """Assemble HARS's puzzle of a frame: the upper region above the lower, a region of two sides left | right.

    Parameters
    ----------
    frame : ndarray (H, W) or (H, W, C)
        A frame of the clip. Use the onset's `landmarks` for all frames of a clip, so that cutting adds no motion.
    landmarks : ndarray (68, 2)
        Landmarks in px of `frame`.
    regions : tuple of str
        Upper and lower region, as in Table 4 (`merlib.clips.puzzle.REGION_PAIRS`).
    size : int
        Side of the puzzle, an even number. The paper computes the flow of puzzle *frames* (Eq. 5) but gives their size
        only as the network's 28; motion is measured four times finer by default.

    Returns
    -------
    ndarray (size, size) or (size, size, C), float32
        The puzzle, in the frame's unit.

    Raises
    ------
    MerlibError
        For an unknown region, a number of regions other than two, an odd size, or a box outside the frame.
    """
    boxes = region_boxes(landmarks)
    if tuple(regions) == FULL_FACE:
        raise MerlibError("the puzzle of a full face.", "two regions.", "use the aligned frame itself.")
    for region in regions:
        if region not in boxes:
            raise unknown_name("region", region, boxes)
    if len(regions) != 2 or size < 4 or size % 2:
        raise MerlibError(f"{len(regions)} regions, size {size}.", "two and an even size.", "see REGION_PAIRS.")
    planes = np.moveaxis(frame.astype(np.float32), -1, 0) if frame.ndim == 3 else frame.astype(np.float32)
    halves = []
    for region in regions:
        shape = (size // 2, size // len(boxes[region]))
        parts = [cut_box(frame, box, region).astype(np.float32) for box in boxes[region]]
        parts = [shrink(part, shape) for part in parts]
        halves.append([np.moveaxis(part, -1, 0) if planes.ndim == 3 else part for part in parts])
    puzzle = assemble_puzzle(*halves, size=size)
    return np.moveaxis(puzzle, 0, -1) if puzzle.ndim == 3 else puzzle


def _distance(points: np.ndarray, first: int, second: int) -> float:
    return float(np.hypot(*(points[first] - points[second])))


def _around(points: np.ndarray, part: float) -> Box:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    room = part * (right - left)
    return _floats((top - room, bottom + room, left - room, right + room))


def _floats(box: tuple) -> Box:
    return tuple(map(float, box))
