"""Sliders through a clip of the SYNTHETIC twin: its frames, a wrong apex, a small cut, a large factor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

import numpy as np
from matplotlib.figure import Figure

from merlib.clips.clip_table import frames
from merlib.datasets.twin.rendering.rendered import RenderedClip
from merlib.inputs.preprocessing import Preprocessing, locate
from merlib.motion.flow import dense_flow
from merlib.motion.magnification.magnify import magnify
from merlib.publishing.figures.clips import SPEED, frame_words
from merlib.publishing.figures.sliders import POINT, SYNTHETIC, Slider, drawn, slide
from merlib.publishing.style import SEQUENTIAL

SIDES = (34, 51, 68, 85, 102, 119, 136, 153, 170, 221, 272, 340)  # px, rows of the cut face; AM3F-FlowNet has 170
FACTORS = (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 11, 12)


def frame_slider(row) -> Slider:
    """Return a slider over the frames of a clip, which says when onset, apex and offset pass.

    Parameters
    ----------
    row : row of a clip table
        Whose frames are shown.
    """
    moments = [int(frame) for frame in (row.onset, row.apex, row.offset) if frame == frame]
    return slide("frame", row.n_frames, row.source.read, lambda index: frame_words(row, index), moments)


def onset_apex_flicker(row) -> Slider:
    """Return onset and apex in turn: the eye sees a movement in two pictures that it does not see in one."""
    moments = [int(row.onset), int(row.apex)]
    pictures = frames(row, moments)
    return slide(
        "picture", 2, lambda turn: pictures[turn], lambda turn: frame_words(row, moments[turn]), (0, 1), plays=True
    )


def apex_slider(row, how: Preprocessing) -> Slider:
    """Return a slider over the frame that is taken as the apex, with the flow from the onset to it.

    Parameters
    ----------
    row : row of a clip table
        A clip with an annotated apex.
    how : Preprocessing
        How the face is cut and the flow measured.
    """
    found, onset = locate(row, how), int(row.onset)
    offset, apex = int(row.offset), int(row.apex)

    @cache
    def motion(index: int) -> np.ndarray:
        return np.linalg.norm(dense_flow(*found.cut([onset, index], how.crop), how.flow), axis=-1)

    most = largest(motion(apex))

    def draw(position: int) -> np.ndarray:
        index = onset + 1 + position
        return _face_and_motion(found.cut([index], how.crop)[0], motion(index), most)

    def say(position: int) -> str:
        index = onset + 1 + position
        return POINT.join([frame_words(row, index), f"motion {largest(motion(index)):.2f} px"])

    return slide("apex", offset - onset, draw, say, [apex - onset - 1, (apex - onset) // 3])


def crop_slider(row, how: Preprocessing, sides: Sequence[int] = SIDES) -> Slider:
    """Return a slider over the size to which the face is cut, with the motion that is measured there.

    Parameters
    ----------
    row, how
        As in `apex_slider`; the cut keeps its shape.
    sides : sequence of int
        Rows of the cut face, px.
    """
    found = locate(row, how)
    moments = [int(row.onset), found.apex]

    @cache
    def cut(position: int) -> tuple[np.ndarray, np.ndarray]:
        size = sides[position], round(sides[position] * how.crop[1] / how.crop[0])
        pair = found.cut(moments, size)
        return pair[1], np.linalg.norm(dense_flow(*pair, how.flow), axis=-1)

    def draw(position: int) -> np.ndarray:
        return _face_and_motion(*cut(position), largest(cut(position)[1]))

    def say(position: int) -> str:
        rows, columns = cut(position)[1].shape
        mark = [SYNTHETIC] * isinstance(row.source, RenderedClip)
        return POINT.join(
            [*mark, f"cut to {rows} x {columns} px", f"motion {largest(cut(position)[1]):.2f} px", "apex"]
        )

    return slide("rows", len(sides), draw, say, [sides.index(how.crop[0]), 0])


def factor_slider(
    pair: tuple[np.ndarray, np.ndarray], method: str, factors: Sequence[float] = FACTORS, synthetic: bool = True
) -> Slider:
    """Return a slider over the factor by which the apex of a clip is magnified: 0 is the onset, 1 the apex as it is.

    Parameters
    ----------
    pair : (onset, apex)
        Cut faces, uint8 RGB.
    method : str
        Of `magnify`.
    factors : sequence of float
        Total ratios.
    synthetic : bool
        Whether the faces are of the twin.
    """
    named = {0: "factor 0: onset", 1: "factor 1: apex"}

    def draw(position: int) -> np.ndarray:
        factor = factors[position]
        return pair[int(factor)] if factor in named else magnify(pair, factor, method).frames[1]

    def say(position: int) -> str:
        words = named.get(factors[position], f"factor {factors[position]:g}, {method}")
        return POINT.join([*[SYNTHETIC] * synthetic, words])

    stills = [factors.index(1), *(position for position, factor in enumerate(factors) if factor in (4, max(factors)))]
    return slide("factor", len(factors), draw, say, stills)


def largest(motion: np.ndarray) -> float:
    """Return the motion in px that one pixel in two hundred exceeds: the largest, without a few outliers."""
    return float(np.quantile(motion, 0.995))


def _face_and_motion(face: np.ndarray, motion: np.ndarray, most: float) -> np.ndarray:
    return drawn(partial(_draw_face_and_motion, face=face, motion=motion, most=most), width=4.2)


def _draw_face_and_motion(figure: Figure, face: np.ndarray, motion: np.ndarray, most: float) -> None:
    left, right = figure.subplots(1, 2)
    left.imshow(face)
    shown = right.imshow(motion, vmin=0, vmax=most, cmap=SEQUENTIAL)
    figure.colorbar(shown, ax=right, label=SPEED, shrink=0.8)
    for axis in (left, right):
        axis.set_axis_off()
