"""Small SYNTHETIC samples and experiments, made on the spot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from merlib.clips.samples import Samples
from merlib.learning import Experiment, Recipe

RECIPE = Recipe(name="toy", learning_rate=1e-2, epochs=3, batch_size=4, augmentation=("flip", "jitter"))


def make_samples(people=4, each=3, size=6, seed=0, names=("flow",), **fields) -> Samples:
    """Return `people` x `each` rows of random maps (3, size, size) with labels 0, 1, 2, 0, ..."""
    random = np.random.default_rng(seed)
    n = people * each
    columns = {
        "inputs": {name: random.uniform(0, 255, (n, 3, size, size)).astype(np.float32) for name in names},
        "labels": np.arange(n) % 3,
        "classes": ("negative", "positive", "surprise"),
        "subjects": [f"s{i // each:02d}" for i in range(n)],
        "datasets": ["toy"] * n,
        "clips": [f"c{i:02d}" for i in range(n)],
        "name": "toy",
        "synthetic": True,
    }
    return Samples(**{**columns, **fields})


def make_experiment(model="toy_net", protocol="groupkfold:2", seeds=(0,), options=None, label="", **changes):
    """Return a small experiment; `changes` are fields of its recipe."""
    return Experiment(model, replace(RECIPE, **changes), protocol, seeds, options or {}, label)
