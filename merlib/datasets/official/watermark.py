"""Write the word SYNTHETIC into the corner of a frame."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WORD = "SYNTHETIC"
SHARE = 6  # the word takes a sixth of the frame's width,
SMALLEST = 54  # but at least this many px, so that it stays readable in a small frame


def watermark(frame: np.ndarray) -> np.ndarray:
    """Return a copy of a frame with the word SYNTHETIC, white on black, in its lower left corner.

    Parameters
    ----------
    frame : uint8 array (H, W, 3)
        RGB.
    """
    marked = frame.copy()
    word = _word(min(frame.shape[1], max(SMALLEST, frame.shape[1] // SHARE)))[: frame.shape[0]]
    marked[frame.shape[0] - word.shape[0] :, : word.shape[1]] = word[..., None]
    return marked


@lru_cache(maxsize=8)
def _word(width: int) -> np.ndarray:
    font = ImageFont.load_default(40)
    left, top, right, bottom = font.getbbox(WORD)
    picture = Image.new("L", (right - left + 8, bottom - top + 12), 0)
    ImageDraw.Draw(picture).text((4 - left, 6 - top), WORD, fill=255, font=font)
    height = max(5, round(picture.height * width / picture.width))
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
