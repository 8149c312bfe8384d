"""How much of a short movement a camera's frame rate shows, computed from the course of the twin's expressions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from merlib.datasets.recordings.courses import share_of
from merlib.datasets.recordings.plan import PlannedEvent

RATES = (15, 25, 30, 60, 100, 200)
STARTS = 400  # moments between two frames at which a movement may begin


def frame_rate_table(seconds: float = 0.2, rise: float = 0.4, rates: Sequence[float] = RATES) -> pd.DataFrame:
    """Return for each frame rate how many frames show a movement, and how much of its height the best frame shows.

    Parameters
    ----------
    seconds : float
        Duration from onset to offset.
    rise : float
        Share of this duration from onset to apex.
    rates : sequence of float
        Frame rates, in frames per second.

    Returns
    -------
    DataFrame
        Indexed by rate; columns ``frames, fewest`` and ``frames, most`` (frames that show more than a tenth of the
        height), ``seen at least, %`` and ``seen, median, %``, over all moments at which the movement may begin.
    """
    rows = {}
    for rate in rates:
        counts, heights = [], []
        for start in np.arange(STARTS) / STARTS / rate:
            event = PlannedEvent(0, "micro", start, start + rise * seconds, start + seconds)
            shown = share_of(event, np.arange(int(np.ceil((seconds + 2 / rate) * rate)) + 1) / rate)
            counts.append(int((shown > 0.1).sum()))
            heights.append(float(shown.max()))
        rows[rate] = (min(counts), max(counts), 100 * min(heights), 100 * float(np.median(heights)))
    columns = ["frames, fewest", "frames, most", "seen at least, %", "seen, median, %"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)
