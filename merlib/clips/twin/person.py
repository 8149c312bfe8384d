"""The picture of one rendered person at rest, on the canvas."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from merlib.clips.twin.identity import base_landmarks, is_mirrored, outer_points, person_landmarks
from merlib.clips.twin.portrait import portrait_at_rest, smooth_map, to_canvas


@lru_cache(maxsize=12)
def person_picture(seed: int, dataset: str, subject: str) -> np.ndarray:
    """Draw a person at rest, float32 (H, W, 4): RGB 0..255 multiplied by the head's cover, and that cover 0..1."""
    import cv2

    portrait, mirrored = portrait_at_rest(), is_mirrored(seed, dataset, subject)
    landmarks, base = person_landmarks(seed, dataset, subject), base_landmarks(mirrored)
    mine, theirs = outer_points(seed, dataset, subject)
    source = smooth_map(np.concatenate([landmarks, mine]), np.concatenate([base, theirs]))
    if mirrored:
        source = source * np.array([-1, 1], dtype=np.float32)
    pixels = to_canvas(source).astype(np.float32)
    colour = cv2.remap(portrait.colour, pixels, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    head = cv2.remap(portrait.head, pixels, None, cv2.INTER_LINEAR)
    rgb = np.clip(cv2.cvtColor(colour, cv2.COLOR_LAB2RGB), 0, 1) * 255
    picture = np.dstack([rgb * head[..., None], head])
    picture.setflags(write=False)
    return picture
