"""The twin is the same data on every processor, although its last bits are not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings

import pytest

from merlib.datasets import open_samples

DIGESTS = """
from merlib.clips.puzzle import with_puzzle
from merlib.datasets import open_samples
maps = open_samples("megc2019-flow", {})
print(maps.digest, with_puzzle(maps).digest, open_samples("smic", {}).digest)
"""
PROCESSORS = [
    {"OPENBLAS_CORETYPE": "Haswell"},
    {"OPENBLAS_CORETYPE": "Zen"},
    {"OPENBLAS_CORETYPE": "SkylakeX"},
    {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3"},
    {"NUMBA_CPU_NAME": "generic"},
]


def digests(**environment: str) -> str | None:
    """Return what is printed under these kernels, or None where this processor cannot run them."""
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    if done.returncode == -signal.SIGILL:
        warnings.warn(f"NOT CHECKED, this processor cannot run it: {environment}", stacklevel=2)
        return None
    done.check_returncode()
    return done.stdout


@pytest.mark.slow
def test_digests_do_not_depend_on_the_kernels_of_a_processor():
    found = list(filter(None, [digests(**environment) for environment in PROCESSORS]))
    assert len(found) >= 4  # only the kernels for vectors of 512 bits are beyond some processors
    assert len(set(found)) == 1


@pytest.mark.long
def test_another_seed_or_unit_is_another_twin():
    from merlib.datasets.twin import twin_samples

    base = open_samples("smic", {}).digest
    assert base == twin_samples("smic").digest
    assert len({base, twin_samples("smic", seed=1).digest, twin_samples("smic", unit="px").digest}) == 3
