"""Draw one person at rest: the portrait is deformed to the person's face, painted in the person's colours, and lit."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from merlib.datasets.twin.rendering.colouring import Colouring, draw_colouring
from merlib.datasets.twin.rendering.features import eye_openings, paint_beard, paint_brows, paint_eyes, paint_mouth
from merlib.datasets.twin.rendering.hair import drawn_hair, recolour
from merlib.datasets.twin.rendering.identity import (
    base_landmarks,
    is_mirrored,
    outer_points,
    person_landmarks,
    person_stream,
)
from merlib.datasets.twin.rendering.portrait import DENSITY, canvas_points, portrait_at_rest, smooth_map, to_canvas
from merlib.datasets.twin.rendering.skin import (
    blurred,
    complexion,
    ears,
    extend_skin,
    forehead_lines,
    grain,
    polygon,
    soften_folds,
    spots,
)


@lru_cache(maxsize=12)
def person_picture(seed: int, dataset: str, subject: str) -> np.ndarray:
    """Draw a person at rest on the canvas, float32 (H, W, 4): RGB 0..255 times the head's cover, and the cover 0..1."""
    import cv2

    person = draw_colouring(seed, dataset, subject)
    rng = person_stream(seed, dataset, subject, "paint")
    landmarks = person_landmarks(seed, dataset, subject)
    colour, head, skin, depth = _deformed(seed, dataset, subject)
    shape = head.shape
    hair = np.clip(head - skin, 0, 1)
    theirs = recolour(colour, hair, person)
    bare = _painted_skin(extend_skin(colour, skin, landmarks), colour, skin, landmarks, person, rng)
    if person.style == "fringe":
        colour = bare + hair[..., None] * (theirs - bare)
    else:
        mine, cover, above = drawn_hair(rng, landmarks, person, shape)
        ear, dark = ears(landmarks, shape)
        bare[..., 0] -= np.clip(1.5 * ear - 1.5 * skin, 0, 1) * dark
        bare_head = skin * _within_jaw(landmarks)  # without the portrait's ears, which other hair would cover
        head = np.clip(np.maximum.reduce([above, bare_head, polygon(landmarks[:17], 0.02, shape), ear]), 0, 1)
        shadow = 1 - 0.22 * np.clip(blurred(cover, 0.05) - cover, 0, 1)
        colour = bare * np.dstack([shadow, np.ones(shape), np.ones(shape)]).astype(np.float32)
        colour = colour + cover[..., None] * (mine - colour)
    rgb = _lit(cv2.cvtColor(colour.astype(np.float32), cv2.COLOR_LAB2RGB), depth, person)
    picture = np.dstack([rgb * head[..., None], head]).astype(np.float32)
    picture.setflags(write=False)
    return picture


def _within_jaw(landmarks: np.ndarray) -> np.ndarray:
    """Return 0 where the portrait's ears are, 1 on face and neck, float32 (H, W)."""
    at = canvas_points()
    left, right = (np.interp(at[..., 1], jaw[:, 1], jaw[:, 0]) for jaw in (landmarks[0:5], landmarks[16:11:-1]))
    outside = np.maximum(left - at[..., 0], at[..., 0] - right)
    outside = np.where(at[..., 1] > landmarks[[3, 13], 1].mean(), 0.0, outside)
    return np.clip(1.5 - outside / 0.02, 0, 1).astype(np.float32)


def _deformed(seed: int, dataset: str, subject: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the portrait deformed to this person's landmarks: Lab, cover of the head, of bare skin, and depth."""
    import cv2

    portrait, mirrored = portrait_at_rest(), is_mirrored(seed, dataset, subject)
    landmarks, base = person_landmarks(seed, dataset, subject), base_landmarks(mirrored)
    mine, theirs = outer_points(seed, dataset, subject)
    source = smooth_map(np.concatenate([landmarks, mine]), np.concatenate([base, theirs]))
    if mirrored:
        source = source * np.array([-1, 1], dtype=np.float32)
    pixels = to_canvas(source).astype(np.float32)
    colour = cv2.remap(portrait.colour, pixels, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    planes = (cv2.remap(p, pixels, None, cv2.INTER_LINEAR) for p in (portrait.head, portrait.skin, portrait.depth))
    return colour, *planes


def _painted_skin(bare, colour, skin, landmarks, person: Colouring, rng: np.random.Generator) -> np.ndarray:
    """Return the skin of the whole head with all that is painted on it; of the eyes, only the irises are painted."""
    shape = skin.shape
    eyes = np.clip(eye_openings(landmarks, shape), 0, 1)
    bare = soften_folds(bare, landmarks, person.folds)
    bare = complexion(bare, skin, person)
    bare[..., 0] += grain(rng, shape, person) - spots(rng, shape, landmarks, person)
    bare[..., 0] -= forehead_lines(rng, shape, landmarks, person.lines)
    bare = bare + eyes[..., None] * (colour - bare)
    bare = paint_mouth(bare, landmarks, person)
    bare = paint_beard(bare, rng, landmarks, person)
    bare = paint_brows(bare, rng, landmarks, person)
    return paint_eyes(bare, landmarks, person).astype(np.float32)


def _lit(rgb: np.ndarray, depth: np.ndarray, person: Colouring) -> np.ndarray:
    """Light the face from one side, in a warmer or cooler colour; takes RGB 0..1 and returns RGB 0..255."""
    relief = blurred(depth, 0.07) * DENSITY
    down, right = np.gradient(relief)
    slope = np.sqrt(1 + right**2 + down**2)
    x, y, uneven = person.light
    towards = -(right * x + down * y) / slope  # > 0 where the surface faces the light
    gain = person.exposure * np.clip(1 + uneven * 1.4 * towards, 0.5, 1.45)
    warmth = 1 + 0.012 * person.warmth * np.array([1, 0, -1])
    linear = np.clip(rgb, 0, 1) ** 2.2 * (gain**1.6)[..., None] * warmth
    return np.clip(linear, 0, 1) ** (1 / 2.2) * 255
