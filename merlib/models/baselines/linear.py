"""The humble baseline: a straight line through the pixels, which every comparison table must carry.

Standardised pixels and balanced logistic regression, as a scikit-learn pipeline. Mirrored copies are added by the
recipe, not here. Nobody may call a network better without a paired test against it.

Where C = .001 comes from: a first exploration of the same 442 maps, before the analysis plan. How it was found there
was not recorded, so test people may have had a say in it. `C` as a list chooses anew inside each training fold, by
inner folds that keep people apart; the planned run ``linear-10-nested`` shows which value that takes and what it earns.
"""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

INNER_FOLDS = 5


def _flatten(x):
    return x.reshape(len(x), -1)


def linear_on_pixels(
    classes: int = 3, C: float | Sequence[float] = 0.001, max_iter: int = 2000
) -> Pipeline | GridSearchCV:
    """Build the pipeline; `fit(X, y)` takes X (N, 3, 28, 28) or (N, D) and integer labels.

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the estimator learns its classes from the labels.
    C : float or sequence of float
        Inverse strength of the L2 penalty. Of several, the one with the highest mean UF1 over `INNER_FOLDS` folds of
        the training rows is taken; `fit` then needs ``groups``, the people, who stay on one side of a fold.
    max_iter : int
        Iterations of the solver.
    """
    several = [C] if isinstance(C, (int, float)) else [float(value) for value in C]
    line = make_pipeline(
        FunctionTransformer(_flatten),
        StandardScaler(),
        LogisticRegression(C=several[0], class_weight="balanced", max_iter=max_iter),
    )
    if isinstance(C, (int, float)):
        return line
    grid = {"logisticregression__C": several}
    return GridSearchCV(line, grid, scoring="f1_macro", cv=GroupKFold(INNER_FOLDS))
