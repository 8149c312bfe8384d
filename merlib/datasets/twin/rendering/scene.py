"""Everything that stays the same within one rendered clip, and the map from a frame back to the face at rest.

A point q of the face at rest, in px of the frame at the onset's pose, is seen in frame t at

    p = M_t (q + e_t F(q) + b_t B(q)),

where F is the motion by the plan's action units, B that of a blink, e_t and b_t are their shares in this frame, and M_t
is the head's rigid motion. To draw a frame, q is needed for each of its pixels p. The bracket is therefore inverted by
fixed-point iteration, which converges because the action-unit fields do not fold the skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from merlib.datasets.twin.action_units import displacement
from merlib.datasets.twin.population import ClipPlan
from merlib.datasets.twin.rendering.camera import Camera, head_matrix, place_camera
from merlib.datasets.twin.rendering.identity import action_unit_anchors, person_landmarks
from merlib.datasets.twin.timing import Timing, clip_timing

_STEP = 1 / 40  # step of the grid on which action units are evaluated, inter-ocular distances
_TOLERANCE, _MOST_STEPS = 0.008, 40  # error in px at which the iteration stops; most iterations


@dataclass(frozen=True, eq=False)
class Scene:
    """One clip, ready to be drawn.

    Parameters
    ----------
    plan : ClipPlan
        What the clip shows.
    timing : Timing
        Expression, blink and head pose of every frame.
    camera : Camera
        Where the camera sees the head.
    landmarks : float array (68, 2)
        Landmarks at rest, px at the onset's pose.
    fields : tuple of float32 arrays (H, W, 2)
        Motion of the expression at the apex and of a blink at activation 1, px.
    steepness : tuple of float
        The largest derivative of each field.
    """

    plan: ClipPlan
    timing: Timing
    camera: Camera
    landmarks: np.ndarray
    fields: tuple[np.ndarray, np.ndarray]
    steepness: tuple[float, float]

    def matrix(self, index: int) -> np.ndarray:
        """Return the head's rigid motion from the onset to frame `index` as an affine map of px, (2, 3)."""
        return head_matrix(self.camera, self.timing.head[index])

    def skin_motion(self, index: int) -> tuple[np.ndarray | None, float]:
        """Return the skin's motion at frame `index` before the head moves, px, or None at rest; and how steep it is.

        The steepness is an upper bound on the motion's derivative.
        """
        shares = self.timing.expression[index], self.timing.blink[index]
        parts = [np.float32(share) * field for share, field in zip(shares, self.fields, strict=True) if share]
        steep = float(sum(share * bound for share, bound in zip(shares, self.steepness, strict=True)))
        return (sum(parts) if parts else None), steep

    def at_rest(self, index: int) -> np.ndarray:
        """Return where every pixel of frame `index` lies on the face at rest, px, float32 (H, W, 2)."""
        import cv2

        seen = cv2.transform(pixel_grid(*self.camera.size), cv2.invertAffineTransform(self.matrix(index)))
        motion, steep = self.skin_motion(index)
        return seen if motion is None else invert(motion, seen, steep)


@lru_cache(maxsize=4)
def pixel_grid(width: int, height: int) -> np.ndarray:
    """Return column and row of every pixel, float32 (H, W, 2), read-only."""
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
    grid.setflags(write=False)
    return grid


def invert(motion: np.ndarray, seen: np.ndarray, steep: float) -> np.ndarray:
    """Solve q + motion(q) = seen for q by fixed-point iteration.

    OpenCV interpolates a field in steps of 1/32 px, so the remaining error is about .004 px for micro-expressions, and
    .03 px where a macro-expression or a blink squeezes the skin to a fifth.

    Parameters
    ----------
    motion : float32 array (H, W, 2)
        Displacement of each point at rest, px.
    seen : float32 array (H, W, 2)
        Points as seen, px.
    steep : float
        Bound on the derivative of the motion; it determines the number of iterations.

    Returns
    -------
    float32 array (H, W, 2)
        q, px.
    """
    import cv2

    error, q, n = float(np.abs(motion).max()), seen, 0
    while error > _TOLERANCE and n < _MOST_STEPS:
        q = seen - cv2.remap(motion, q, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        error, n = error * min(steep, 0.95), n + 1
    return q


def stage(seed: int, population: str, plan: ClipPlan, blinks: bool, scale: float) -> Scene:
    """Prepare a planned clip for drawing; `blinks` and `scale` are as for `rendered.twin_clips`."""
    timing = clip_timing(seed, population, plan, blinks)
    camera = place_camera(seed, population, plan.dataset, plan.subject, plan.clip, scale)
    at_rest = person_landmarks(seed, plan.dataset, plan.subject)
    fields = tuple(_field(units, at_rest, camera) for units in (plan.action_units, {"45": 1.0}))
    return Scene(plan, timing, camera, camera.project(at_rest), fields, tuple(_steepness(f) for f in fields))


def _field(action_units: dict[str, float], landmarks: np.ndarray, camera: Camera) -> np.ndarray:
    """Return the displacement by action units on this face, px of the frame, float32 (H, W, 2).

    A smooth map takes the face to the canonical one; the displacement found there is brought back with the inverse of
    the map's derivative.
    """
    import cv2
    from scipy.interpolate import RBFInterpolator

    width, height = camera.size
    step = max(camera.unit * _STEP, 1.0)
    columns, rows = int(np.ceil(width / step)), int(np.ceil(height / step))
    # the positions at which cv2.resize takes the coarse pixels to lie
    x, y = np.meshgrid(
        (np.arange(columns) + 0.5) * width / columns - 0.5, (np.arange(rows) + 0.5) * height / rows - 0.5
    )
    points, values = action_unit_anchors(landmarks)
    spline = RBFInterpolator(points, values, kernel="thin_plate_spline", smoothing=0.002)
    at = camera.back(np.stack([x, y], axis=-1)).reshape(-1, 2)
    near = np.flatnonzero((np.abs(at[:, 0]) < 1.8) & (at[:, 1] > -1.6) & (at[:, 1] < 2.9))
    moved = np.zeros_like(at)
    canonical, h = spline(at[near]), 1e-3
    along_x = (spline(at[near] + (h, 0)) - canonical) / h
    along_y = (spline(at[near] + (0, h)) - canonical) / h
    derivative = np.stack([along_x, along_y], axis=-1)  # (N, 2, 2): canonical by head coordinates
    moved[near] = np.linalg.solve(derivative, displacement(action_units, canonical)[..., None])[..., 0]
    field = (moved @ camera.matrix[:, :2].T).reshape(rows, columns, 2)
    return np.stack(
        [cv2.resize(field[..., k], (width, height), interpolation=cv2.INTER_CUBIC) for k in (0, 1)], axis=-1
    ).astype(np.float32)


def _steepness(field: np.ndarray) -> float:
    """Return the largest Frobenius norm of the field's derivative, an upper bound of its operator norm."""
    squares = sum(
        (np.diff(field, axis=axis) ** 2).sum(axis=-1)[: field.shape[0] - 1, : field.shape[1] - 1] for axis in (0, 1)
    )
    return float(np.sqrt(squares.max()))
