"""Even out the light of a clip before its motion is measured."""

from __future__ import annotations

import numpy as np

from merlib.motion.frames import unit_range


def even_light(frames: np.ndarray) -> np.ndarray:
    """Scale every frame to the mean brightness of the first.

    Optical flow assumes that a point keeps its brightness. Lamps that pulse with the mains violate this at 100 frames a
    second (SMIC): if the light is not evened out, the error of TV-L1 on the synthetic twin is half as large again.

    Parameters
    ----------
    frames : array (T, H, W) or (T, H, W, 3)
        Frames of the cut face, uint8 or float 0..1.

    Returns
    -------
    float array, shaped as `frames`
        0..1; values beyond 1 are clipped. A black frame stays black.
    """
    pictures = np.stack([unit_range(frame) for frame in frames])
    means = pictures.reshape(len(pictures), -1).mean(axis=1)
    gains = np.where(means > 0, means[0] / np.where(means > 0, means, 1.0), 1.0)
    return np.clip(pictures * gains.reshape(-1, *[1] * (pictures.ndim - 1)), 0.0, 1.0).astype(pictures.dtype)
