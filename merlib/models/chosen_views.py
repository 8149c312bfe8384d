"""A relative of the champion in which nothing is frozen: the views are chosen using the training people alone.

There are thirty-six variants: the onset-apex map of either public archive, with a surface of degree 0, 1 or 2 removed,
blurred by .7 pixels or not, with three weightings of u, v and strain. The training people of each data set are dealt
into inner folds, and a variant is judged by its UF1 over the pooled inner predictions. With `single` the best variant
is used. Otherwise variants are picked one after the other, with replacement: each time the one whose scores, added to
those picked so far, give the best inner UF1. Of up to twelve picks, the first ones that together gave the highest inner
UF1 are kept. With `other_sets` the choice for a test clip is made on the people of the *other* data sets alone; the
chosen variants are then fitted on all training people.

Kernels compare clips as they are, without mirror images; all else is as in `merlib.models.champion`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from merlib.models.blocks.clip_pairs import ClipPairs
from merlib.models.blocks.flow_views import WEIGHTS, blurred, cleaned
from merlib.models.blocks.kernel_ridge import CONSTANT, gaussian_kernel, ridge_weights, typical_distance

BLURS = (0.0, 0.7)
DEGREES = (0, 1, 2)
WEIGHTINGS = ((1.0, 1.0, 1.0), (1.0, 2.0, 1.0), WEIGHTS)


@lru_cache(maxsize=1)
def known_pairs() -> ClipPairs:
    """Return the distances computed so far in this process; each channel of each archive, degree and blur is a view."""
    return ClipPairs(_channels)


def _channels(archives: np.ndarray) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    views = [
        channel
        for maps in archives
        for degree in DEGREES
        for sigma in BLURS
        for channel in blurred(cleaned(maps, degree), sigma)
    ]
    return tuple(views), ()


class ChosenViews(ClassifierMixin, BaseEstimator):
    """Choose variants inside the training people, then fit them on all of these.

    Parameters
    ----------
    classes : int
        Accepted for symmetry with the networks; the classes are learnt from the labels.
    single : bool
        Use the best single variant in place of up to `picks` greedy picks.
    other_sets : bool
        Choose for the test clips of one data set on the people of the others alone.
    picks, inner_folds : int
        The largest number of greedy picks, and the number of folds that the training people are dealt into.
    random_state : int, optional
        Seed of the dealing.
    """

    input_names = ("flow", "phases", "person")

    def __init__(
        self,
        classes: int = 3,
        single: bool = False,
        other_sets: bool = False,
        picks: int = 12,
        inner_folds: int = 5,
        random_state: int | None = None,
    ) -> None:
        self.classes = classes
        self.single = single
        self.other_sets = other_sets
        self.picks = picks
        self.inner_folds = inner_folds
        self.random_state = random_state

    def fit(self, X: Mapping[str, np.ndarray], y: np.ndarray) -> ChosenViews:
        """Choose and fit.

        Parameters
        ----------
        X : mapping
            ``flow`` (N, 3, H, W) of the first archive, ``phases`` (N, 2, 3, H, W) of the second, both in 0..255, and
            ``person`` (N,), texts of the form ``dataset/subject``.
        y : int array (N,)
            The labels.
        """
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.train_, self.labels_ = _archives(X), labels
        self.sets_ = _sets(X["person"])
        self.people_ = np.asarray(X["person"])
        self.chosen_: dict[str, tuple[int, ...]] = {}
        if not self.other_sets:
            self.chosen_[""] = self._choose(np.arange(len(labels)))
        return self

    def predict_proba(self, X: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the softmax of the summed scores, (N, classes): it ranks classes as they do."""
        check_is_fitted(self)
        sets = _sets(X["person"]) if self.other_sets else np.full(len(X["person"]), "")
        both = known_pairs().rows(np.concatenate([self.train_, _archives(X)]))
        train, test = both[: len(self.train_)], both[len(self.train_) :]
        scores = np.zeros((len(test), len(self.classes_)))
        for name in np.unique(sets):
            if name not in self.chosen_:
                self.chosen_[name] = self._choose(np.flatnonzero(self.sets_ != name))
            rows = np.flatnonzero(sets == name)
            for variant in self.chosen_[name]:
                scores[rows] += _scores(_distances(variant), train, test[rows], self.labels_, len(self.classes_))
        return softmax(scores, axis=1)

    def predict(self, X: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the class with the largest score, (N,)."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]

    def _choose(self, rows: np.ndarray) -> tuple[int, ...]:
        """Return the variants chosen on the training rows `rows`; nothing else of the training data is looked at."""
        labels, clips = self.labels_[rows], known_pairs().rows(self.train_[rows])
        dealt = deal_people(self.people_[rows], self.inner_folds, np.random.default_rng(self.random_state))
        inner = np.zeros((variants(), len(rows), len(self.classes_)))
        for variant in range(len(inner)):
            distances = _distances(variant)
            for fold in np.unique(dealt):
                out = dealt == fold
                inner[variant, out] = _scores(distances, clips[~out], clips[out], labels[~out], len(self.classes_))
        worth = partial(_uf1, labels, len(self.classes_))
        return greedy_picks(inner, worth, 1 if self.single else self.picks)


def greedy_picks(scores: np.ndarray, worth, picks: int) -> tuple[int, ...]:
    """Return the variants whose summed scores are worth most, picked one after the other with replacement.

    Parameters
    ----------
    scores : array (variants, N, classes)
        Scores of each variant.
    worth : callable
        Takes summed scores (N, classes) and returns how good they are, a float.
    picks : int
        How many picks are made. The first k of them are returned, with the k that was worth most.
    """
    total, chosen, worths = np.zeros(scores.shape[1:]), [], []
    for _ in range(picks):
        gains = [worth(total + each) for each in scores]
        chosen.append(int(np.argmax(gains)))
        worths.append(max(gains))
        total = total + scores[chosen[-1]]
    return tuple(chosen[: int(np.argmax(worths)) + 1])


def deal_people(people: np.ndarray, folds: int, random: np.random.Generator) -> np.ndarray:
    """Return the fold of each row, int (N,): the people of each data set are shuffled and dealt to folds in turn."""
    fold = np.zeros(len(people), int)
    for name in np.unique(_sets(people)):
        members = np.unique(people[_sets(people) == name])
        for turn, person in enumerate(random.permutation(members)):
            fold[people == person] = turn % folds
    return fold


def variants() -> int:
    """Return how many variants are on offer."""
    return 2 * len(DEGREES) * len(BLURS) * len(WEIGHTINGS)


def _distances(variant: int) -> np.ndarray:
    view, weighting = divmod(variant, len(WEIGHTINGS))
    channels = known_pairs().straight[3 * view : 3 * view + 3]
    return np.tensordot(WEIGHTINGS[weighting], channels, 1)


def _scores(distances: np.ndarray, train: np.ndarray, test: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    among = distances[np.ix_(train, train)]
    width = typical_distance(among)
    weights = ridge_weights(gaussian_kernel(among, width) + CONSTANT, labels, classes)
    return (gaussian_kernel(distances[np.ix_(test, train)], width) + CONSTANT) @ weights


def _uf1(labels: np.ndarray, classes: int, scores: np.ndarray) -> float:
    table = np.bincount(classes * labels + scores.argmax(1), minlength=classes**2).reshape(classes, classes)
    return float(np.mean(2 * table.diagonal() / np.maximum(table.sum(0) + table.sum(1), 1)))


def _archives(X: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.stack([X["flow"], X["phases"][:, 0]], axis=1).astype(np.float32)  # (N, archives, 3, H, W)


def _sets(people: np.ndarray) -> np.ndarray:
    return np.array([person.split("/")[0] for person in people])
