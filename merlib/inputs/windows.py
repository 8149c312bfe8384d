"""Choose the eleven frames of a clip between which ASTNet's ten flows lie (ASTNET-B4)."""

from __future__ import annotations

import numpy as np

from merlib.inputs.maps import SEQUENCE


def rise(onset: int, apex: int, length: int = SEQUENCE) -> list[int]:
    """Return `length` frames evenly spaced from onset to apex; if there are fewer frames in between, some repeat."""
    return np.rint(np.linspace(onset, apex, length)).astype(int).tolist()


def around(apex: int, n_frames: int, length: int = SEQUENCE) -> list[int]:
    """Return `length` successive frames centred on the apex, moved inside the clip; a short clip's last one repeats."""
    start = min(max(apex - length // 2, 0), max(n_frames - length, 0))
    return [min(start + i, n_frames - 1) for i in range(length)]
