"""What a liberty adds, also where only the average was changed; SYNTHETIC predictions worked out by hand."""

import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.scoring import bootstrap_interval, uf1
from merlib.scoring.as_published import subject_mean_f1
from merlib.scoring.inflation import PRECISION_AS_UAR, SUBJECT_MEAN_F1, UAR, UF1, inflation, value_of


def table(predictions, labels=(0, 0, 0, 1, 2, 1, 2, 0), subjects="aaaabbbb", seed=0):
    return pd.DataFrame(
        {
            "seed": seed,
            "dataset": "toy",
            "subject": list(subjects),
            "clip": [f"c{i}" for i in range(len(labels))],
            "label": labels,
            "prediction": predictions,
        }
    )


HONEST = table((0, 0, 1, 1, 2, 0, 2, 0))  # recalls 3/4, 1/2, 1; precisions 3/4, 1/2, 1


def test_macro_precision_is_the_hand_computed_value_and_not_the_recall():
    told = table((0, 0, 0, 1, 1, 1, 2, 0))  # recalls 1, 1, 1/2; precisions 1, 2/3, 1
    assert value_of(told, UAR).value == pytest.approx((1 + 1 + 0.5) / 3)
    assert value_of(told, PRECISION_AS_UAR).value == pytest.approx((1 + 2 / 3 + 1) / 3)
    gap = inflation(told, told, PRECISION_AS_UAR, UAR)
    assert gap.value == pytest.approx(2 / 3 / 3 + 2 / 3 - 2.5 / 3)
    assert gap.low <= gap.value <= gap.high


def test_mean_over_subjects_is_the_one_that_papers_print():
    told = pd.concat([HONEST, table((0, 1, 2, 1, 2, 1, 2, 0), seed=1)])
    assert value_of(told, SUBJECT_MEAN_F1).value == pytest.approx(subject_mean_f1(told))
    assert value_of(told, SUBJECT_MEAN_F1).value != pytest.approx(uf1(told))


def test_pooled_value_and_interval_are_those_of_the_honest_scorer():
    told = pd.concat([HONEST, table((0, 1, 2, 1, 2, 1, 2, 0), seed=1)])
    assert tuple(value_of(told, UF1)) == pytest.approx(tuple(bootstrap_interval(told, uf1)))


def test_inflation_is_the_difference_and_pairs_people():
    better = table((0, 0, 0, 1, 2, 1, 2, 0))
    gap = inflation(better, HONEST)
    assert gap.value == pytest.approx(uf1(better) - uf1(HONEST))
    assert inflation(HONEST, HONEST) == (0.0, 0.0, 0.0)


def test_other_clips_are_refused():
    with pytest.raises(MerlibError, match="only one of the two"):
        inflation(HONEST.iloc[:-1], HONEST)
