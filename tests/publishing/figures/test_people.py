"""The invented people of notebook 00: who is tested when, who leaks, and scores worked out by hand."""

from __future__ import annotations

import matplotlib
import pytest

from merlib.publishing.figures.people import (
    CLASSES,
    deals,
    draw_sides,
    five_clips,
    leave_one_out,
    named,
    people_on_both_sides,
    toy_clips,
)
from merlib.scoring import accuracy, uar, uf1
from merlib.scoring.as_published import subject_mean_accuracy

matplotlib.use("Agg")


def test_the_five_clips_have_the_scores_that_the_notebook_works_out():
    five = five_clips()
    assert uf1(five, CLASSES) == pytest.approx((4 / 6 + 2 / 3 + 0) / 3)
    assert uar(five, CLASSES) == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert accuracy(five, CLASSES) == pytest.approx(3 / 5)


def test_pooled_and_averaged_over_people_differ():
    toy = toy_clips()
    assert accuracy(toy, CLASSES) == pytest.approx(5 / 8)
    assert subject_mean_accuracy(toy, CLASSES) == pytest.approx((1 + 1 / 2 + 1 / 2 + 0) / 4)


def test_every_clip_is_tested_once_and_nobody_is_on_both_sides():
    toy, folds = toy_clips(), leave_one_out(toy_clips())
    assert (folds == "test").sum().tolist() == [1] * len(toy)
    assert set(map(len, people_on_both_sides(toy, folds).values())) == {0}


def test_who_is_on_both_sides_of_a_deal_is_found():
    found = people_on_both_sides(toy_clips(), deals())
    assert found == {"deal 1": ["A", "C"], "deal 2": [], "deal 3": ["A", "B", "C"]}


def test_the_drawing_marks_tested_clips_by_hatching_too_and_names_each_person():
    toy, folds = toy_clips(), leave_one_out(toy_clips())
    [axis] = draw_sides(toy, folds).axes
    boxes = [patch for patch in axis.patches if patch.get_hatch()]
    assert len(boxes) == len(toy)
    assert [text.get_text() for text in axis.texts[: len(toy)]] == list(toy["subject"])
    assert named(toy)["label"].iloc[0] == "negative"
