"""The twin is the same data on every processor, although its last bits are not."""

from __future__ import annotations

import os
import subprocess
import sys

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


def digests(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_digests_do_not_depend_on_the_kernels_of_a_processor():
    assert len({digests(**environment) for environment in PROCESSORS}) == 1


@pytest.mark.long
def test_another_seed_or_unit_is_another_twin():
    from merlib.datasets.twin import twin_samples

    base = open_samples("smic", {}).digest
    assert base == twin_samples("smic").digest
    assert len({base, twin_samples("smic", seed=1).digest, twin_samples("smic", unit="px").digest}) == 3
