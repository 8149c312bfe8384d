"""How each data set records a face: frame size, how large and where the face is, colour, sensor noise, flicker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from merlib.datasets.twin.people import stream
from merlib.datasets.twin.rendering.identity import person_stream


@dataclass(frozen=True)
class Look:
    """What the recordings of a data set have in common, at scale 1.

    Parameters
    ----------
    size : (int, int)
        Width and height of a frame, px.
    eye_distance : float
        Median distance of the eye centres, px.
    eyes : (float, float)
        Where the middle between the eyes is, as a share of width and height.
    spread : (float, float)
        Standard deviations between persons: of the place (share of the size), and of the logarithm of the face's size.
    grey : bool
        Whether the three channels are equal.
    noise : float
        Sensor noise of each channel (of the grey picture where `grey`), grey levels rms.
    flicker : float
        About the rms deviation of a frame's brightness from the mean, as a share; the lamps flicker with the mains.
    blur : float
        Sigma of the lens's blur, px.
    """

    size: tuple[int, int]
    eye_distance: float
    eyes: tuple[float, float]
    spread: tuple[float, float]
    grey: bool
    noise: float
    flicker: float
    blur: float


# CASME II: cropped faces, colour. SAMM: whole head before a plain wall, grey; its own frames are 2040 x 1088, ours
# are about half that (scale=2.125 gives the full size). SMIC-HS: small colour crops under flickering light.
LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "casme2": Look((280, 340), 112.0, (0.5, 0.345), (0.008, 0.025), False, 2.0, 0.0, 0.5),
        "samm": Look((960, 512), 92.0, (0.5, 0.445), (0.02, 0.05), True, 1.5, 0.0, 0.5),
        "smic": Look((130, 160), 52.0, (0.5, 0.35), (0.010, 0.025), False, 1.5, 0.012, 0.45),
    }
)


@dataclass(frozen=True)
class Camera:
    """Where the camera sees the head: pixels = origin + unit * R(angle) @ head coordinates.

    Parameters
    ----------
    size : (int, int)
        Width and height of the frame, px.
    unit : float
        Pixels per inter-ocular distance.
    angle : float
        Rotation R in the image plane, radians, from x towards y.
    origin : (float, float)
        Position of the middle between the eyes, px.
    """

    size: tuple[int, int]
    unit: float
    angle: float
    origin: tuple[float, float]

    @property
    def matrix(self) -> np.ndarray:
        """The affine map (2, 3) from head coordinates to px."""
        cos, sin = np.cos(self.angle) * self.unit, np.sin(self.angle) * self.unit
        return np.array([[cos, -sin, self.origin[0]], [sin, cos, self.origin[1]]])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Map head coordinates (..., 2) to px."""
        return np.asarray(points) @ self.matrix[:, :2].T + self.matrix[:, 2]

    def back(self, pixels: np.ndarray) -> np.ndarray:
        """Map px (..., 2) to head coordinates."""
        return (np.asarray(pixels) - self.matrix[:, 2]) @ np.linalg.inv(self.matrix[:, :2]).T


def place_camera(seed: int, population: str, dataset: str, subject: str, clip: str, scale: float = 1.0) -> Camera:
    """Place the camera before a person; it differs a little between clips of a person, more between persons."""
    look = LOOKS[dataset]
    of_person = person_stream(seed, dataset, subject, "camera").standard_normal(4)
    of_clip = stream(seed, "camera", population, dataset, subject, clip).standard_normal(4)
    x, y, zoom, turn = np.clip(0.9 * of_person + 0.4 * of_clip, -2, 2)
    width, height = (round(side * scale) for side in look.size)
    origin = (width * (look.eyes[0] + look.spread[0] * x), height * (look.eyes[1] + look.spread[0] * y))
    unit = look.eye_distance * scale * np.exp(look.spread[1] * zoom)
    return Camera((width, height), float(unit), float(0.025 * turn), (float(origin[0]), float(origin[1])))


def head_matrix(camera: Camera, pose: np.ndarray) -> np.ndarray:
    """Return the affine map (2, 3) from px at the onset's pose to px under `pose` (dx, dy, angle, log scale).

    dx and dy are in inter-ocular distances, the angle in radians; all are relative to the onset.
    """
    from merlib.datasets.twin.flow import PIVOT

    dx, dy, angle, log_scale = pose
    cos, sin = np.cos(angle) * np.exp(log_scale), np.sin(angle) * np.exp(log_scale)
    turn = np.array([[cos, -sin], [sin, cos]])
    axes = camera.matrix[:, :2]
    shift = np.add(PIVOT, (dx, dy)) - turn @ PIVOT
    whole = axes @ turn @ np.linalg.inv(axes)
    offset = axes @ shift + camera.matrix[:, 2] - whole @ camera.matrix[:, 2]
    return np.column_stack([whole, offset])


def sensor_noise(look: Look, noise_seed: int, index: int, shape: tuple[int, int]) -> np.ndarray:
    """Draw the noise of one frame, grey levels, float32 (H, W, 3), or (H, W, 1) for a grey camera."""
    rng = np.random.Generator(np.random.SFC64([noise_seed, index]))
    return look.noise * rng.standard_normal((*shape, 1 if look.grey else 3), dtype=np.float32)


def flicker(look: Look, noise_seed: int, index: int) -> float:
    """Return the brightness of one frame relative to the mean, about 1.

    Lamps pulse at twice the frequency of the mains; recorded at 100 frames a second, this gives a slow beat.
    """
    if not look.flicker:
        return 1.0
    rng = np.random.default_rng([noise_seed, 1])
    phase, beat = rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 0.12)
    own = np.random.default_rng([noise_seed, 2, index]).standard_normal()
    return float(1 + look.flicker * (1.2 * np.sin(phase + 2 * np.pi * beat * index) + 0.5 * own))
