"""One picture that shows all people of a rendered twin. SYNTHETIC faces, made from NASA's public-domain portrait."""

from __future__ import annotations

import numpy as np

from merlib.datasets.twin.population import SEED
from merlib.datasets.twin.rendering.rendered import true_landmarks, twin_clips
from merlib.errors import MerlibError

_TALLER = 340 / 280  # height of a tile by its width, that of a frame of CASME II


def contact_sheet(name: str, subjects: int = 40, seed: int = SEED, columns: int = 8, width: int = 140) -> np.ndarray:
    """Return a picture with the onset frame of one clip of each person, cut to the head.

    Parameters
    ----------
    name : {'casme2', 'samm', 'smic', 'megc2019'}
        As for `twin_clips`.
    subjects : int
        The most people to show. Where a data set has more, they are chosen at even distances from its list.
    seed : int
        Another seed is another set of people.
    columns : int
        Tiles per row.
    width : int
        Width of a tile, px; a tile is 1.21 times as high.

    Returns
    -------
    uint8 array (rows, columns, 3)
        RGB, rows and columns in px; unused tiles are black.

    Raises
    ------
    MerlibError
        For an unknown data set, or numbers below 1.
    """
    if min(subjects, columns, width) < 1:
        found = f"{subjects} subjects in {columns} columns of {width} px."
        raise MerlibError(found, "numbers from 1.", "ask for at least one tile of one pixel.")
    people = twin_clips(name, seed=seed, blinks=False).drop_duplicates(["dataset", "subject"])
    chosen = np.unique(np.linspace(0, len(people) - 1, min(subjects, len(people))).round().astype(int))
    tiles = [_tile(row, width) for row in people.iloc[chosen].itertuples()]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    return np.concatenate([np.concatenate(tiles[i : i + columns], axis=1) for i in range(0, len(tiles), columns)])


def _tile(row, width: int) -> np.ndarray:
    """Cut the onset frame from crown to collar and scale it to `width` px."""
    import cv2

    points = true_landmarks(row, row.onset)
    middle, unit = points[[36, 45]].mean(axis=0), np.ptp(points[[36, 45], 0]) / 1.45
    frame = row.source.read(row.onset)
    half = min(1.55 * unit, frame.shape[1] / 2, frame.shape[0] / 2 / _TALLER)
    centre = np.add(middle, (0, 0.42 * unit))
    reach = np.array([half, half * _TALLER])
    centre = np.clip(centre, reach, np.array(frame.shape[1::-1]) - reach)
    scale = width / (2 * half)
    size = width, round(width * _TALLER)
    matrix = np.array([[scale, 0, size[0] / 2 - 0.5], [0, scale, size[1] / 2 - 0.5]])
    matrix[:, 2] -= scale * (centre - 0.5)
    if scale < 0.8:
        frame = cv2.GaussianBlur(frame, (0, 0), 0.4 / scale)
    return cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
