"""Fit one scikit-learn estimator on one fold."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GridSearchCV

from merlib.clips.samples import Samples
from merlib.errors import unknown_name
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold
from merlib.learning.training.augmentation import mirror
from merlib.learning.training.loop import FoldResult, fold_seed
from merlib.models import build_model


def fit_fold(experiment: Experiment, samples: Samples, fold: Fold, seed: int) -> FoldResult:
    """Fit the experiment's estimator on the flow maps of one fold and score its test rows.

    The estimator sees ``flow`` (N, 3, H, W); with ``mirrored_copies`` the training rows come twice, once as
    they are and once mirrored with the sign of u turned. One that chooses its parameters by inner folds is told the
    people, so that nobody, nor a mirrored copy of their clips, sits on both sides of an inner fold.
    """
    estimator = build_model(experiment.model, classes=len(samples.classes), **experiment.options)
    chance = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    estimator.set_params(**dict.fromkeys(chance, fold_seed(seed, fold.name) % 2**32))
    flow = samples.inputs["flow"]
    x, y, people = np.array(flow[fold.train]), samples.labels[fold.train], samples.groups[fold.train]
    for step in experiment.recipe.augmentation:
        if step != "mirrored_copies":
            raise unknown_name("augmentation of an estimator", step, ["mirrored_copies"])
        x, y = np.concatenate([x, mirror(x, samples.unit)]), np.concatenate([y, y])
        people = np.concatenate([people, people])
    chosen = {}
    if isinstance(estimator, GridSearchCV):
        estimator.fit(x, y, groups=people)
        chosen = {name.split("__")[-1]: value for name, value in estimator.best_params_.items()}
    else:
        estimator.fit(x, y)
    scores = np.zeros((len(fold.test), len(samples.classes)))
    scores[:, estimator.classes_] = estimator.predict_proba(np.array(flow[fold.test]))
    return FoldResult(scores, model=estimator, chosen=chosen)
