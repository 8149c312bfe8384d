"""Metrics: by hand, against scikit-learn, unmoved by order, averaged over seeds, absent classes left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from merlib.errors import MerlibError
from merlib.scoring import accuracy, f1_by_class, precision_by_class, recall_by_class, summary, uar, uf1
from merlib.scoring.metrics import formula


def test_six_clips_give_the_values_worked_out_by_hand(six):
    assert uf1(six) == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)
    assert uar(six) == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert accuracy(six) == pytest.approx(4 / 6)
    assert f1_by_class(six).to_dict() == pytest.approx({"negative": 4 / 5, "positive": 1 / 2, "surprise": 2 / 3})
    assert recall_by_class(six).tolist() == pytest.approx([2 / 3, 1 / 2, 1])
    assert precision_by_class(six).tolist() == pytest.approx([1, 1 / 2, 1 / 2])


@pytest.mark.parametrize("seed", range(5))
def test_values_are_those_of_scikit_learn(drawn, seed):
    frame = drawn(seed)
    truth, answer = frame["label"], frame["prediction"]
    assert uf1(frame) == pytest.approx(f1_score(truth, answer, average="macro"), abs=1e-12)
    assert uar(frame) == pytest.approx(recall_score(truth, answer, average="macro"), abs=1e-12)
    assert accuracy(frame) == pytest.approx(accuracy_score(truth, answer), abs=1e-12)
    assert precision_by_class(frame).tolist() == pytest.approx(precision_score(truth, answer, average=None))


@pytest.mark.parametrize("metric", [uf1, uar, accuracy])
def test_the_order_of_rows_and_the_names_of_classes_do_not_matter(drawn, metric):
    frame = drawn(0)
    shuffled = frame.sample(frac=1, random_state=1)
    relabelled = frame.assign(**{c: frame[c].map({0: 2, 1: 0, 2: 1}) for c in ("label", "prediction")})
    assert metric(shuffled) == pytest.approx(metric(frame), abs=1e-12)
    assert metric(relabelled) == pytest.approx(metric(frame), abs=1e-12)


@pytest.mark.parametrize("metric", [uf1, uar, accuracy])
def test_several_seeds_give_the_mean_of_each_seeds_value(seeds, drawn, metric):
    each = [metric(drawn(number)) for number in (3, 4, 5)]
    assert len(set(each)) == 3
    assert metric(seeds(3, 4, 5)) == pytest.approx(np.mean(each))


def test_pooling_over_seeds_would_give_another_number(seeds):
    frame = seeds(3, 4, skill=0.3)
    assert uf1(frame) != pytest.approx(f1_score(frame["label"], frame["prediction"], average="macro"), abs=1e-6)


def test_a_class_never_predicted_counts_as_zero(table):
    # truth 0 0 1 2, prediction 0 0 0 0: F1 = 4/6, 0, 0
    frame = table([("smic", "s1", label, 0) for label in (0, 0, 1, 2)])
    assert uf1(frame) == pytest.approx((4 / 6) / 3)
    assert precision_by_class(frame).tolist() == [0.5, 0, 0]


def test_a_class_without_clips_is_left_out_and_false_alarms_for_it_still_cost(table):
    # no surprise in the truth; one positive is called surprise: F1 negative 1, positive 2/3; recall 1, 1/2
    frame = table([("smic", "s1", label, answer) for label, answer in ((0, 0), (0, 0), (1, 1), (1, 2))])
    assert uf1(frame) == pytest.approx((1 + 2 / 3) / 2)
    assert uar(frame) == pytest.approx(3 / 4)
    assert uf1(frame.assign(prediction=frame["label"])) == 1
    for by_class in (f1_by_class, recall_by_class, precision_by_class):
        assert by_class(frame).isna().tolist() == [False, False, True]


def test_class_names_come_from_attrs_then_score_columns_then_numbers(six):
    bare = six.copy()
    bare.attrs = {}
    scored = bare.assign(score_a=0.0, score_b=0.0, score_c=0.0)
    assert list(f1_by_class(six).index) == ["negative", "positive", "surprise"]
    assert list(f1_by_class(scored).index) == ["a", "b", "c"]
    assert list(f1_by_class(bare).index) == ["0", "1", "2"]
    assert list(f1_by_class(bare, classes=["x", "y", "z"]).index) == ["x", "y", "z"]
    assert list(f1_by_class(bare, classes=5).index) == ["0", "1", "2", "3", "4"]
    assert uf1(bare, classes=5) == uf1(six)


def test_a_table_without_seed_experiment_and_clips_is_one_seed(six):
    assert uf1(six[["label", "prediction"]]) == uf1(six)


def test_summary_has_full_and_each_data_set_with_clips_counted_once(seeds):
    frame = seeds(1, 2)
    table = summary(frame)
    assert table.index.tolist() == ["Full", "CASME II", "SAMM", "SMIC"]
    assert table.columns.tolist() == ["UF1", "UAR", "Acc", "n"]
    assert table.loc["Full", "UF1"] == pytest.approx(uf1(frame))
    assert table.loc["SAMM", "UAR"] == pytest.approx(uar(frame[frame["dataset"] == "samm"]))
    assert table["n"].tolist()[0] == len(frame) / 2 == table["n"].tolist()[1:][0] + sum(table["n"].tolist()[2:])
    assert summary(frame, by_dataset=False).index.tolist() == ["Full"]


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (lambda f: f.drop(columns="prediction"), "without prediction"),
        (lambda f: f.head(0), "without rows"),
        (lambda f: f.assign(prediction=[3, 0, 0, 0, 0, 0]), "prediction 3 among 3 classes"),
        (lambda f: f.assign(label=[-1, 0, 0, 0, 0, 0]), "label -1"),
        (lambda f: f.assign(label=["negative"] * 6), "column 'label' of type"),
        (lambda f: f.assign(prediction=[np.nan, 0, 0, 0, 0, 0]), "1 gaps"),
        (lambda f: f.assign(experiment=["a"] * 3 + ["b"] * 3), "predictions of a, b in one table"),
        (lambda f: pd.concat([f, f.head(1)]), "samm/s1/c000 scored more than once"),
    ],
)
def test_what_cannot_be_scored_is_refused_by_name(six, fault, complaint):
    broken = fault(six)
    broken.attrs = dict(six.attrs)
    with pytest.raises(MerlibError) as error:
        uf1(broken)
    assert complaint in error.value.found


def test_a_number_of_classes_that_disagrees_with_the_names_is_refused(six):
    with pytest.raises(MerlibError, match="5 classes asked for"):
        uf1(six, classes=5)


def test_metrics_go_by_name_or_function_and_anything_else_is_refused():
    assert formula("uar") is formula(uar)
    with pytest.raises(MerlibError, match="did you mean 'uf1'"):
        formula("uf")
    with pytest.raises(MerlibError, match="without `of_counts`"):
        formula(f1_score)
