"""Humble classifiers on raw pixels, which a network has to beat before it may be called good.

There are four: the most frequent class, a support vector machine with a radial kernel, randomised trees, and the mean
of the probabilities of the last two and of the logistic regression on pixels (`linear`). Mirrored copies are added by
the recipe, as for that regression. The parameters are scikit-learn's defaults except for balanced classes and five
hundred trees; none was chosen by looking at a result.
"""

from __future__ import annotations

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, VotingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from merlib.models.baselines.linear import _flatten, linear_on_pixels

TREES = 500


def majority_class(classes: int = 3) -> DummyClassifier:
    """Build the classifier that always answers with the training fold's most frequent class."""
    return DummyClassifier(strategy="most_frequent")


def rbf_svm_on_pixels(classes: int = 3, C: float = 1.0) -> Pipeline:
    """Build a support vector machine on standardised pixels; `fit(X, y)` takes X (N, 3, 28, 28) or (N, D).

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the estimator learns its classes from the labels.
    C : float
        Inverse strength of the penalty; the kernel's width is scikit-learn's default.
    """
    return make_pipeline(FunctionTransformer(_flatten), StandardScaler(), _SoftSVC(C=C, class_weight="balanced"))


class _SoftSVC(SVC):
    """A support vector machine whose probabilities are the softmax of its one-against-rest decisions, uncalibrated."""

    def predict_proba(self, X):
        """Return positive shares (N, classes) that sum to one and rank classes as the decisions do."""
        decisions = self.decision_function(X)
        if decisions.ndim == 1:  # two classes
            decisions = np.stack([-decisions, decisions], axis=1)
        shares = np.exp(decisions - decisions.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)


def extra_trees_on_pixels(classes: int = 3, random_state: int | None = None) -> Pipeline:
    """Build randomised trees on pixels; `random_state` is set by the engine from seed and fold."""
    trees = ExtraTreesClassifier(TREES, class_weight="balanced", random_state=random_state)
    return make_pipeline(FunctionTransformer(_flatten), trees)


def mean_of_humble(classes: int = 3, random_state: int | None = None) -> VotingClassifier:
    """Build the mean of the probabilities of the logistic regression, the support vector machine and the trees."""
    return VotingClassifier(
        [
            ("linear", linear_on_pixels(classes)),
            ("rbf_svm", rbf_svm_on_pixels(classes)),
            ("extra_trees", extra_trees_on_pixels(classes, random_state)),
        ],
        voting="soft",
    )
