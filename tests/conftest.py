"""Fixtures shared by all rooms: where the public real data is, and a loud skip when it is not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Where files are found is the caller's business; a setting that changes what merlib does would change what is tested.
KEPT = {"MERLIB_FLOW_ARCHIVE", "MERLIB_PHASE_ARCHIVE", "MERLIB_KILLS", "MERLIB_WEIGHTS", "MERLIB_OFFLINE"}
for _name in [name for name in os.environ if name.startswith("MERLIB_") and name not in KEPT]:
    del os.environ[_name]


def _real_dir() -> Path:
    return ROOT.parent / "shared" / "real"


@pytest.fixture(scope="session")
def shared_real() -> Path:
    """Folder with the public logs and the organisers' label list."""
    if not _real_dir().is_dir():
        pytest.skip(f"REAL DATA NOT CHECKED: {_real_dir()} is absent")
    return _real_dir()


def _archive(source: str, variable: str, beside: str) -> Path:
    """Return the folder of a public archive: where the variable says, where README puts it, or beside the checkout."""
    named = os.environ.get(variable)
    places = [Path(named)] if named else [ROOT / "data" / source, _real_dir() / beside]
    found = next((folder for folder in places if folder.is_dir()), None)
    if found is None:
        looked = " or ".join(map(str, places))
        pytest.skip(f"REAL DATA NOT CHECKED: no {source} at {looked}; try merlib data get {source}")
    return found


@pytest.fixture(scope="session")
def flow_archive() -> Path:
    """Folder of the public MEGC2019 flow archive."""
    return _archive("megc2019-flow", "MERLIB_FLOW_ARCHIVE", "HTNet")


@pytest.fixture(scope="session")
def phase_archive() -> Path:
    """Folder of the second public archive of MEGC2019 maps, in two phases."""
    return _archive("megc2019-phases", "MERLIB_PHASE_ARCHIVE", "CausalNet")


@pytest.fixture(scope="session")
def mesh_weights() -> None:
    """The two files of the mesh backend, found or fetched by the loader that the product uses."""
    from merlib.sources.weights import MissingWeights, find_weights

    try:
        find_weights("blazeface-short-range")
        find_weights("face-mesh")
    except MissingWeights as error:
        pytest.skip(f"FACES NOT CHECKED: {error.found}")


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    """Close what a test drew: beyond twenty open figures matplotlib warns, and the warning is an error here."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
