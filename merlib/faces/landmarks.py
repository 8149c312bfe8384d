"""Find faces and their 68 landmarks through one interface with three backends.

``mesh``   BlazeFace and Face Mesh by OpenCV (`merlib.faces.mesh`): a few ms per face; works offline once its two small
           files are there. Inaccurate on strong profiles and where the eyes are less than about 50 px apart.
``fan``    Bulat and Tzimiropoulos 2017, which UAMRN uses (Sec. 4.3), by the package face-alignment: about 0.7 s per
           face, after about 20 s of compiling before the first.
``given``  Landmarks known from elsewhere; the picture's content is not used.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from merlib.errors import MerlibError, unknown_name
from merlib.faces.face import Face, box_of, check_landmarks, rgb_picture
from merlib.sources.weights import find_weights

BACKENDS = ("fan", "given", "mesh")
FAN_WEIGHTS = ("2dfan4", "s3fd")
BACKEND_WEIGHTS = {"fan": FAN_WEIGHTS, "given": (), "mesh": ("blazeface-short-range", "face-mesh")}
# How far, in eye distances, a landmark may lie outside the picture before the face counts as cut off. Some room is
# needed because frames that come cropped to the face end close to the jaw.
CUT = 0.15
# The same for the detector's box. Where half of a face is missing, all landmarks are squeezed into the visible half and
# lie inside the picture, but the box still reaches beyond it (by 0.8 on the portrait cut at the eye, by 0.3 on one that
# is only cropped to the face).
BOX_CUT = 0.55


def find_faces(
    image: np.ndarray,
    backend: str = "mesh",
    landmarks: np.ndarray | None = None,
    min_score: float = 0.5,
) -> list[Face]:
    """Find every face of a picture, largest first.

    Parameters
    ----------
    image : ndarray (H, W) or (H, W, 3)
        Grey or RGB, uint8 0..255 or float 0..1.
    backend : str
        ``mesh``, ``fan`` or ``given``.
    landmarks : ndarray (68, 2) or (faces, 68, 2), optional
        The landmarks for the backend ``given``, px; not accepted with another backend.
    min_score : float
        Faces with a lower score are dropped, 0 to 1.

    Returns
    -------
    list of Face
        Sorted by the distance of the eyes; empty when there is no face.

    Raises
    ------
    MerlibError
        For an unknown backend, landmarks with the wrong backend or of a wrong form, a picture of another form, or
        missing weights; the message then gives the exact file name and folder.
    """
    if backend not in BACKENDS:
        raise unknown_name("face backend", backend, BACKENDS)
    if (landmarks is not None) != (backend == "given"):
        found = f"backend {backend!r} {'without' if landmarks is None else 'with'} landmarks."
        raise MerlibError(found, "landmarks with the backend 'given' and no other.", "name the backend you mean.")
    image = rgb_picture(image)
    if backend == "given":
        faces = given_faces(landmarks)
    elif backend == "fan":
        faces = fan_faces(image, min_score)
    else:
        from merlib.faces.mesh import mesh_faces

        faces = mesh_faces(image, min_score)
    return sorted(faces, key=lambda face: -face.eye_distance)


def one_face(
    image: np.ndarray,
    where: str,
    backend: str = "mesh",
    landmarks: np.ndarray | None = None,
    min_score: float = 0.5,
    cut: float = CUT,
) -> Face:
    """Find the one face of a frame.

    Parameters
    ----------
    image, backend, landmarks, min_score
        As for `find_faces`.
    where : str
        Clip and frame, for error messages: ``"casme2/sub01/EP02_01f frame 46"``.
    cut : float
        How far outside the frame, in eye distances, a landmark may lie. The detector's box may reach 0.4 farther.

    Raises
    ------
    MerlibError
        When the frame holds no face, several, or one that its border cuts off; the message says where. Also as
        `find_faces`.
    """
    faces = find_faces(image, backend, landmarks, min_score)
    shape = np.asarray(image).shape
    size = f"{shape[1]} x {shape[0]} px"
    expected = "one face, wholly inside the frame."
    if not faces:
        action = f"look at {where}: exclude it, crop closer to the face, or hand over landmarks (backend 'given')."
        raise MerlibError(f"{where}: no face ({size}).", expected, action)
    if len(faces) > 1:
        boxes = "; ".join(", ".join(f"{edge:.0f}" for edge in face.box) for face in faces)
        found = f"{where}: {len(faces)} faces, boxes (left, top, right, bottom) {boxes}."
        raise MerlibError(found, expected, f"crop {where} to one of the boxes.")
    beyond = max(faces[0].outside(shape), faces[0].box_outside(shape) - (BOX_CUT - CUT))
    if beyond > cut:
        found = f"{where}: the face is cut by the border, {beyond:.2f} eye distances lie outside ({size})."
        raise MerlibError(found, expected, f"exclude {where}, or use the uncropped recording.")
    return faces[0]


def given_faces(landmarks: np.ndarray) -> list[Face]:
    """Return faces made of known landmarks, (68, 2) or (faces, 68, 2), px; their boxes just enclose the landmarks."""
    points = np.asarray(landmarks, dtype=np.float32)
    points = points[None] if points.ndim == 2 else points
    return [Face(box_of(check_landmarks(each)), check_landmarks(each)) for each in points]


def fan_faces(image: np.ndarray, min_score: float = 0.5) -> list[Face]:
    """Find faces with S3FD and FAN; `image` (H, W, 3) uint8 RGB.

    Raises
    ------
    MerlibError
        When a weights file is missing, with its exact name and folder.
    """
    network = fan_network()
    boxes = [box for box in network.face_detector.detect_from_image(image.copy()) if box[4] >= min_score]
    if not boxes:
        return []
    found = network.get_landmarks_from_image(image, detected_faces=boxes)
    return [
        Face(tuple(float(edge) for edge in box[:4]), check_landmarks(points), float(min(box[4], 1.0)))
        for box, points in zip(boxes, found, strict=True)
    ]


@cache
def fan_network():
    """Return face-alignment's ``FaceAlignment``, loaded from checked files, never downloaded.

    The package looks for its files in the checkpoints folder of ``torch.hub`` and downloads what is missing there.
    While it loads, ``torch.hub`` therefore points to a folder that holds our two files. The network is not compiled by
    PyTorch, because that takes 9 s and pays off only after some 100 faces.
    """
    files = [find_weights(name) for name in FAN_WEIGHTS]
    import merlib.wide_vectors  # noqa: F401  # face-alignment compiles with numba as soon as it is imported
    import face_alignment  # isort: skip

    with _torch_hub_of(files):
        return face_alignment.FaceAlignment(
            face_alignment.LandmarksType.TWO_D, device="cpu", flip_input=False, compile=False
        )


@contextlib.contextmanager
def _torch_hub_of(files: list[Path]) -> Iterator[None]:
    import torch

    before = torch.hub.get_dir()
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = Path(folder) / "checkpoints"
        checkpoints.mkdir()
        for file in files:
            (checkpoints / file.name).symlink_to(file.resolve())
        torch.hub.set_dir(folder)
        try:
            yield
        finally:
            torch.hub.set_dir(before)
