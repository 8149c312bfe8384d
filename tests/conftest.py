"""Fixtures shared by all rooms: where the public real data is, and a loud skip when it is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _real_dir() -> Path:
    return ROOT.parent / "shared" / "real"


@pytest.fixture(scope="session")
def shared_real() -> Path:
    """Folder with the public logs and the organisers' label list."""
    if not _real_dir().is_dir():
        pytest.skip(f"REAL DATA NOT CHECKED: {_real_dir()} is absent")
    return _real_dir()


@pytest.fixture(scope="session")
def flow_archive() -> Path:
    """Folder of the public MEGC2019 flow archive."""
    folder = Path(os.environ.get("MERLIB_FLOW_ARCHIVE", _real_dir() / "HTNet"))
    if not folder.is_dir():
        pytest.skip(f"REAL DATA NOT CHECKED: no flow archive at {folder}; set MERLIB_FLOW_ARCHIVE")
    return folder


@pytest.fixture(scope="session")
def phase_archive() -> Path:
    """Folder of the second public archive of MEGC2019 maps, in two phases."""
    folder = Path(os.environ.get("MERLIB_PHASE_ARCHIVE", _real_dir() / "CausalNet"))
    if not folder.is_dir():
        pytest.skip(f"REAL DATA NOT CHECKED: no phase archive at {folder}; set MERLIB_PHASE_ARCHIVE")
    return folder


@pytest.fixture(scope="session")
def mesh_weights() -> None:
    """The two files of the mesh backend are on this machine."""
    from merlib.errors import MerlibError
    from merlib.sources.weights import fetch_weights

    try:
        fetch_weights("blazeface-short-range")
        fetch_weights("face-mesh")
    except MerlibError as error:
        pytest.skip(f"FACES NOT CHECKED: {error.found}")
