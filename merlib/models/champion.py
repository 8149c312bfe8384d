"""The champion: the best method without a network that was found on the public maps.

It compares clips by twelve views of their flow (`blocks.flow_views`), all with the head's motion removed. For each view
there is a Gaussian kernel between clips: half of it compares the clips as they are, half compares one clip with the
mirror image of the other. Ridge regression with balanced classes runs on each kernel. The twelve scores are added, and
the class with the largest sum is the answer.

The recipe is frozen: nothing in it is fitted but the ridge regression and the width of each kernel, on the training
clips. About 340 variants had been looked at on the same 442 clips before it was frozen, so its own figure is
optimistic in a way that no cross-validation of it can undo; `merlib.models.chosen_views` chooses inside the training
people, and its figures are the ones that may be claimed.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from merlib.models.blocks.clip_pairs import ClipPairs
from merlib.models.blocks.flow_views import cleaned, mirrored, twelve_views
from merlib.models.blocks.kernel_ridge import CONSTANT, gaussian_kernel, ridge_weights, typical_distance


@lru_cache(maxsize=1)
def known_pairs() -> ClipPairs:
    """Return the distances that this process has computed so far."""
    return ClipPairs(_views)


def _views(maps: np.ndarray) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    clean = [cleaned(maps, degree) for degree in (0, 1, 2)]
    return twelve_views(*clean), twelve_views(*map(mirrored, clean))


class Champion(ClassifierMixin, BaseEstimator):
    """The frozen recipe as a scikit-learn classifier.

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the classes are learnt from the labels.
    mirror : bool
        Whether kernels also compare a clip with the mirror image of the other.
    """

    def __init__(self, classes: int = 3, mirror: bool = True) -> None:
        self.classes = classes
        self.mirror = mirror

    def fit(self, X: np.ndarray, y: np.ndarray) -> Champion:
        """Fit on maps X (N, 3, H, W), channels u, v, strain in 0..255, and integer labels (N,)."""
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.train_ = np.array(X)
        rows = self._rows(X)
        pairs = known_pairs()
        self.widths_ = [typical_distance(each[np.ix_(rows, rows)]) for each in pairs.straight]
        self.coefficients_ = [
            ridge_weights(self._kernel(view, rows, rows), labels, len(self.classes_))
            for view in range(len(self.widths_))
        ]
        return self

    def _rows(self, X: np.ndarray) -> np.ndarray:
        return known_pairs().rows(np.asarray(X, np.float32))

    def _kernel(self, view: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        pairs, width = known_pairs(), self.widths_[view]
        kernel = gaussian_kernel(pairs.straight[view][np.ix_(a, b)], width)
        if self.mirror:
            there = gaussian_kernel(pairs.across[view][np.ix_(a, b)], width)
            back = gaussian_kernel(pairs.across[view][np.ix_(b, a)], width).T
            kernel = 0.5 * kernel + 0.25 * (there + back)
        return kernel + CONSTANT

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Return the summed scores (N, classes) of the twelve views."""
        check_is_fitted(self)
        both = self._rows(np.concatenate([self.train_, X]))  # together: they are remembered together
        train, rows = both[: len(self.train_)], both[len(self.train_) :]
        return sum(self._kernel(view, rows, train) @ each for view, each in enumerate(self.coefficients_))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the softmax of the scores, (N, classes); it ranks the classes as the scores do, uncalibrated."""
        return softmax(self.decision_function(X), axis=1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the class with the largest score, (N,)."""
        scores = self.decision_function(X)
        return self.classes_[scores.argmax(axis=1)]
