"""Results by class, against guessing and averaged over people; exercises; faces with their predictions."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.publishing.figures.predictions import draw_predictions
from merlib.publishing.figures.results import draw_confusions
from merlib.publishing.tables.attention_times import time_attention
from merlib.publishing.tables.classes import (
    against_chance,
    averages_over_people,
    class_clips,
    class_table,
    cost_of_sharing,
    same_answers,
)
from merlib.scoring import accuracy
from merlib.scoring.metrics import f1_by_class, precision_by_class, recall_by_class


def test_the_table_by_class_holds_the_metrics_by_class_within_their_intervals():
    predictions = make_predictions(make_samples(), wrong=7)
    values, low, high = class_table(predictions)
    assert values.index.tolist() == ["Negative", "Positive", "Surprise"]
    for column, by_class in (("precision", precision_by_class), ("recall", recall_by_class), ("f1", f1_by_class)):
        assert values[column].tolist() == pytest.approx(by_class(predictions).tolist())
    assert ((low <= values) & (values <= high)).all().all()
    assert (low < high).any().any()


def test_clips_are_counted_by_class():
    predictions = make_predictions(make_samples(), wrong=7)
    assert class_clips(predictions) == {"Negative": 8, "Positive": 8, "Surprise": 8}
    assert class_clips(predictions[predictions["label"] != 1]) == {"Negative": 8, "Positive": 0, "Surprise": 8}


def test_a_sentence_tells_whether_guessing_is_excluded():
    samples = make_samples()
    good, random = make_predictions(samples), make_predictions(samples)
    random["prediction"] = 0
    told = against_chance({"all right": good, "one class": random})
    assert "all right: UAR 1.00, above 0.33" in told
    assert "one class: UAR 0.33, not shown to differ from 0.33" in told


def test_people_weigh_the_same_in_their_mean_and_clips_when_pooled():
    samples = make_samples()
    predictions = make_predictions(samples, wrong=3)  # all of the first person, three clips of 24
    row = averages_over_people({"run": predictions}).loc["run"]
    assert row["accuracy, pooled"] == pytest.approx(21 / 24)
    assert row["accuracy, mean over people"] == pytest.approx(7 / 8)
    uneven = predictions.iloc[1:]
    row = averages_over_people({"run": uneven}).loc["run"]
    assert row["accuracy, pooled"] == pytest.approx(21 / 23)
    assert row["accuracy, mean over people"] == pytest.approx(7 / 8)


def test_the_cost_of_sharing_is_told_in_points():
    samples = make_samples()
    told = cost_of_sharing(make_predictions(samples), make_predictions(samples, wrong=6))
    assert told.startswith("Sharing clips between training and test changes accuracy by +25.0 points [")


def test_confusions_of_other_classes_keep_their_own_names():
    five = make_predictions(make_samples())
    for name in ("score_a", "score_b"):
        five[name] = 0.0
    five.attrs = {**five.attrs, "classes": ["negative", "positive", "surprise", "a", "b"]}
    figure, _ = draw_confusions({"five": five, "three": make_predictions(make_samples())})
    figure.canvas.draw()
    names = [[label.get_text() for label in axis.get_yticklabels()] for axis in figure.axes[:2]]
    assert [len(found) for found in names] == [5, 3]
    clips = make_predictions(make_samples())["label"].value_counts()
    assert names[1] == [f"{name} ({clips[code]})" for code, name in enumerate(("negative", "positive", "surprise"))]
    plt.close(figure)


@pytest.mark.long
@pytest.mark.parametrize(("runs", "grid"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (5, (2, 3))])
def test_confusions_are_never_more_than_three_side_by_side(runs, grid):
    figure, counts = draw_confusions({f"run {k}": make_predictions(make_samples()) for k in range(runs)})
    matrices = [axis for axis in figure.axes if axis.get_title()]
    assert len(matrices) == runs == len(counts.index.unique("run"))
    assert matrices[0].get_subplotspec().get_gridspec().get_geometry() == grid
    plt.close(figure)


def faces():
    samples = make_samples(n=12)
    frames = np.random.default_rng(0).random((12, 3, 3, 8, 8), np.float32)
    return samples.with_inputs({"frames": frames})


def test_faces_are_drawn_of_every_class_with_what_was_said():
    samples = faces()
    predictions = make_predictions(samples, wrong=1)
    figure = draw_predictions(samples, predictions, count=6, columns=3)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[0] == "said positive (wrong)\nis negative"
    assert titles[1] == "said positive (right)\nis positive"
    assert [title.split("is ")[1] for title in titles] == ["negative", "positive", "surprise"] * 2
    assert accuracy(predictions) == pytest.approx(11 / 12)
    plt.close(figure)


def test_times_of_attention_stand_beside_the_share_kept():
    times = time_attention((8, 16), width=4)
    assert times.index.tolist() == [8, 16]
    assert times["kept"].between(0, 1).all()
    ratio = times["sparse / ms"] / times["dense, masked / ms"]
    pd.testing.assert_series_equal(times["sparse / dense"], ratio, check_names=False)


def test_equal_answers_of_two_networks_are_counted_whatever_the_order_of_the_clips():
    one = make_predictions(make_samples(), wrong=7)
    other = one.assign(prediction=0).sample(frac=1, random_state=0)
    equal = (one["prediction"] == 0).sum()
    told = same_answers({"twin": (one, other), "again": (one, one)})
    assert told.startswith(
        f"twin: {equal} of {len(one)} answers are the same; 3 and 1 of 3 classes are answered; again"
    )
    assert f"again: {len(one)} of {len(one)} answers" in told
