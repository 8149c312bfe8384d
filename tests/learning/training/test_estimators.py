"""Fitting of estimators: training rows only, seeded, mirrored copies of training rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.inputs.preprocessing import preprocessing
from merlib.learning.folds import Fold, make_folds
from merlib.learning.training import estimators as fitting
from merlib.learning.training.augmentation import mirror
from merlib.learning.training.estimators import fit_fold
from merlib.models import build_model


def linear(**changes):
    return make_experiment("linear", augmentation=(), **changes)


def test_an_outlier_in_the_test_fold_changes_no_other_score(samples):
    fold = make_folds("groupkfold:2", samples)[0]
    before = fit_fold(linear(), samples, fold, 0).scores
    samples.inputs["flow"][fold.test[0]] = 1e6
    after = fit_fold(linear(), samples, fold, 0).scores
    assert np.array_equal(before[1:], after[1:])
    assert not np.array_equal(before[0], after[0])


def test_mirrored_copies_of_training_rows_and_only_those_are_added(samples, monkeypatch):
    seen = {}

    class Spy:
        classes_ = np.arange(3)

        def get_params(self):
            return {}

        def set_params(self, **_):
            return self

        def fit(self, x, y):
            seen.update(x=x, y=y)

        def predict_proba(self, x):
            seen["test"] = x
            return np.full((len(x), 3), 1 / 3)

    monkeypatch.setattr(fitting, "build_model", lambda *a, **k: Spy())
    fold = make_folds("groupkfold:2", samples)[0]
    fit_fold(make_experiment("linear", augmentation=("mirrored_copies",)), samples, fold, 0)
    rows, labels = samples.inputs["flow"][fold.train], samples.labels[fold.train]
    assert np.array_equal(seen["x"], np.concatenate([rows, mirror(rows, "minmax255")]))
    assert np.array_equal(seen["y"], np.concatenate([labels, labels]))
    assert np.array_equal(seen["test"], samples.inputs["flow"][fold.test])


def test_an_estimator_that_reads_several_inputs_gets_them_by_name_with_whose_face_each_row_shows(samples, monkeypatch):
    seen = []

    class Reader:
        input_names = ("phases", "person")
        classes_ = np.arange(3)

        def get_params(self):
            return {}

        def set_params(self, **_):
            return self

        def fit(self, x, y):
            seen.append(x)

        def predict_proba(self, x):
            seen.append(x)
            return np.full((len(x["person"]), 3), 1 / 3)

    monkeypatch.setattr(fitting, "build_model", lambda *a, **k: Reader())
    fold = make_folds("groupkfold:2", samples)[0]
    with pytest.raises(MerlibError, match="phases"):
        fit_fold(linear(), samples, fold, 0)
    more = samples.with_inputs({**samples.inputs, "phases": samples.inputs["flow"][:, None]})
    fit_fold(linear(), more, fold, 0)
    for x, rows in zip(seen, (fold.train, fold.test), strict=True):
        assert set(x) == {"phases", "person"}
        assert np.array_equal(x["phases"], more.inputs["phases"][rows])
        assert np.array_equal(x["person"], more.groups[rows])


def test_a_class_absent_from_the_training_fold_scores_zero(samples):
    fold = Fold("two classes", np.flatnonzero(samples.labels != 1), np.flatnonzero(samples.labels == 1))
    scores = fit_fold(linear(), samples, fold, 0).scores
    assert (scores[:, 1] == 0).all()
    np.testing.assert_allclose(scores.sum(1), 1)


def test_an_estimator_deep_in_a_pipeline_is_seeded(samples):
    fold = make_folds("groupkfold:2", samples)[0]
    experiment = make_experiment("forest", augmentation=())
    first, second, other = (fit_fold(experiment, samples, fold, seed).scores for seed in (0, 0, 1))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_augmentation_of_networks_is_refused(samples):
    fold = make_folds("groupkfold:2", samples)[0]
    with pytest.raises(MerlibError, match=r"unknown augmentation of an estimator 'flip'(.|\n)*mirrored_copies"):
        fit_fold(make_experiment("linear", augmentation=("flip",)), samples, fold, 0)


def test_an_estimator_gets_the_input_it_names(samples):
    frames = np.random.default_rng(0).random((len(samples), 9, 3, 8, 8)).astype(np.float32)
    both = samples.with_inputs({**samples.inputs, "frames": frames})
    fold = make_folds("groupkfold:2", samples)[0]
    result = fit_fold(make_experiment("lbp_sip", augmentation=()), both, fold, 0)
    features = build_model("lbp_sip")[0].transform(frames)
    expected = build_model("lbp_sip")[1].fit(features[fold.train], samples.labels[fold.train])
    np.testing.assert_allclose(result.scores, expected.predict_proba(features[fold.test]))


def test_samples_without_the_named_input_are_refused_with_the_way_to_compute_it(samples):
    fold = make_folds("groupkfold:2", samples)[0]
    with pytest.raises(MerlibError, match="'step_flows'") as caught:
        fit_fold(make_experiment("hoof", augmentation=()), samples, fold, 0)
    assert preprocessing("step_flows").feature in caught.value.action


def test_pictures_have_no_mirrored_copies_for_an_estimator(samples):
    frames = np.zeros((len(samples), 9, 3, 8, 8), np.float32)
    fold = make_folds("groupkfold:2", samples)[0]
    with pytest.raises(MerlibError, match="mirrored"):
        fit_fold(
            make_experiment("lbp_sip", augmentation=("mirrored_copies",)),
            samples.with_inputs({"frames": frames}),
            fold,
            0,
        )


def test_people_and_their_mirrored_copies_stay_on_one_side_of_an_inner_fold(monkeypatch):
    samples = make_samples(people=12)
    fold, seen = make_folds("groupkfold:2", samples)[0], []
    split = GroupKFold.split

    def spy(self, X, y=None, groups=None):
        for train, test in split(self, X, y, groups):
            seen.append((set(groups[train]), set(groups[test]), len(train) + len(test)))
            yield train, test

    monkeypatch.setattr(GroupKFold, "split", spy)
    nested = make_experiment("linear", augmentation=("mirrored_copies",), options={"C": [0.001, 1.0]})
    result = fit_fold(nested, samples, fold, 0)
    assert len(seen) == 5
    for train, test, rows in seen:
        assert not train & test
        assert rows == 2 * len(fold.train)  # outer test rows take no part
    assert result.chosen["C"] in (0.001, 1.0)
    one = fit_fold(
        make_experiment("linear", augmentation=("mirrored_copies",), options=result.chosen), samples, fold, 0
    )
    assert np.array_equal(one.scores, result.scores)
    assert one.chosen == {}
