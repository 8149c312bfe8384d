"""An estimator's input is checked as a network's is: missing, misshapen, or of one class, it is named."""

from __future__ import annotations

import numpy as np
import pytest
from toy_samples import make_samples

from merlib.errors import MerlibError
from merlib.learning import Experiment, get_recipe, run
from merlib.learning.estimator_input import check_estimator_input
from merlib.learning.folds import make_folds


def check(samples):
    for fold in make_folds("loso", samples):
        check_estimator_input("linear", samples, fold)


def test_sound_samples_pass():
    check(make_samples())


def test_samples_without_flow_are_named():
    with pytest.raises(MerlibError, match="puzzle"):
        check(make_samples(names=("puzzle",)))


def test_another_shape_is_named():
    with pytest.raises(MerlibError, match=r"\(12, 6, 6\)"):
        check(make_samples(inputs={"flow": np.full((12, 6, 6), 9.0)}))


def test_a_training_fold_of_one_class_names_fold_and_class(tmp_path):
    samples = make_samples(people=2, each=3, labels=np.repeat([0, 1], 3))
    linear = Experiment("linear", get_recipe("linear"), "loso")
    with pytest.raises(MerlibError, match=r"show a single class \((negative|positive)\)"):
        run(linear, samples, store=tmp_path, workers=1, references=False)


def test_the_line_takes_any_numbers_of_a_clip_and_what_reads_maps_does_not(tmp_path):
    values = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
    numbers = make_samples(inputs={"flow": values}, unit="px")
    check(numbers)
    with pytest.raises(MerlibError, match=r"champion: flow \(12, 5\)"):
        check_estimator_input("champion", numbers, make_folds("loso", numbers)[0])
