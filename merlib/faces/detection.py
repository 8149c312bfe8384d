"""Find faces in a picture with BlazeFace, short range (Bazarevsky et al. 2019), run by OpenCV's TFLite reader.

The network sees the whole picture reduced to 128 x 128 and answers for each of 896 anchors with a box, six keypoints
(eyes, nose, mouth, ears) and a score. Its weights come from the registry (`blazeface-short-range`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from merlib.sources.weights import find_weights

if TYPE_CHECKING:
    import cv2

SIDE = 128  # px, input of the network
# Feature maps of 16 x 16 cells with 2 anchors each and of 8 x 8 cells with 6: (cells, anchors) -> 512 + 384 = 896.
LAYERS = ((16, 2), (8, 6))
_OVERLAP = 0.3  # boxes whose intersection over union is larger are one face
# The network finds faces that fill between about a seventh and all of its input. If it finds none, the picture may be
# nothing but a face (frames of CASME II and SMIC come cropped), so it is searched again with room around it; if that
# fails too, a face may be small, so overlapping tiles of the picture are searched.
_ROOM = 0.3
_TILES = 2 / 3  # side of a tile in a nearly square picture, as a share of its shorter side
_nets = threading.local()


@dataclass(frozen=True, eq=False)
class Detection:
    """A detected face, px.

    Parameters
    ----------
    box : ndarray (4,)
        Left, top, right, bottom.
    keypoints : ndarray (6, 2)
        Eyes, nose, mouth, ears; of eyes and ears the one on the picture's left first.
    score : float
        0 to 1.
    """

    box: np.ndarray
    keypoints: np.ndarray
    score: float

    @property
    def size(self) -> float:
        """Longer side of the box, px."""
        return float(max(self.box[2:] - self.box[:2]))


def detect(image: np.ndarray, min_score: float = 0.5) -> list[Detection]:
    """Find faces in a picture.

    Parameters
    ----------
    image : ndarray (H, W, 3), uint8 RGB
        The picture.
    min_score : float
        Faces with a lower score are dropped, 0 to 1.

    Returns
    -------
    list of Detection
        Highest score first, in px of `image`. The box of a face at the border may reach beyond the picture.
    """
    found = _detect_once(image, 0.0, min_score) or _detect_once(image, _ROOM, min_score)
    return found or _detect_in_tiles(image, min_score)


@cache
def anchors() -> np.ndarray:
    """Return the centres of the 896 anchors, (896, 2), x and y in 0..1 of the network's input."""
    grids = []
    for cells, repeats in LAYERS:
        y, x = (np.mgrid[:cells, :cells] + 0.5) / cells
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), repeats, axis=0))
    return np.concatenate(grids)


def decode(regressors: np.ndarray, logits: np.ndarray, min_score: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn the network's answers into points and scores.

    Parameters
    ----------
    regressors : ndarray (896, 16)
        Offsets from the anchor in px of the input: centre x, y, width, height, six keypoints.
    logits : ndarray (896,)
        Logits of the scores.
    min_score : float
        Anchors with a lower score are dropped.

    Returns
    -------
    points : ndarray (K, 8, 2)
        Two corners of the box and six keypoints, in 0..1 of the input, for the K anchors that are kept.
    scores : ndarray (K,)
        Their scores, 0 to 1.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -100, 100)))
    kept = scores >= min_score
    offsets = regressors[kept].reshape(-1, 8, 2) / SIDE  # centre, size, six keypoints
    centre = anchors()[kept]
    half = offsets[:, 1] / 2
    middle = centre + offsets[:, 0]
    corners = np.stack([middle - half, middle + half], axis=1)
    return np.concatenate([corners, centre[:, None] + offsets[:, 2:]], axis=1), scores[kept]


def merge(points: np.ndarray, scores: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Join anchors that saw the same face into their mean, weighted by score; the highest score counts.

    Parameters
    ----------
    points : ndarray (K, 8, 2)
        Corners and keypoints, as `decode` returns them.
    scores : ndarray (K,)
        Their scores.

    Returns
    -------
    list of (ndarray (8, 2), float)
        Points and score of each face, the highest score first.
    """
    rest = list(np.argsort(-scores, kind="stable"))
    faces = []
    while rest:
        same = [i for i in rest if _overlap(points[rest[0], :2], points[i, :2]) > _OVERLAP] or rest[:1]
        faces.append((np.average(points[same], axis=0, weights=scores[same]), float(scores[rest[0]])))
        rest = [i for i in rest if i not in same]
    return faces


def network(name: str) -> cv2.dnn.Net:
    """Return the TFLite network of a registry entry; its file is read once per thread."""
    import cv2

    path = find_weights(name)
    loaded = _nets.__dict__.setdefault("loaded", {})
    if path not in loaded:
        # the default engine of OpenCV 5 fails when two outputs are asked for
        loaded[path] = cv2.dnn.readNetFromTFLite(str(path), cv2.dnn.ENGINE_CLASSIC)
    return loaded[path]


def _detect_once(image: np.ndarray, room: float, min_score: float) -> list[Detection]:
    import cv2

    height, width = image.shape[:2]
    side = max(height, width) * (1 + 2 * room)
    scale = SIDE / side
    # the picture in the middle of a black square; `margin` in px of the input, from its edge
    margin = (SIDE - np.array([width, height]) * scale) / 2
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 0.5 else image
    step = scale * np.array([width / small.shape[1], height / small.shape[0]])
    placed = np.column_stack([np.diag(step), margin + 0.5 * step - 0.5])  # pixel centres are at whole numbers
    square = cv2.warpAffine(small, placed, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    net = network("blazeface-short-range")
    net.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, (SIDE, SIDE), (127.5, 127.5, 127.5)))
    regressors, logits = net.forward(["regressors", "classificators"])
    if regressors.shape[-1] != 16:  # OpenCV returns them in either order
        regressors, logits = logits, regressors
    points, scores = decode(regressors.reshape(-1, 16), logits.reshape(-1), min_score)
    found = []
    for face, score in merge(points, scores):
        face = (face * SIDE - margin) / scale - 0.5  # from the edge of the input to pixel centres of the picture
        found.append(Detection(face[:2].ravel(), face[2:], score))
    return found


def _detect_in_tiles(image: np.ndarray, min_score: float) -> list[Detection]:
    height, width = image.shape[:2]
    side = min(height, width)
    if max(height, width) < 1.5 * side:
        side = max(1, round(side * _TILES))
    tops, lefts = (
        np.unique(np.r_[: extent - side : side / 2, extent - side].astype(int)) for extent in (height, width)
    )
    points, scores = [], []
    for top in tops:
        for left in lefts:
            for found in _detect_once(image[top : top + side, left : left + side], 0.0, min_score):
                points.append(np.vstack([found.box.reshape(2, 2), found.keypoints]) + np.array([left, top]))
                scores.append(found.score)
    if not scores:
        return []
    return [Detection(face[:2].ravel(), face[2:], score) for face, score in merge(np.array(points), np.array(scores))]


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.clip(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0]), 0, None)
    both = float(sides.prod())
    return both / (float((a[1] - a[0]).prod() + (b[1] - b[0]).prod()) - both)
