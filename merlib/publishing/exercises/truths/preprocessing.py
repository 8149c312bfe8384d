"""Answers of notebook 02: time, strain and grey levels of a movement."""

from __future__ import annotations

import numpy as np

from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.inputs.maps import minmax255
from merlib.motion.strain import strain_magnitude, strain_ststnet8
from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study


def linear_field(ux: float = 0.0, uy: float = 0.0, vx: float = 0.0, vy: float = 0.0) -> np.ndarray:
    """Return a flow (7, 7, 2) that changes evenly from place to place, with the given derivatives."""
    y, x = np.mgrid[-3:4, -3:4].astype(float)
    return np.stack([ux * x + uy * y, vx * x + vy * y], axis=-1)


def _middle(field: np.ndarray) -> float:
    return round(float(field[3, 3]), 9)


@exercise("02.rise")
def rise(study: Study) -> Number:
    """Milliseconds from onset to apex of the first happiness clip of the twin of CASME II."""
    row = next(r for r in twin_clips("casme2").itertuples(index=False) if r.label == "happiness")
    frames = int(row.apex - row.onset)
    mistakes = {
        frames: "that is the number of frames; how long does one last?",
        frames / row.fps: "those are seconds; milliseconds are asked for.",
        1000 * (row.offset - row.onset) / row.fps: "that is the whole movement; the apex comes earlier.",
    }
    return Number(1000 * frames / row.fps, within=0.5, mistakes=mistakes)


@exercise("02.turn")
def turn(study: Study) -> Number:
    """Strain of a face that turns in its plane."""
    field = linear_field(uy=-0.1, vx=0.1)
    mistakes = {_middle(strain_ststnet8(field)): "the other formula of CROSS-X3 says so; use the one above."}
    return Number(_middle(strain_magnitude(field)), mistakes=mistakes, because="strain ignores how the head moves.")


@exercise("02.stretch")
def stretch(study: Study) -> Number:
    """Strain of skin that stretches alike in both directions."""
    field = linear_field(ux=0.1, vy=0.1)
    one = _middle(strain_magnitude(linear_field(ux=0.1)))
    mistakes = {one: "that is one direction alone.", 2 * one: "the two are added as squares, under a root."}
    return Number(_middle(strain_magnitude(field)), mistakes=mistakes)


@exercise("02.grey")
def grey(study: Study) -> Number:
    """Grey level of zero motion in a map of u from -1 to 3 pixels."""
    told = minmax255(np.array([[[-1.0, 0.0, 3.0]]]))[0, 0, 1]
    mistakes = {
        127.5: "so it would be if the map reached as far to the left as to the right.",
        0.0: "that is the grey of the smallest u.",
    }
    return Number(float(told), within=1.0, mistakes=mistakes, because="every clip has its own grey for no motion.")
