"""Fit one scikit-learn estimator on one fold."""

from __future__ import annotations

import numpy as np

from merlib.clips.samples import Samples
from merlib.errors import MerlibError, unknown_name
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold
from merlib.learning.training.augmentation import mirror
from merlib.learning.training.loop import FoldResult, fold_seed
from merlib.models import build_model


def fit_fold(experiment: Experiment, samples: Samples, fold: Fold, seed: int) -> FoldResult:
    """Fit the experiment's estimator on the flow maps of one fold and score its test rows.

    The estimator sees ``flow`` (N, 3, H, W); with ``mirrored_copies`` the training rows come twice, once as
    they are and once mirrored with the sign of u turned. An estimator with an attribute ``reads`` sees a dict of the
    inputs named there instead; ``person`` stands for whose face each row shows (``dataset/subject``).
    """
    estimator = build_model(experiment.model, classes=len(samples.classes), **experiment.options)
    chance = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    estimator.set_params(**dict.fromkeys(chance, fold_seed(seed, fold.name) % 2**32))
    x, y = _rows(estimator, samples, fold.train), samples.labels[fold.train]
    for step in experiment.recipe.augmentation:
        if step != "mirrored_copies":
            raise unknown_name("augmentation of an estimator", step, ["mirrored_copies"])
        x, y = np.concatenate([x, mirror(x, samples.unit)]), np.concatenate([y, y])
    estimator.fit(x, y)
    scores = np.zeros((len(fold.test), len(samples.classes)))
    scores[:, estimator.classes_] = estimator.predict_proba(_rows(estimator, samples, fold.test))
    return FoldResult(scores, model=estimator)


def _rows(estimator, samples: Samples, rows: np.ndarray) -> np.ndarray | dict[str, np.ndarray]:
    reads = getattr(estimator, "reads", None)
    for name in reads or ("flow",):
        if name != "person" and name not in samples.inputs:
            raise MerlibError(
                f"samples {samples.name} with {', '.join(samples.inputs)}.",
                f"the input {name!r}, which {type(estimator).__name__} reads.",
                "hand over samples that hold it.",
            )
    if reads is None:
        return np.array(samples.inputs["flow"][rows])
    return {name: samples.groups[rows] if name == "person" else np.array(samples.inputs[name][rows]) for name in reads}
