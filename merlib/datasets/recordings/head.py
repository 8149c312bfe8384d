"""Draw one person of a long recording cheaply: the picture is made once, and every frame only warps it.

As in the twin's clips, a point q of the face at rest is seen at M (q + F(q) + D(q)), where F is the motion by the
muscles and M the head's motion in the picture plane. D, which the clips do not have, is the displacement that a turn
about the vertical or the ear-to-ear axis causes on a face with the depth `depth`. F and D are smooth, so they are
computed on a grid of 1/24 inter-ocular distance and only then enlarged to pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from merlib.datasets.recordings.plan import CAMERA
from merlib.datasets.twin.action_units import SIDES, basis
from merlib.datasets.twin.flow import PIVOT
from merlib.datasets.twin.rendering.backdrop import backdrop
from merlib.datasets.twin.rendering.camera import Camera
from merlib.datasets.twin.rendering.identity import action_unit_anchors, person_landmarks
from merlib.datasets.twin.rendering.person import person_picture
from merlib.datasets.twin.rendering.portrait import CANVAS, DENSITY

GRID = 1 / 24  # inter-ocular distances
AREA = (-1.95, -2.0, 1.95, 2.6)  # where a head may be seen: left, top, right, bottom, head coordinates
LENS = 0.6  # sigma of the blur by the lens and by the pixels' size, px of the frame
STEPS = 6  # steps of the fixed-point iteration, after which the error is below .02 px
DEPTH, WIDE, HIGH = 0.75, 1.1, 1.9  # size of the bulge that approximates a head's depth, inter-ocular distances
NOSE = 0.22  # how far the nose stands out of that bulge


@dataclass(frozen=True, eq=False)
class Layer:
    """The picture of a person in one frame, and how much it covers of what is behind.

    Parameters
    ----------
    box : (int, int, int, int)
        Left, top, right, bottom in px of the person's own part of the frame.
    colour : float32 array (h, w, 3)
        RGB 0..255, multiplied by the cover (0 to 1).
    bare : float32 array (h, w, 1)
        1 minus the cover.
    """

    box: tuple[int, int, int, int]
    colour: np.ndarray
    bare: np.ndarray


class Head:
    """A person before one camera, ready to be drawn.

    Parameters
    ----------
    seed : int
        Seed of the recording's people.
    subject : str
        Name of the person.
    field : (int, int)
        Width and height of the part of the frame that this person has, px.
    unit : float
        Distance of the eyes, px.
    origin : (float, float)
        Middle between the eyes in that part, px.
    """

    def __init__(self, seed: int, subject: str, field: tuple[int, int], unit: float, origin: tuple[float, float]):
        import cv2

        self.camera = Camera(field, unit, 0.0, origin)
        self.landmarks = person_landmarks(seed, CAMERA, subject)
        picture = person_picture(seed, CAMERA, subject)
        self._scale = min(1.0, 2.0 * unit / DENSITY)  # no finer than twice the frame
        blurred = cv2.GaussianBlur(picture, (0, 0), max(LENS * DENSITY / unit, 0.3))
        small = cv2.resize(blurred, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA)
        self._picture = np.rint(np.dstack([small[..., :3].clip(0, 255), small[..., 3:].clip(0, 1) * 255])).astype(
            np.uint8
        )
        _, self.clothes = backdrop(seed, CAMERA, subject, self.camera)
        self._grid = grid_points()
        self._fields = _person_fields(seed, subject)
        self._depth = depth(self._grid)

    def motion(self, muscles: np.ndarray, pose: np.ndarray) -> np.ndarray:
        """Return F + D of the module's docstring at the grid's points, (rows, columns, 2), inter-ocular distances."""
        moving = np.flatnonzero(muscles)
        skin = (muscles[moving] @ self._fields[moving]).reshape(self._grid.shape)
        return skin + turned(self._grid, self._depth, float(pose[4]), float(pose[5]))

    def matrix(self, pose: np.ndarray) -> np.ndarray:
        """Return the affine map (2, 3) from head coordinates to px of the person's field, under a pose."""
        cos, sin = (f(float(pose[2])) * np.exp(float(pose[3])) for f in (np.cos, np.sin))
        turn = np.array([[cos, -sin], [sin, cos]])
        shift = np.add(PIVOT, pose[:2]) - turn @ PIVOT
        axes = self.camera.matrix[:, :2]
        return np.column_stack([axes @ turn, axes @ shift + self.camera.matrix[:, 2]])

    def layer(self, muscles: np.ndarray, pose: np.ndarray) -> Layer | None:
        """Draw the head of one frame, without clothes; return None if nothing of it lies in the person's field."""
        import cv2

        matrix, motion = self.matrix(pose), self.motion(muscles, pose).astype(np.float32)
        back = self._undone(motion)
        corners = np.array([[AREA[i], AREA[j]] for i in (0, 2) for j in (1, 3)]) @ matrix[:, :2].T + matrix[:, 2]
        width, height = self.camera.size
        low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
        high = np.minimum(np.ceil(corners.max(axis=0)), (width, height)).astype(int)
        if (high - low < 2).any():
            return None
        size = tuple((high - low).tolist())
        inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
        inverse[:, 2] += inverse[:, :2] @ low
        to_grid = inverse / GRID
        to_grid[:, 2] -= np.array(AREA[:2]) / GRID
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        at_rest = cv2.warpAffine(back, to_grid, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        at_rest += _straight(inverse, size)  # head coordinates of every pixel
        density = DENSITY * self._scale
        at_rest *= np.float32(density)
        at_rest -= np.array(CANVAS[:2], np.float32) * np.float32(density) + np.float32(0.5)
        seen = cv2.remap(self._picture, at_rest, None, cv2.INTER_LINEAR)
        return Layer(
            (*low.tolist(), *high.tolist()),
            seen[..., :3].astype(np.float32),
            1 - seen[..., 3:].astype(np.float32) * np.float32(1 / 255),
        )

    def _undone(self, motion: np.ndarray) -> np.ndarray:
        """Return e with q = s + e(s) for q + motion(q) = s, on the grid."""
        import cv2

        rows, columns = motion.shape[:2]
        own = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).astype(np.float32)
        back = -motion
        for _ in range(STEPS):
            back = -cv2.remap(
                motion, own + back / np.float32(GRID), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        return back

    def points(self, muscles: np.ndarray, pose: np.ndarray) -> np.ndarray:
        """Return the 68 landmarks as drawn, px of the person's field, (68, 2)."""
        import cv2

        at = ((self.landmarks - AREA[:2]) / GRID).astype(np.float32)[:, None]
        motion = self.motion(muscles, pose).astype(np.float32)
        moved = self.landmarks + cv2.remap(motion, at, None, cv2.INTER_LINEAR)[:, 0]
        matrix = self.matrix(pose)
        return moved @ matrix[:, :2].T + matrix[:, 2]


@lru_cache(maxsize=1)
def grid_points() -> np.ndarray:
    """Return the head coordinates of the grid on which motion is solved, float32 (rows, columns, 2), read-only."""
    columns, rows = (int(np.ceil((AREA[i + 2] - AREA[i]) / GRID)) + 1 for i in (0, 1))
    x, y = np.meshgrid(AREA[0] + GRID * np.arange(columns), AREA[1] + GRID * np.arange(rows))
    points = np.stack([x, y], axis=-1).astype(np.float32)
    points.setflags(write=False)
    return points


@lru_cache(maxsize=16)
def _person_fields(seed: int, subject: str) -> np.ndarray:
    """Return a person's muscle fields on the grid, (len(SIDES), rows * columns * 2), the same before every camera."""
    return muscle_fields(grid_points().reshape(-1, 2), person_landmarks(seed, CAMERA, subject)).reshape(len(SIDES), -1)


def muscle_fields(points: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return the displacement of every one-sided action unit on a person's face, (len(SIDES), N, 2), float32.

    As in the twin's clips, the points are mapped to the canonical face, where the action units are defined, and the
    displacements found there are brought back with the inverse of the map's derivative.
    """
    from scipy.interpolate import RBFInterpolator

    where, values = action_unit_anchors(landmarks)
    spline = RBFInterpolator(where, values, kernel="thin_plate_spline", smoothing=0.002)
    canonical, h = spline(points), 1e-3
    along = [(spline(points + step) - canonical) / h for step in ((h, 0), (0, h))]
    derivative = np.linalg.inv(np.stack(along, axis=-1))  # (N, 2, 2): head by canonical coordinates
    return np.einsum("nij,snj->sni", derivative, basis(canonical)).astype(np.float32)


def depth(points: np.ndarray) -> np.ndarray:
    """Return how far a head stands out towards the camera at points (..., 2), inter-ocular distances; 0 far away."""
    x, y = points[..., 0], points[..., 1]
    bulge = DEPTH * np.exp(-((x / WIDE) ** 2) - ((y - 0.4) / HIGH) ** 2)
    return bulge + NOSE * np.exp(-((x / 0.25) ** 2) - ((y - 0.6) / 0.3) ** 2)


def turned(points: np.ndarray, deep: np.ndarray, yaw: float, pitch: float) -> np.ndarray:
    """Return the displacement (..., 2) of points under a turn by `yaw` and `pitch`, radians, fading beyond the head."""
    x, y = points[..., 0], points[..., 1]
    near = np.exp(-(((x / 2.0) ** 2 + ((y - 0.3) / 2.4) ** 2) ** 2))
    across = deep * np.sin(yaw) + x * (np.cos(yaw) - 1)
    down = deep * np.sin(pitch) + (y - 0.4) * (np.cos(pitch) - 1)
    return np.stack([across, down], axis=-1) * near[..., None]


def _straight(matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return where an affine map (2, 3) takes every pixel of a picture of `size` (width, height), float32."""
    columns, rows = np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32)
    a = matrix.astype(np.float32)
    x = a[0, 0] * columns[None] + (a[0, 1] * rows + a[0, 2])[:, None]
    y = a[1, 0] * columns[None] + (a[1, 1] * rows + a[1, 2])[:, None]
    return np.stack([x, y], axis=-1)
