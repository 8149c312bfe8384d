"""Learning curves: one row an epoch, of training rows."""

from __future__ import annotations

import pandas as pd
import pytest
from toy_samples import make_experiment

from merlib.errors import MerlibError
from merlib.learning import learning_curves, run


def test_one_row_an_epoch_of_every_seed_and_fold(samples, tmp_path):
    predictions = run(make_experiment(seeds=(0, 3), epochs=4), samples, store=tmp_path, workers=1)
    curves = learning_curves(predictions)
    assert list(curves.columns) == ["seed", "fold", "epoch", "loss", "accuracy"]
    assert len(curves) == 2 * 2 * 4
    for _, part in curves.groupby(["seed", "fold"]):
        assert part["epoch"].tolist() == [1, 2, 3, 4]
    assert set(curves["seed"]) == {0, 3}
    assert curves["accuracy"].between(0, 1).all()


def test_an_estimator_has_no_curves(samples, tmp_path):
    predictions = run(make_experiment("linear", augmentation=()), samples, store=tmp_path, workers=1)
    with pytest.raises(MerlibError, match="predictions without curves"):
        learning_curves(predictions)
    with pytest.raises(MerlibError, match="predictions without curves"):
        learning_curves(pd.DataFrame())
