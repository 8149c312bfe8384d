"""Small samples, and predictions on them with known errors and full provenance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from merlib.clips import Samples
from merlib.learning import Experiment, get_recipe
from merlib.learning.store.provenance import provenance
from merlib.publishing.planned.plan import PlannedState, planned_runs


def make_samples(synthetic: bool = True, name: str = "megc2019-flow", n: int = 24) -> Samples:
    random = np.random.default_rng(0)
    labels = np.arange(n) % 3
    return Samples(
        {"flow": (255 * random.random((n, 3, 28, 28))).astype(np.float32)},
        labels,
        ("negative", "positive", "surprise"),
        [f"s{i // 3:02d}" for i in range(n)],
        ["casme2" if i < n // 2 else "smic" for i in range(n)],
        [f"c{i:03d}" for i in range(n)],
        name=name,
        synthetic=synthetic,
    )


def make_predictions(samples: Samples, wrong: int = 0, label: str = "model") -> pd.DataFrame:
    """Predictions that miss the first `wrong` clips, with the provenance that learning.run attaches."""
    prediction = samples.labels.copy()
    prediction[:wrong] = (prediction[:wrong] + 1) % 3
    frame = pd.DataFrame(
        {
            "experiment": label,
            "seed": 0,
            "fold": "fold00",
            "dataset": samples.datasets,
            "subject": samples.subjects,
            "clip": samples.clips,
            "label": samples.labels,
            "prediction": prediction,
        }
    )
    experiment = Experiment("linear", get_recipe("linear"), "groupkfold:2", label=label)
    entry = {
        "seed": 0,
        "fold": "fold00",
        "curves": {},
        "seconds": 1.0,
        "processor": "test",
        "device": "cpu",
        "torch": "0",
    }
    frame.attrs = {**provenance(experiment, samples, "source", [entry]), "origin": "test"}
    return frame


def plan_as_if_committed(wrong, without=(), code=()):
    """The whole plan as if committed: `wrong` answers by run, 0 else; runs in `without` are absent, in `code` newer."""
    samples, committed = make_samples(synthetic=False), {}
    for name, planned in planned_runs().items():
        experiment = planned.experiment
        one = make_predictions(samples, wrong.get(name, 0))
        frame = pd.concat([one.assign(seed=seed) for seed in experiment.seeds], ignore_index=True)
        its = {"experiment": experiment.to_dict(), "experiment_digest": experiment.digest}
        frame.attrs = {**one.attrs, **its, "source_digest": "newer" if name in code else "older"}
        absent = name in without
        committed[name] = PlannedState(experiment, None if absent else frame, experiment.seeds if absent else ())
    return committed
