"""The support vector machines that the hand-crafted methods are published with: LIBSVM, one against one, by vote.

No method of this folder is published with class weights, so none are used here. Rare classes are therefore recognised
less often than by networks whose losses weight them; say so where such a row stands beside theirs.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax
from sklearn.svm import SVC


class VotingSVC(SVC):
    """scikit-learn's `SVC` (LIBSVM) whose `predict_proba` orders the classes exactly as its votes do.

    Platt scaling would need an inner cross-validation and can name another class than the vote. Scores here are the
    softmax of the votes, of which ties are broken by the margins (``decision_function_shape="ovr"``). They rank the
    classes of one clip and are no calibrated probabilities.
    """

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return a score for each class, (N, classes), each row summing to 1."""
        votes = self.decision_function(X)
        if votes.ndim == 1:  # for two classes LIBSVM returns a single margin
            votes = np.stack([-votes, votes], axis=1) / 2
        return softmax(votes, axis=1)


def linear_svm(C: float) -> VotingSVC:
    """Return a linear machine with penalty `C`."""
    return VotingSVC(kernel="linear", C=C, break_ties=True)


def rbf_svm(C: float) -> VotingSVC:
    """Return a machine with a Gaussian kernel, its width by scikit-learn's ``gamma="scale"``, and penalty `C`."""
    return VotingSVC(kernel="rbf", C=C, gamma="scale", break_ties=True)
