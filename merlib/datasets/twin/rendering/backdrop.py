"""Draw what does not move in a rendered clip: the wall behind a person and the clothes over the neck."""

from __future__ import annotations

import numpy as np

from merlib.datasets.twin.rendering.camera import Camera
from merlib.datasets.twin.rendering.identity import person_landmarks, person_stream

# RGB 0..255 of the wall, and the standard deviation of its brightness between recordings.
_WALLS = {"casme2": ((92, 94, 98), 10), "samm": ((128, 128, 128), 8), "smic": ((168, 164, 156), 10)}
_CLOTHES = ((30, 32, 38), (52, 60, 82), (96, 98, 102), (178, 178, 174), (110, 46, 44), (60, 84, 66), (146, 128, 104))
_GRID = 6  # cells per side of the coarse grid of the wall's uneven light


def backdrop(seed: int, dataset: str, subject: str, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Draw wall and clothes of one person's recording.

    Parameters
    ----------
    seed, dataset, subject
        Name the person.
    camera : Camera
        Where the camera sees the head.

    Returns
    -------
    wall : float32 array (H, W, 3)
        RGB 0..255.
    clothes : float32 array (H, W, 4)
        RGB multiplied by their cover, and the cover, 0 to 1.
    """
    import cv2

    rng = person_stream(seed, dataset, subject, "backdrop")
    width, height = camera.size
    (red, green, blue), spread = _WALLS[dataset]
    uneven = cv2.resize(
        rng.normal(0, 5, (_GRID, _GRID)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    wall = np.array([red, green, blue], dtype=np.float32) + rng.normal(0, spread) + uneven[..., None]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    at = camera.back(np.stack([x, y], axis=-1))
    landmarks = person_landmarks(seed, dataset, subject)
    across = (at[..., 0] - landmarks[8, 0]) / (0.80 * np.ptp(landmarks[2:15, 0]) / 2)  # -1..1 over the neck
    depth = rng.uniform(0.16, 0.26)
    collar = landmarks[8, 1] + 0.02 + depth * np.clip(1 - across**2, 0, None)
    shoulder = 0.34 * np.clip(np.abs(across) - 0.95, 0, None) ** 0.9
    below = at[..., 1] - collar - shoulder  # > 0 on the clothes
    soft = 1.0 / camera.unit
    cover = np.clip(0.5 + below / (2 * soft), 0, 1)
    base = np.array(_CLOTHES[rng.integers(len(_CLOTHES))], dtype=np.float32) * rng.uniform(0.85, 1.15)
    weave = cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), 1.2)
    folds = cv2.resize(rng.normal(0, 1, (5, 9)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    seam = 0.82 + 0.18 * np.clip(below / 0.06, 0, 1) + 0.10 * ((below > 0.06) & (below < 0.075))
    rim = 1 - 0.35 * np.clip(np.abs(across) - 1.6, 0, 1.5) / 1.5
    shade = seam * rim * (1 + 0.10 * folds + 0.05 * weave)
    clothes = np.clip(base * shade[..., None], 0, 255)
    return wall, np.dstack([clothes * cover[..., None], cover]).astype(np.float32)
