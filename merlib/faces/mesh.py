"""Find the 468 mesh points of a face (Kartynnik et al. 2019) with OpenCV, and take the 68 landmarks from them.

The network sees a square of 1.5 times the face's box, turned so that the eyes are level. It answers with 468 points and
a logit for "this is a face". Its weights come from the registry (`face-mesh`).
"""

from __future__ import annotations

import numpy as np

from merlib.faces.detection import Detection, detect, network
from merlib.faces.face import Face

SIDE = 192  # px, input of the network
_ROOM = 1.5  # side of the square, in sides of the face's box
_EYES = (33, 263)  # mesh points at the outer eye corners, the one on the picture's left first

# iBUG's 68 landmarks as mesh points. The jaw is 17 points at equal arc length along a chain of mesh points.
JAW_CHAIN = (127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152)
JAW_CHAIN += (377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356)
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
NOSE = (168, 197, 5, 4, 75, 97, 2, 326, 305)
EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
LIPS = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87)


def mesh_faces(image: np.ndarray, min_score: float = 0.5) -> list[Face]:
    """Find faces with their mesh; `image` (H, W, 3) uint8 RGB.

    The network looks at each face twice: first in the detector's square, then in the square that the mesh itself
    spans, so that the landmarks depend little on where the detector put its box. Faces of which the mesh network
    is not certain enough are dropped, and so are those that turn out to be a face already found.
    """
    faces: list[Face] = []
    for found in detect(image, min_score):
        points, _ = mesh_points(image, _square_of_detection(found))
        points, logit = mesh_points(image, square_of_mesh(points))
        score = float(1 / (1 + np.exp(-logit)))
        face = Face(tuple(map(float, found.box)), landmarks_of_mesh(points), min(score, found.score), points)
        if score >= min_score and face.eye_distance > 1 and not any(_same(face, other) for other in faces):
            faces.append(face)
    return faces


def landmarks_of_mesh(points: np.ndarray) -> np.ndarray:
    """Return the 68 landmarks, float32 (68, 2), from mesh points (468, 2)."""
    chain = points[list(JAW_CHAIN)].astype(np.float64)
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(chain, axis=0).T))])
    stops = np.linspace(0, length[-1], 17)
    jaw = np.stack([np.interp(stops, length, chain[:, axis]) for axis in (0, 1)], axis=1)
    return np.concatenate([jaw, points[[*BROWS, *NOSE, *EYES, *LIPS]]]).astype(np.float32)


def mesh_points(image: np.ndarray, square: np.ndarray) -> tuple[np.ndarray, float]:
    """Run the network on a turned square of a picture.

    Parameters
    ----------
    image : ndarray (H, W, 3), uint8 RGB
        The picture.
    square : ndarray (2, 3)
        Affine map from px of the network's input to px of `image`.

    Returns
    -------
    points : ndarray (468, 2), float32
        The mesh in px of `image`.
    logit : float
        Logit of "this is a face".
    """
    import cv2

    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shrink = np.hypot(*square[:, 0])
    if shrink > 2:  # a large face: average first, so that no pixel is skipped
        small = cv2.resize(image, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        step = np.array([[small.shape[1] / image.shape[1]], [small.shape[0] / image.shape[0]]])
        image, seen = small, np.column_stack([square[:, :2] * step, (square[:, 2:] + 0.5) * step - 0.5])
    else:
        seen = square
    crop = cv2.warpAffine(image, seen, (SIDE, SIDE), flags=flags)
    net = network("face-mesh")
    net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255.0, (SIDE, SIDE)))
    first, second = net.forward(["conv2d_21", "conv2d_31"])
    answer, logit = (first, second) if first.size > second.size else (second, first)
    inside = answer.reshape(468, 3)[:, :2] - 0.5  # the network's 0..192 -> pixel centres
    return (inside @ square[:, :2].T + square[:, 2]).astype(np.float32), float(logit.ravel()[0])


def _square_of_detection(found: Detection) -> np.ndarray:
    left, right = found.keypoints[:2]
    return _square((found.box[:2] + found.box[2:]) / 2, found.size * _ROOM, right - left)


def square_of_mesh(points: np.ndarray) -> np.ndarray:
    """Return the square, (2, 3) as `mesh_points` takes it, around mesh points (468, 2), with level eyes."""
    level = points[_EYES[1]] - points[_EYES[0]]
    turn = np.array([level, [-level[1], level[0]]]) / np.hypot(*level)  # rows: along and across the eyes
    turned = points @ turn.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    return _square((low + high) / 2 @ turn, float((high - low).max()) * _ROOM, level)


def _square(centre: np.ndarray, side: float, level: np.ndarray) -> np.ndarray:
    """Return the map (2, 3) from px of the input to px of the picture for a square with an upper edge along `level`."""
    cos, sin = level / np.hypot(*level) * side / SIDE
    turn = np.array([[cos, -sin], [sin, cos]])
    middle = np.full(2, (SIDE - 1) / 2)
    return np.concatenate([turn, (centre - turn @ middle)[:, None]], axis=1)


def _same(face: Face, other: Face) -> bool:
    apart = np.hypot(*(face.eyes.mean(axis=0) - other.eyes.mean(axis=0)))
    return bool(apart < 0.5 * max(face.eye_distance, other.eye_distance))
