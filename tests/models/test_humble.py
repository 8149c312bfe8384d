"""Humble classifiers: they learn what is easy, and their mean is the mean."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.models import build_model


@pytest.fixture(scope="module")
def rows():
    random, labels = np.random.default_rng(0), np.repeat([0, 1, 2], [20, 12, 8])
    maps = random.normal(size=(40, 3, 28, 28)).astype(np.float32)
    for clip, label in zip(maps, labels, strict=True):
        clip[1, 9 * label : 9 * label + 8] += 4
    return maps, labels


def test_majority_answers_with_the_most_frequent_class_of_the_training_fold(rows):
    x, y = rows
    model = build_model("majority").fit(x, y)
    np.testing.assert_array_equal(model.predict_proba(x[:2]), [[1, 0, 0]] * 2)


@pytest.mark.long
@pytest.mark.parametrize("name", ["rbf_svm", "extra_trees", "humble_mean"])
def test_each_learns_and_gives_shares_that_rank_as_it_decides(name, rows):
    x, y = rows
    model = build_model(name).fit(x[::2], y[::2])
    assert (model.predict(x[1::2]) == y[1::2]).mean() > 0.8
    shares = model.predict_proba(x[1::2])
    np.testing.assert_allclose(shares.sum(1), 1)
    if name == "rbf_svm":
        np.testing.assert_array_equal(shares.argmax(1), model.predict(x[1::2]))


def test_two_classes_have_two_shares_in_the_machine_s_order(rows):
    x, y = rows[0][rows[1] < 2], rows[1][rows[1] < 2]
    model = build_model("rbf_svm").fit(x, y)
    np.testing.assert_array_equal(model.predict_proba(x).argmax(1), model.predict(x))


@pytest.mark.long
def test_the_mean_is_that_of_its_three_members_and_seeds_decide_it(rows):
    x, y = rows

    def fitted(seed):
        model = build_model("humble_mean")
        names = [name for name in model.get_params() if name.split("__")[-1] == "random_state"]
        return model.set_params(**dict.fromkeys(names, seed)).fit(x[::2], y[::2])

    model = fitted(0)
    members = [member.predict_proba(x[1::2]) for member in model.estimators_]
    assert len(members) == 3
    np.testing.assert_allclose(model.predict_proba(x[1::2]), np.mean(members, axis=0))
    np.testing.assert_array_equal(model.predict_proba(x[1::2]), fitted(0).predict_proba(x[1::2]))
    assert not np.array_equal(model.predict_proba(x[1::2]), fitted(1).predict_proba(x[1::2]))
