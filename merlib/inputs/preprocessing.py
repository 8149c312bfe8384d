"""Compute from one clip the input of a network: the preprocessing of the five papers, one function per kind of input.

=================  ===========================================================================================
``flow``           (3, 28, 28) u, v, strain between onset and apex (AM3F Sec. 3.1, Dual-ATME Sec. 3.2)
``puzzle``         (3, 28, 28) the same of the puzzle of two face regions (Dual-ATME Sec. 3.2.2, Eq. 5)
``flow_sequence``  (10, 3, 224, 224) flows between 11 magnified frames from onset to apex (ASTNet Sec. 3.1, 4.1)
``onset_flows``    (9, 3, 112, 112) flows from the onset to each of 9 later frames, px (MDMO)
``step_flows``     (9, 3, 112, 112) flows from each of 10 frames to the next, px (HOOF)
``frames``         (8, 3, 224, 224) RGB 0..1, cut to the face (LARNet Sec. 4.2)
``apex``           (3, 224, 224) RGB 0..1, the apex cut to the face (CapsuleNet, a baseline)
``onset_apex``     (2, 3, 224, 224) RGB 0..1, onset and apex cut to the face (MMNet, a baseline)
``magnified``      (32, 3, 224, 224) RGB 0..1, the apex at 32 amplification factors (UAMRN Sec. 3.1)
=================  ===========================================================================================

The papers leave some points open, which are decided as follows. ASTNet's eleven frames lie evenly from onset to apex,
which its "from the apex to the peak" must mean, and are magnified against the onset (ASTNET-B4). A missing apex is
spotted by D&C-RoIs between onset and offset (AM3F-A17, CROSS-X5), but UAMRN takes the middle frame for SMIC (Sec. 4.1,
UAMRN-F14). All frames of a clip are cut or normalised by the landmarks of its onset, as UAMRN writes, also for ASTNet
and LARNet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd

from merlib.clips.clip_table import clip_key, frames
from merlib.clips.samples import DRAWN
from merlib.errors import MerlibError
from merlib.faces.shrinking import shrink
from merlib.inputs.choices import MEASURED, MOTION_WEIGHTS, TRUTH, Preprocessing, preprocessing
from merlib.inputs.maps import flow_channels, flow_sequence, magnified_stack, minmax255
from merlib.inputs.windows import around, rise
from merlib.motion.apex import spot_apex
from merlib.motion.colour_wheel import draw_flow
from merlib.motion.flow import dense_flow
from merlib.motion.light import even_light
from merlib.motion.magnification.magnify import factor_sequence, magnify
from merlib.motion.steadying import affine_field, affine_motion, face_mask, steadied

__all__ = [
    "MOTION_WEIGHTS",
    "TRUTH",
    "ClipInput",
    "Preprocessing",
    "clip_input",
    "locate",
    "motion_of",
    "preprocessing",
]


@dataclass(frozen=True)
class ClipInput:
    """One input of one clip.

    Parameters
    ----------
    array : float32 array
        The input, in the shape that the module's table gives.
    apex : int
        Frame that was taken for the apex, counted from 0 in the clip.
    apex_from : str
        How it was found: ``sheet``, ``truth``, or the method that spotted it.
    """

    array: np.ndarray
    apex: int
    apex_from: str


@dataclass(frozen=True)
class _Located:
    """A clip with its apex, and the cut of the face that was found on its onset."""

    row: object
    apex: int
    apex_from: str
    landmarks: np.ndarray  # of the onset, on the cut face
    crop: object

    def onset_landmarks(self, how: Preprocessing) -> np.ndarray:
        """Return the landmarks on the uncut onset frame, px (68, 2)."""
        matrix = self.crop.matrix(how.crop)
        return ((self.landmarks - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T).astype(np.float32)

    def cut(self, indices: list[int], size: tuple[int, int]) -> np.ndarray:
        return np.stack([self.crop.apply(frame, size) for frame in frames(self.row, indices)])


def locate(row, how: Preprocessing) -> _Located:
    """Find the face on the onset of a clip, and the clip's apex.

    Raises
    ------
    MerlibError
        When the onset holds no face, several, or one that is cut off; the message names the clip.
    """
    from merlib.faces.alignment import align_clip

    where = f"{clip_key(row)} frame {row.source.numbers[row.onset]}"
    known = row.source.true_landmarks(int(row.onset)) if how.backend == "given" else None
    aligned = align_clip(frames(row, [row.onset]), where, how.crop, backend=how.backend, landmarks=known)
    found = _Located(row, row.onset, "", aligned.landmarks, aligned.crop)
    if how.flow == TRUTH and hasattr(row.source, "true_apex"):
        return replace(found, apex=int(row.source.true_apex), apex_from=TRUTH)
    # with an apex on the onset there would be no motion, so such an apex counts as missing
    moves = row.apex is not pd.NA and row.apex != row.onset
    if how.apex == "sheet" and moves:
        return replace(found, apex=int(row.apex), apex_from="sheet")
    method = "divide_and_conquer" if how.apex == "sheet" else how.apex
    if row.offset - row.onset < 2:
        return replace(found, apex=(row.onset + row.offset + 1) // 2, apex_from="middle")
    if method == "middle":
        return replace(found, apex=row.onset + (row.offset - row.onset + 1) // 2, apex_from=method)
    clip = found.cut(list(range(row.onset, row.offset + 1)), how.crop)
    return replace(found, apex=row.onset + spot_apex(clip, aligned.landmarks, method).index, apex_from=method)


def _lit(pictures: np.ndarray, how: Preprocessing) -> np.ndarray:
    return even_light(pictures) if how.even_light else pictures


def _still(pictures: np.ndarray, landmarks: np.ndarray, how: Preprocessing) -> np.ndarray:
    return steadied(pictures, landmarks) if how.steady == "affine" else pictures


def motion_of(found: _Located, how: Preprocessing) -> np.ndarray:
    """Return the flow from onset to apex on the cut face, (rows, columns, 2), in px of the cut face."""
    onset, apex = int(found.row.onset), found.apex
    if how.flow != TRUTH:
        pair = _lit(found.cut([onset, apex], how.crop), how)
        return dense_flow(*_still(pair, found.landmarks, how), how.flow)
    return _true_motion(found, onset, apex, how)


def _true_motion(found: _Located, first: int, second: int, how: Preprocessing) -> np.ndarray:
    if not hasattr(found.row.source, "true_flow"):
        raise MerlibError(f"{clip_key(found.row)}: no true motion.", "a clip of the twin.", "name a flow method.")
    turn = found.crop.matrix(how.crop)[:, :2]
    flow = found.crop.apply(found.row.source.true_flow(first, second), how.crop) @ turn.T.astype(np.float32)
    if how.steady == "none":
        return flow
    return flow - affine_field(affine_motion(flow, face_mask(found.landmarks, flow.shape)), flow.shape[:2])


def _finish(channels: np.ndarray, how: Preprocessing) -> np.ndarray:
    """Bring maps (..., 3, H, W) to their unit; a drawn sequence has one scale, so that its frames can be compared."""
    if how.unit == DRAWN:
        return draw_flow(channels)
    return minmax255(channels) if how.unit == "minmax255" else channels


def _flow(found: _Located, how: Preprocessing) -> np.ndarray:
    return _finish(flow_channels(motion_of(found, how), how.size), how)


def _puzzle(found: _Located, how: Preprocessing) -> np.ndarray:
    from merlib.faces.regions import face_puzzle

    faces = _lit(found.cut([int(found.row.onset), found.apex], how.crop), how)
    faces = _still(faces, found.landmarks, how)
    pair = [face_puzzle(face, found.landmarks, how.regions, 4 * how.size) for face in faces]
    if faces.dtype == np.uint8:
        pair = [np.rint(each).astype(np.uint8) for each in pair]
    return _finish(flow_channels(dense_flow(*pair, how.flow), how.size), how)


def _flow_sequence(found: _Located, how: Preprocessing) -> np.ndarray:
    onset, apex = int(found.row.onset), found.apex
    indices = rise(onset, apex) if how.window == "rise" else around(apex, found.row.n_frames)
    if how.flow == TRUTH:
        flows = [_true_motion(found, *pair, how) for pair in pairwise(indices)]
        return _finish(np.stack([flow_channels(flow, how.size) for flow in flows]), how)
    pictures = normal_sequence(found, indices, how)
    return _finish(flow_sequence(pictures, how.size, how.flow), how)


def normal_sequence(found: _Located, indices: list[int], how: Preprocessing) -> np.ndarray:
    """Return the frames between which a flow sequence is measured, (T, side, side, 3), for the frames `indices`.

    They are normalised to the reference face and, as `how` says, evened out in light, held still and magnified. The
    last three are relative to the onset.
    """
    from merlib.faces.normalisation import normalise_clip, reference_face

    side = max(how.size, MEASURED)  # motion is measured on enough pixels even if the maps are smaller
    clip = frames(found.row, [int(found.row.onset), *indices])
    normal = normalise_clip(clip, clip_key(found.row), (side, side), None, "given", found.onset_landmarks(how)).frames
    normal = _still(_lit(normal, how), reference_face((side, side)), how)
    return (magnify(normal, how.factor, how.magnifier).frames if how.factor != 1 else normal)[1:]


def _spread(row, length: int) -> list[int]:
    """Return `length` frames spread evenly from onset to offset; a short clip's frames repeat."""
    return np.rint(np.linspace(row.onset, row.offset, length)).astype(int).tolist()


def _flows_between(found: _Located, how: Preprocessing, from_onset: bool) -> np.ndarray:
    if how.length < 2 or how.flow == TRUTH:
        asked = f"{how.feature} of {how.length} frames, flow {how.flow!r}."
        raise MerlibError(asked, "two frames or more, and a flow method.", "name a length, and a method such as tvl1.")
    clip = _lit(found.cut(_spread(found.row, how.length), how.crop), how)
    pairs = ((clip[0] if from_onset else first, second) for first, second in pairwise(clip))
    return np.stack([_finish(flow_channels(dense_flow(*pair, how.flow), how.size), how) for pair in pairs])


def _frames(found: _Located, how: Preprocessing) -> np.ndarray:
    row, square = found.row, (how.size, how.size)
    if how.less_onset:
        indices = [int(row.onset), *np.rint(np.linspace(row.onset, row.offset, how.length + 2)).astype(int)[1:-1]]
    else:
        indices = _spread(row, how.length)
    whole = found.cut(indices, square) if how.cut else [shrink(frame, square) for frame in frames(row, indices)]
    pictures = (np.stack(whole).astype(np.float32) / 255).transpose(0, 3, 1, 2)
    return pictures[1:] - pictures[:1] if how.less_onset else pictures


def _onset_apex(found: _Located, how: Preprocessing) -> np.ndarray:
    pictures = found.cut([int(found.row.onset), found.apex], (how.size, how.size)).astype(np.float32) / 255
    return np.clip(pictures, 0, 1).transpose(0, 3, 1, 2)


def _apex(found: _Located, how: Preprocessing) -> np.ndarray:
    return _onset_apex(found, how)[1]


def _magnified(found: _Located, how: Preprocessing) -> np.ndarray:
    measured = tuple(max(side, how.size) for side in how.crop) if how.steady == "affine" else (how.size, how.size)
    pair = found.cut([int(found.row.onset), found.apex], measured)
    if how.steady == "affine":
        pair = _still(pair, found.crop.points(found.onset_landmarks(how), measured), how)
    onset, apex = (shrink(picture, (how.size, how.size)) for picture in pair)
    return magnified_stack(onset, apex, factor_sequence(how.length), how.size, how.magnifier)[0]


_COMPUTE: dict[str, Callable[[_Located, Preprocessing], np.ndarray]] = {
    "flow": _flow,
    "puzzle": _puzzle,
    "flow_sequence": _flow_sequence,
    "onset_flows": partial(_flows_between, from_onset=True),
    "step_flows": partial(_flows_between, from_onset=False),
    "frames": _frames,
    "apex": _apex,
    "onset_apex": _onset_apex,
    "magnified": _magnified,
}


def clip_input(row, how: Preprocessing) -> ClipInput:
    """Compute one input of one clip.

    Parameters
    ----------
    row : named tuple
        A row of a clip table.
    how : Preprocessing
        What to compute, see `preprocessing`.

    Returns
    -------
    ClipInput
        The array, and the apex that was used.

    Raises
    ------
    MerlibError
        As `locate`, and what the single steps raise.
    """
    found = locate(row, how)
    values = np.ascontiguousarray(_COMPUTE[how.feature](found, how), dtype=np.float32)
    return ClipInput(values, found.apex, found.apex_from)
