"""From one clip to what a network is fed: the preprocessing of the five papers, one function a kind of input.

=================  ===========================================================================================
``flow``           (3, 28, 28) u, v, strain between onset and apex (AM3F Sec. 3.1, Dual-ATME Sec. 3.2)
``puzzle``         (3, 28, 28) the same of the puzzle of two face regions (Dual-ATME Sec. 3.2.2, Eq. 5)
``flow_sequence``  (10, 3, 224, 224) flows between 11 magnified frames around the apex (ASTNet Sec. 3.1, 4.1)
``onset_flows``    (9, 3, 112, 112) flows from the onset to each of 9 later frames, px (MDMO)
``step_flows``     (9, 3, 112, 112) flows from each of 10 frames to the next, px (HOOF)
``frames``         (8, 3, 224, 224) RGB 0..1, cut to the face (LARNet Sec. 4.2)
``apex``           (3, 224, 224) RGB 0..1, the apex cut to the face (CapsuleNet, a baseline)
``onset_apex``     (2, 3, 224, 224) RGB 0..1, onset and apex cut to the face (MMNet, a baseline)
``magnified``      (32, 3, 224, 224) RGB 0..1, the apex at 32 amplification factors (UAMRN Sec. 3.1)
=================  ===========================================================================================

Decisions where the papers are silent: eleven frames are centred on the apex and moved inside the clip where they
would leave it (ASTNET-B4); a missing apex is spotted by D&C-RoIs between onset and offset (AM3F-A17, CROSS-X5);
ASTNet's and LARNet's frames are cut or normalised by the landmarks of their first frame, as UAMRN writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd

from merlib.clips.clip_table import clip_key, frames
from merlib.clips.samples import UNITS
from merlib.errors import MerlibError, unknown_name
from merlib.faces.landmarks import BACKEND_WEIGHTS
from merlib.inputs.maps import SEQUENCE, flow_channels, flow_sequence, magnified_stack, minmax255
from merlib.motion.apex import METHODS as APEX_METHODS
from merlib.motion.apex import spot_apex
from merlib.motion.flow import METHODS as FLOW_METHODS
from merlib.motion.flow import dense_flow
from merlib.motion.light import even_light
from merlib.motion.magnification.magnify import MAGNET_WEIGHTS, choose_method, factor_sequence, magnify
from merlib.sources.weights import weights_digest

TRUTH = "truth"
MOTION_WEIGHTS = (*(name for names in BACKEND_WEIGHTS.values() for name in names), "liteflownet", MAGNET_WEIGHTS)


@dataclass(frozen=True)
class Preprocessing:
    """How one kind of input is computed; everything that changes its values.

    Parameters
    ----------
    feature : str
        A name of `FEATURES`.
    size : int
        Side of the maps or pictures.
    unit : {'minmax255', 'px'}
        Of flows: stretched to 0..255 each, as the public maps are, or pixels of the cut face.
    flow : str
        Method of `dense_flow`; ``truth`` takes the synthetic twin's own motion.
    apex : {'sheet', 'divide_and_conquer', 'exhaustive', 'middle'}
        ``sheet`` spots by D&C-RoIs only where the sheet names none.
    crop : (int, int)
        Rows and columns of the cut face on which motion is measured: AM3F's 170 x 140; Dual-ATME prints none.
    backend : str
        Of `merlib.faces.find_faces`; ``given`` takes the twin's own landmarks.
    regions : (str, str)
        Upper and lower half of the puzzle.
    factor : float
        Total magnification before a flow sequence is measured; 1 leaves the frames as they are.
    magnifier : str
        Method of `magnify`; ``auto`` is resolved to what was used.
    length : int
        Frames a clip, spread evenly from onset to offset (``frames``, ``onset_flows``, ``step_flows``: one flow
        fewer), or amplification factors from 2 to 12 (``magnified``).
    cut : bool
        ``False`` leaves ``frames`` whole, shrunk to the size (LARNet Fig. 12).
    even_light : bool
        Whether frames are scaled to the onset's brightness before flow is measured; no paper says.
    """

    feature: str = "flow"
    size: int = 28
    unit: str = "minmax255"
    flow: str = "tvl1"
    apex: str = "sheet"
    crop: tuple[int, int] = (170, 140)
    backend: str = "mesh"
    regions: tuple[str, str] = ("eyebrows", "mouth")
    factor: float = 1.0
    magnifier: str = "auto"
    length: int = 1
    cut: bool = True
    even_light: bool = True

    def __post_init__(self) -> None:
        known = {"feature": FEATURES, "unit": UNITS, "flow": (*FLOW_METHODS, TRUTH), "apex": ("sheet", *APEX_METHODS)}
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise unknown_name(name, getattr(self, name), values)
        object.__setattr__(self, "magnifier", choose_method(self.magnifier))

    @property
    def magnifies(self) -> bool:
        """Whether a magnifier takes part."""
        return self.feature == "magnified" or (self.feature == "flow_sequence" and self.factor != 1)

    @property
    def weights(self) -> dict[str, str]:
        """Digest by name of each weights file that decides the values: of landmarks, flow and magnifier."""
        names = list(BACKEND_WEIGHTS.get(self.backend, ()))
        if self.flow == "liteflownet" and self.feature in ("flow", "puzzle", "flow_sequence"):
            names.append("liteflownet")
        if self.magnifies and self.magnifier == "magnet":
            names.append(MAGNET_WEIGHTS)
        return {name: weights_digest(name) for name in names}


@dataclass(frozen=True)
class ClipInput:
    """What came out for one clip: the array, and the apex used (0-based frame) with how it was found."""

    array: np.ndarray
    apex: int
    apex_from: str


@dataclass(frozen=True)
class _Located:
    """A clip with its apex found and the cut of its onset."""

    row: object
    apex: int
    apex_from: str
    landmarks: np.ndarray  # of the onset, on the cut face
    crop: object

    def onset_landmarks(self, how: Preprocessing) -> np.ndarray:
        """Landmarks on the whole onset frame, px (68, 2)."""
        matrix = self.crop.matrix(how.crop)
        return ((self.landmarks - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T).astype(np.float32)

    def cut(self, indices: list[int], size: tuple[int, int]) -> np.ndarray:
        return np.stack([self.crop.apply(frame, size) for frame in frames(self.row, indices)])


def locate(row, how: Preprocessing) -> _Located:
    """Find the face on the onset and the apex of a clip.

    Raises
    ------
    MerlibError
        When the onset holds no face, several, or one that is cut; the message names the clip.
    """
    from merlib.faces.alignment import align_clip

    where = f"{clip_key(row)} frame {row.source.numbers[row.onset]}"
    known = row.source.true_landmarks(int(row.onset)) if how.backend == "given" else None
    aligned = align_clip(frames(row, [row.onset]), where, how.crop, backend=how.backend, landmarks=known)
    found = _Located(row, row.onset, "", aligned.landmarks, aligned.crop)
    moves = row.apex is not pd.NA and row.apex != row.onset  # an apex on the onset means no motion: it is spotted
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


def motion_of(found: _Located, how: Preprocessing) -> np.ndarray:
    """Flow from onset to apex on the cut face, px of it, (rows, columns, 2)."""
    onset, apex = int(found.row.onset), found.apex
    if how.flow != TRUTH:
        return dense_flow(*_lit(found.cut([onset, apex], how.crop), how), how.flow)
    if not hasattr(found.row.source, "true_flow"):
        raise MerlibError(f"{clip_key(found.row)}: no true motion.", "a clip of the twin.", "name a flow method.")
    flow = found.row.source.true_flow(onset, apex)
    turn = found.crop.matrix(how.crop)[:, :2]
    return found.crop.apply(flow, how.crop) @ turn.T.astype(np.float32)


def _finish(channels: np.ndarray, how: Preprocessing) -> np.ndarray:
    return minmax255(channels) if how.unit == "minmax255" else channels


def _flow(found: _Located, how: Preprocessing) -> np.ndarray:
    return _finish(flow_channels(motion_of(found, how), how.size), how)


def _puzzle(found: _Located, how: Preprocessing) -> np.ndarray:
    from merlib.faces.regions import face_puzzle

    faces = _lit(found.cut([int(found.row.onset), found.apex], how.crop), how)
    pair = [face_puzzle(face, found.landmarks, how.regions, 4 * how.size) for face in faces]
    if faces.dtype == np.uint8:
        pair = [np.rint(each).astype(np.uint8) for each in pair]
    return _finish(flow_channels(dense_flow(*pair, how.flow), how.size), how)


def around(apex: int, n_frames: int, length: int = SEQUENCE) -> list[int]:
    """Return `length` successive frames centred on the apex, moved inside it; its ends repeat (ASTNET-B4)."""
    start = min(max(apex - length // 2, 0), max(n_frames - length, 0))
    return [min(start + i, n_frames - 1) for i in range(length)]


def _flow_sequence(found: _Located, how: Preprocessing) -> np.ndarray:
    from merlib.faces.normalisation import normalise_clip

    size = (how.size, how.size) if how.size >= 112 else (112, 112)  # motion needs pixels, whatever the maps keep
    clip = frames(found.row, [int(found.row.onset), *around(found.apex, found.row.n_frames)])
    points = found.onset_landmarks(how)
    normal = normalise_clip(clip[1:], clip_key(found.row), size, clip[0], "given", points).frames
    normal = _lit(normal, how)
    if how.factor != 1:
        normal = magnify(normal, how.factor, how.magnifier).frames
    return np.stack([_finish(maps, how) for maps in flow_sequence(normal, how.size, how.flow)])


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
    from skimage.transform import resize

    row = found.row
    indices = _spread(row, how.length)
    square = (how.size, how.size)
    if how.cut:
        pictures = found.cut(indices, square).astype(np.float32) / 255
    else:
        whole = frames(row, indices)
        pictures = np.stack([resize(frame, square, order=1, anti_aliasing=True) for frame in whole])
    return np.clip(pictures, 0, 1).astype(np.float32).transpose(0, 3, 1, 2)


def _onset_apex(found: _Located, how: Preprocessing) -> np.ndarray:
    pictures = found.cut([int(found.row.onset), found.apex], (how.size, how.size)).astype(np.float32) / 255
    return np.clip(pictures, 0, 1).transpose(0, 3, 1, 2)


def _apex(found: _Located, how: Preprocessing) -> np.ndarray:
    return _onset_apex(found, how)[1]


def _magnified(found: _Located, how: Preprocessing) -> np.ndarray:
    onset, apex = found.cut([int(found.row.onset), found.apex], (how.size, how.size))
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
FEATURES: tuple[str, ...] = tuple(_COMPUTE)

# What each paper prints, and ten frames for the hand-crafted methods; ASTNet's LiteFlowNet needs weights that no
# package carries, so DIS stands in unless named.
DEFAULTS: dict[str, dict[str, object]] = {
    "flow": {},
    "puzzle": {},
    "flow_sequence": {"size": 224, "flow": "dis", "factor": 3.0},
    "onset_flows": {"size": 112, "length": 10, "unit": "px"},
    "step_flows": {"size": 112, "length": 10, "unit": "px"},
    "frames": {"size": 224, "length": 8},
    "apex": {"size": 224},
    "onset_apex": {"size": 224},
    "magnified": {"size": 224, "length": 32},
}


def preprocessing(feature: str, **choices: object) -> Preprocessing:
    """Return how a feature is computed: the paper's choices, changed by `choices`.

    Raises
    ------
    MerlibError
        For an unknown feature, choice or value.
    """
    if feature not in FEATURES:
        raise unknown_name("feature", feature, FEATURES)
    for name in choices:
        if name not in Preprocessing.__dataclass_fields__ or name == "feature":
            raise unknown_name("choice", name, [f for f in Preprocessing.__dataclass_fields__ if f != "feature"])
    return Preprocessing(feature=feature, **{**DEFAULTS[feature], **choices})


def clip_input(row, how: Preprocessing) -> ClipInput:
    """Compute one input of one clip.

    Parameters
    ----------
    row : named tuple
        Of a clip table.
    how : Preprocessing
        See `preprocessing`.

    Raises
    ------
    MerlibError
        As `locate`, and what the single steps raise.
    """
    found = locate(row, how)
    values = np.ascontiguousarray(_COMPUTE[how.feature](found, how), dtype=np.float32)
    return ClipInput(values, found.apex, found.apex_from)
