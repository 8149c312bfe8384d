"""A process that trains twenty-four folds on two workers; started, killed and started again by test_random_kills.py."""

from __future__ import annotations

import sys
from pathlib import Path

from toy_samples import make_experiment, make_samples

from merlib.learning import run

FOLDS = 24


def experiment():
    return make_experiment("ststnet", "groupkfold:6", (0, 1, 2, 3), epochs=12)


def samples():
    return make_samples(6, 8, size=28)


if __name__ == "__main__":
    print("started", flush=True)
    run(experiment(), samples(), store=Path(sys.argv[1]), workers=2)
