"""Fit one scikit-learn estimator on one fold."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GridSearchCV

from merlib.clips.samples import Samples
from merlib.errors import MerlibError, unknown_name
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold
from merlib.learning.training.augmentation import kind_of, mirror
from merlib.learning.training.loop import FoldResult, fold_seed
from merlib.models import build_model


def fit_fold(experiment: Experiment, samples: Samples, fold: Fold, seed: int) -> FoldResult:
    """Fit the experiment's estimator on one input of one fold and score its test rows.

    A model names its inputs as networks do. An estimator with an `input_name` is given that input alone; one with
    `input_names` is given a dict of inputs, in which ``person`` is whose face each row shows (``dataset/subject``); one
    with neither is given ``flow`` (N, 3, H, W). With ``mirrored_copies`` the training rows of a flow come twice, once
    as they are and once mirrored with the sign of u changed. An estimator that chooses its parameters by inner folds is
    also given the people, so that no person, nor a mirrored copy of their clips, is on both sides of an inner fold.

    Raises
    ------
    MerlibError
        When the samples lack the input, or the recipe asks for augmentation that the input does not take.
    """
    estimator = build_model(experiment.model, classes=len(samples.classes), **experiment.options)
    chance = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    estimator.set_params(**dict.fromkeys(chance, fold_seed(seed, fold.name) % 2**32))
    x, y, people = _rows(estimator, samples, fold.train), samples.labels[fold.train], samples.groups[fold.train]
    for step in experiment.recipe.augmentation:
        if step != "mirrored_copies":
            raise unknown_name("augmentation of an estimator", step, ["mirrored_copies"])
        name = getattr(estimator, "input_name", "flow")
        if isinstance(x, dict) or kind_of(name, x.ndim) != "flow":
            found = f"{experiment.model}: mirrored copies of {', '.join(x) if isinstance(x, dict) else repr(name)}."
            raise MerlibError(found, "flow, of which the mirror image is known.", "take augmentation=().")
        x, y = np.concatenate([x, mirror(x, samples.unit)]), np.concatenate([y, y])
        people = np.concatenate([people, people])
    chosen = {}
    if isinstance(estimator, GridSearchCV):
        estimator.fit(x, y, groups=people)
        chosen = {name.split("__")[-1]: value for name, value in estimator.best_params_.items()}
    else:
        estimator.fit(x, y)
    scores = np.zeros((len(fold.test), len(samples.classes)))
    scores[:, estimator.classes_] = estimator.predict_proba(_rows(estimator, samples, fold.test))
    return FoldResult(scores, model=estimator, chosen=chosen)


def _rows(estimator, samples: Samples, rows: np.ndarray) -> np.ndarray | dict[str, np.ndarray]:
    """Return what the estimator sees of some rows: one array, or a dict of them."""
    several = getattr(estimator, "input_names", None)
    names = several or (getattr(estimator, "input_name", "flow"),)
    for name in names:
        if name != "person" and name not in samples.inputs:
            found = f"{type(estimator).__name__}: samples {samples.name} with {', '.join(samples.inputs)}."
            raise MerlibError(found, f"the input {name!r}.", f"compute it from clips: preprocessing({name!r}).")
    found = {name: samples.groups[rows] if name == "person" else np.array(samples.inputs[name][rows]) for name in names}
    return found if several else found[names[0]]
