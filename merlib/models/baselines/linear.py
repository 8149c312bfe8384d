"""The linear baseline that every comparison table must carry: balanced logistic regression on standardised pixels.

It is a scikit-learn pipeline. Mirrored copies are added by the recipe, not here. No network may be called better
without a paired test against this baseline.

The default C = .001 comes from a first exploration of the same 442 maps, made before the analysis plan. How it was
found was not recorded, so test people may have influenced it. With a list of values, `C` is chosen anew inside each
training fold, by inner folds that keep people apart; the planned run ``linear-10-nested`` shows which value is chosen
that way and what UF1 it reaches.
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
