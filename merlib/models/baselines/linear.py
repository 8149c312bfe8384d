"""The humble baseline: a straight line through the pixels, which every comparison table must carry.

Standardised pixels and balanced logistic regression with C = .001, as a scikit-learn pipeline. Mirrored
copies are added by the recipe, not here. Nobody may call a network better without a paired test against it.
"""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler


def _flatten(x):
    return x.reshape(len(x), -1)


def linear_on_pixels(classes: int = 3, C: float = 0.001, max_iter: int = 2000) -> Pipeline:
    """Build the pipeline; `fit(X, y)` takes X (N, 3, 28, 28) or (N, D) and integer labels.

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the estimator learns its classes from the labels.
    C : float
        Inverse strength of the L2 penalty.
    max_iter : int
        Iterations of the solver.
    """
    return make_pipeline(
        FunctionTransformer(_flatten),
        StandardScaler(),
        LogisticRegression(C=C, class_weight="balanced", max_iter=max_iter),
    )
