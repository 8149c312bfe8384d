"""Which channel of a map is the strain, told from its values: files that swap channels look alike otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from merlib.errors import MerlibError

LEANS = 0.5  # skewness by which another channel must exceed the third to look like strain


def check_channel_order(flows: list[np.ndarray], maps: Path, report: Callable[[MerlibError, str, str], None]) -> None:
    """Report maps whose strain is not the third channel: strain is seldom large, so its values lean to one side.

    On the 442 published maps the median skewness of the strain is 3.6, that of u and v within .4 of zero.
    """
    from scipy.stats import skew

    if not flows:
        return
    values = np.stack(flows).reshape(len(flows), 3, -1)
    leaning = np.nan_to_num(np.median(skew(values, axis=2), axis=0))
    looks = int(leaning.argmax())
    if looks != 2 and leaning[looks] - leaning[2] > LEANS:
        problem = MerlibError(
            f"{maps}: channel {'uvs'[looks]} of most maps looks like strain (skewness {leaning[looks]:.1f}, against "
            f"{leaning[2]:.1f} of the third channel).",
            "red u, green v, blue strain; OpenCV's imwrite takes strain, v, u.",
            "write the maps again in this order.",
        )
        report(problem, str(maps), "error")
