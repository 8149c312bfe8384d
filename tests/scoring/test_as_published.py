"""The papers' other averages, by hand and apart from the challenge's."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.scoring import uar, uf1
from merlib.scoring.as_published import (
    f1_without_factor_two,
    precision_called_uar,
    subject_mean_accuracy,
    subject_mean_f1,
)


def test_b9_mean_over_subjects_by_hand(six):
    # s1: truth 0 0 0, answers 0 0 1: accuracy 2/3, F1 of 0 is 4/5. s2: truth 1 1 2, answers 1 2 2: 2/3, F1 2/3, 2/3
    assert subject_mean_accuracy(six) == pytest.approx(2 / 3)
    assert subject_mean_f1(six) == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert subject_mean_f1(six, absent="zero") == pytest.approx((4 / 5 / 3 + (2 / 3 + 2 / 3) / 3) / 2)
    assert subject_mean_f1(six) != pytest.approx(uf1(six))


def test_b9_weighs_a_person_with_one_clip_as_much_as_one_with_nine(table):
    frame = table([("smic", "s1", 0, 0)] * 9 + [("smic", "s2", 0, 1)])
    assert subject_mean_accuracy(frame) == 0.5


def test_a1_without_the_factor_two_a_perfect_model_reaches_half(six, drawn):
    assert f1_without_factor_two(six.assign(prediction=six["label"])) == pytest.approx(0.5)
    assert f1_without_factor_two(drawn(0)) == pytest.approx(uf1(drawn(0)) / 2)


def test_x1_macro_precision_is_not_recall(six):
    assert precision_called_uar(six) == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert precision_called_uar(six) != pytest.approx(uar(six))


def test_each_average_is_the_mean_over_seeds(seeds, drawn):
    for average in (subject_mean_accuracy, subject_mean_f1, f1_without_factor_two, precision_called_uar):
        assert average(seeds(1, 2)) == pytest.approx(np.mean([average(drawn(1)), average(drawn(2))]))


def test_an_unknown_way_to_treat_absent_classes_is_refused(six):
    with pytest.raises(MerlibError, match="skip, zero"):
        subject_mean_f1(six, absent="drop")
