"""Macro-expressions of the rendered twin for pretraining: strong motion, of people whom no experiment tests."""

from __future__ import annotations

import pandas as pd

from merlib.datasets.twin.population import SEED
from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.errors import MerlibError

INTENSITY = 4.0


def macro_clips(name: str, seed: int = 1, intensity: float = INTENSITY, scale: float = 1.0) -> pd.DataFrame:
    """Return the clip table of a twin's macro-expressions; SYNTHETIC, like the twin.

    Each person's name carries the seed (``twin1-sub01``), so that ``dataset/subject`` never means one person here and
    another in the table that is tested.

    Parameters
    ----------
    name, scale
        As for `twin_clips`.
    seed : int
        Seed of the people; not `population.SEED`, whose people experiments test.
    intensity : float
        Factor on every activation; a micro-expression has 1.

    Raises
    ------
    MerlibError
        For the seed whose people experiments test, and as `twin_clips`.
    """
    if seed == SEED:
        found = f"macro-expressions of the twin's seed {SEED}."
        raise MerlibError(found, "other people than experiments test.", "choose another seed, such as 1.")
    table = twin_clips(name, seed, intensity, scale=scale)
    table["subject"] = f"twin{seed}-" + table["subject"]
    table.attrs["name"] = f"{name}-macro"
    return table
