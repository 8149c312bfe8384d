"""The portrait and points marked on it by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from merlib.clips.landmarks68 import canonical_face


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """uint8 (512, 512, 3): NASA's public-domain portrait of an astronaut, as scikit-image brings it."""
    from skimage import data

    return data.astronaut()


@pytest.fixture(scope="session")
def marked() -> dict[int, np.ndarray]:
    """Landmark -> x, y, px of the portrait: 29 clear points, marked by eye on enlarged crops, before any backend ran.

    Brow points lie in the middle of the hair; jaw points other than the chin have no clear place and are left out.
    """
    with (Path(__file__).parent / "portrait_points.csv").open(newline="") as stream:
        return {int(row["landmark"]): np.array([float(row["x"]), float(row["y"])]) for row in csv.DictReader(stream)}


@pytest.fixture
def level_face() -> np.ndarray:
    """Landmarks of an upright face, float32 (68, 2): eyes 80 px apart, their middle at (150, 120)."""
    return (canonical_face() * 80 + (150, 120)).astype(np.float32)
