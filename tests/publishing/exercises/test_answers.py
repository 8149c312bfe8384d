"""How answers are judged: right, or what is off, in every form a reader may give them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlib.errors import MerlibError
from merlib.publishing import open_study
from merlib.publishing.exercises import check
from merlib.publishing.exercises.answers import ASKED, Choice, Names, Number, exercise


@pytest.mark.parametrize("answer", [12, 12.0, np.int64(12), np.array(12), torch.tensor(12)])
def test_a_right_number_may_have_any_numeric_type(answer):
    assert Number(12).judge(answer)


@pytest.mark.parametrize("answer", ["12", True, [12], float("nan"), {"a": 12}, b"12", 12 + 1e-6])
def test_other_things_and_near_misses_are_no_right_number(answer):
    assert not Number(12).judge(answer)


def test_a_fraction_is_right_within_a_hundredth_of_it_or_as_stated():
    assert Number(0.5).judge(0.504)
    assert not Number(0.5).judge(0.506)
    assert Number(0.5, within=0.05).judge(0.45)


def test_what_is_off_is_told():
    share = Number(0.25, share=True, mistakes={0.6: "that is the accuracy."})
    assert "accuracy" in repr(share.judge(0.6))
    assert "percentage" in repr(share.judge(25))
    assert "high" in repr(share.judge(0.4))
    assert "low" in repr(share.judge(0.1))
    assert "str" in repr(share.judge("a quarter"))


def test_a_mistake_that_lies_near_the_truth_does_not_shadow_it():
    close = Number(0.5, within=0.05, mistakes={0.47: "nearly."})
    assert close.judge(0.47)


def test_an_option_is_taken_whatever_its_capitals_and_a_stranger_is_told_the_options():
    choice = Choice("deal 2", {"deal 1": "somebody is on both sides.", "deal 2": ""})
    assert choice.judge(" Deal 2 ")
    assert "both sides" in repr(choice.judge("deal 1"))
    assert "deal 1" in repr(choice.judge("deal 7"))
    with pytest.raises(MerlibError):
        Choice("deal 3", {"deal 1": ""})


def test_names_are_counted_and_never_named():
    names = Names(frozenset({"A", "B"}), frozenset("ABCD"))
    assert names.judge(["B", "A"])
    said = repr(names.judge({"A", "C"}))
    assert "1 of your names" in said
    assert "1 are missing" in said
    assert "B" not in said
    assert "'E'" in repr(names.judge({"A", "E"}))
    assert not names.judge("AB")


def test_no_answer_is_no_wrong_answer():
    assert repr(check("00.share", None)) == "not answered yet"
    assert not check("00.share", None)


def test_an_unknown_exercise_is_told_with_the_nearest_one(tmp_path):
    open_study("00_start_here", store=str(tmp_path))
    with pytest.raises(MerlibError, match=r"00\.share"):
        check("00.shar", 0.5)


def test_two_exercises_of_one_name_are_refused():
    identifier = next(iter(ASKED), None) or "00.share"
    ASKED.setdefault(identifier, lambda study: Number(1))
    with pytest.raises(MerlibError, match=identifier.replace(".", r"\.")):
        exercise(identifier)(lambda study: Number(2))
