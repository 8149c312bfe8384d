from __future__ import annotations

import pytest

from merlib.errors import MerlibError
from merlib.sources.weights import find_weights


@pytest.fixture(scope="session")
def mesh_weights():
    """The two small files that find faces; a machine without them, and without a way to fetch them, skips loudly."""
    try:
        find_weights("blazeface-short-range")
        find_weights("face-mesh")
    except MerlibError as error:
        pytest.skip(f"no face weights: {error.found}")
