"""Level the eyes and cut out the face, with one cut for the whole clip: Dual-ATME Sec. 3.2.1, UAMRN Sec. 4.3.

Dual-ATME turns the frame by the angle of the line between the outer eye corners (Eq. 1), finds the landmarks
again and cuts: left at landmark 1, right at 15, below at 8, above at 19 and the space d between brows and eyes
(Eq. 2). Two signs follow errata DUAL-ATME-C8: the frame is *rotated by minus theta* - the text's "flipped in the
opposite direction" - so that the eyes are level, and the upper edge is landmark 19 *minus* d, as y grows downwards and
the text wants room above the brows. Indices are 0-based (DUAL-ATME-C14).

UAMRN cuts the apex at the onset's landmarks, so that cutting adds no motion between the two. Here turn, cut and
resizing are therefore one fixed map, which is found on the onset and applied to every frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from merlib.errors import MerlibError
from merlib.faces.face import check_landmarks
from merlib.faces.landmarks import one_face
from merlib.faces.shrinking import shrink

OUTER_EYES = (36, 45)
SIDES = (1, 15)
CHIN = 8
BROW_TOP = 19
# Pairs of landmarks in Eq. 2: one below the brow and one above the eye, on each side.
SPACES = ((20, 38), (23, 43))


@dataclass(frozen=True, eq=False)
class FaceCrop:
    """A turn and a cut, the same for every frame of a clip.

    Parameters
    ----------
    angle : float
        Angle of the line between the outer eye corners before the turn, degrees; positive when the corner on the
        picture's right is lower.
    centre : tuple of float
        The point x, y about which the frame is turned, px.
    box : tuple of float
        Left, top, right, bottom on the turned frame, px. These are outer edges: pixel i spans i - 0.5 to i + 0.5.
    """

    angle: float
    centre: tuple[float, float]
    box: tuple[float, float, float, float]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the cut at the frame's own resolution."""
        left, top, right, bottom = self.box
        return max(1, round(bottom - top)), max(1, round(right - left))

    def matrix(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return the affine map, (2, 3), from px of the frame to px of a cut of `size` (rows, columns)."""
        rows, columns = size or self.shape
        left, top, right, bottom = self.box
        turn = rotation(self.angle, self.centre)
        scale = np.array([columns / (right - left), rows / (bottom - top)])
        moved = np.column_stack([np.eye(2) * scale, -scale * (left, top) - 0.5])
        return moved[:, :2] @ turn + np.column_stack([np.zeros((2, 2)), moved[:, 2]])

    def points(self, points: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
        """Map points (N, 2) of the frame, px, to the cut of `size`."""
        matrix = self.matrix(size)
        return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)

    def apply(self, frame: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
        """Turn and cut a frame.

        Parameters
        ----------
        frame : ndarray (H, W) or (H, W, C)
            A frame of the clip.
        size : (rows, columns), optional
            Size of the result; by default the cut keeps the frame's resolution.

        Returns
        -------
        ndarray (rows, columns) or (rows, columns, C)
            The cut, in the frame's dtype. Outside the frame its border is repeated.
        """
        import cv2

        columns_rows = self.shape[::-1]
        flags = cv2.INTER_LINEAR
        cut = cv2.warpAffine(frame, self.matrix(), columns_rows, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        if size is None or tuple(size) == self.shape:
            return cut
        return shrink(cut, tuple(size))


@dataclass(frozen=True, eq=False)
class AlignedClip:
    """The frames of a clip after one and the same cut.

    Parameters
    ----------
    frames : ndarray (T, rows, columns[, 3])
        The cut frames, in the input's dtype.
    landmarks : ndarray (68, 2), float32
        The onset's landmarks on the cut frames, px.
    crop : FaceCrop
        The cut.
    """

    frames: np.ndarray
    landmarks: np.ndarray
    crop: FaceCrop


def eye_angle(landmarks: np.ndarray) -> float:
    """Return theta of Eq. 1, degrees: the angle of the line between the outer eye corners, landmarks 36 and 45."""
    left, right = (landmarks[index] for index in OUTER_EYES)
    return float(np.degrees(np.arctan2(right[1] - left[1], right[0] - left[0])))


def rotation(angle: float, centre: tuple[float, float]) -> np.ndarray:
    """Return the (2, 3) map that turns points by minus `angle` degrees about `centre`, y downwards (DUAL-ATME-C8)."""
    turn = np.radians(angle)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    centre = np.asarray(centre, dtype=float)
    return np.column_stack([matrix, centre - matrix @ centre])


def crop_box(landmarks: np.ndarray) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of the face, px, from level landmarks (68, 2): Eq. 2 and the text around it.

    Raises
    ------
    MerlibError
        When the landmarks are not those of an upright face, so that the box is empty.
    """
    points = check_landmarks(landmarks)
    space = float(np.mean([points[eye, 1] - points[brow, 1] for brow, eye in SPACES]))
    left, right = (float(points[index, 0]) for index in SIDES)
    top, bottom = float(points[BROW_TOP, 1]) - space, float(points[CHIN, 1])
    if right - left < 1 or bottom - top < 1:
        raise MerlibError(
            f"landmarks that span {right - left:.1f} x {bottom - top:.1f} px.",
            "an upright face: landmark 1 left of 15, brows above the chin.",
            "check the order of the 68 landmarks (iBUG, 0-based) and that y grows downwards.",
        )
    return left, top, right, bottom


def plan_crop(landmarks: np.ndarray, level_landmarks: np.ndarray | None = None) -> FaceCrop:
    """Determine turn and cut from the onset's landmarks.

    Parameters
    ----------
    landmarks : ndarray (68, 2)
        Landmarks on the onset frame, px.
    level_landmarks : ndarray (68, 2), optional
        Landmarks found again on the turned frame, as the paper does; by default `landmarks` are turned instead.

    Raises
    ------
    MerlibError
        As `check_landmarks` and `crop_box`.
    """
    points = check_landmarks(landmarks)
    angle = eye_angle(points)
    centre = tuple(map(float, points[list(OUTER_EYES)].mean(axis=0)))
    if level_landmarks is None:
        turn = rotation(angle, centre)
        level_landmarks = points @ turn[:, :2].T + turn[:, 2]
    return FaceCrop(angle, centre, crop_box(level_landmarks))


def align_clip(
    frames: Iterable[np.ndarray],
    where: str = "clip",
    size: tuple[int, int] | None = None,
    onset: np.ndarray | None = None,
    backend: str = "mesh",
    landmarks: np.ndarray | None = None,
    again: bool = True,
) -> AlignedClip:
    """Turn and cut every frame of a clip by the onset's landmarks.

    Parameters
    ----------
    frames : iterable of ndarray (H, W) or (H, W, 3)
        Frames of one shape; the first is the onset unless `onset` is given.
    where : str
        Name of the clip, for error messages.
    size : (rows, columns), optional
        Size of the result; by default the frames' own resolution is kept. AM3F uses (170, 140), UAMRN (224, 224).
    onset : ndarray, optional
        The onset frame, when it is not the first.
    backend, landmarks
        As for `merlib.faces.find_faces`; `landmarks` (68, 2) are the onset's.
    again : bool
        Whether to find the landmarks again on the turned onset, as Dual-ATME does. Otherwise, and always with the
        backend ``given``, the first landmarks are turned.

    Returns
    -------
    AlignedClip
        The cut frames, the onset's landmarks on them, and the cut.

    Raises
    ------
    MerlibError
        As `one_face` for the onset, and when frames differ in shape or there are none.
    """
    frames = list(frames)
    if not frames:
        raise MerlibError(f"{where}: no frames.", "at least one.", "check the clip's onset and offset.")
    onset = frames[0] if onset is None else onset
    shapes = sorted({frame.shape for frame in (onset, *frames)}, key=str)
    if len(shapes) > 1:
        raise MerlibError(f"{where}: frames of {shapes}.", "frames of one shape.", f"check the frames of {where}.")
    first = one_face(onset, f"{where}, onset", backend, landmarks)
    crop = plan_crop(first.landmarks)
    found = first.landmarks
    if again and backend != "given":
        level = one_face(_turned(onset, crop), f"{where}, onset turned level", backend)
        crop = plan_crop(first.landmarks, level.landmarks)
        back = np.linalg.inv(np.vstack([rotation(crop.angle, crop.centre), [0, 0, 1]]))[:2]
        found = level.landmarks @ back[:, :2].T + back[:, 2]
    size = tuple(size) if size else crop.shape
    return AlignedClip(np.stack([crop.apply(frame, size) for frame in frames]), crop.points(found, size), crop)


def _turned(frame: np.ndarray, crop: FaceCrop) -> np.ndarray:
    import cv2

    matrix = rotation(crop.angle, crop.centre)
    return cv2.warpAffine(frame, matrix, frame.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
