"""Paired tests: exact by hand, p = 1 for equals, planted differences found, false alarms rare, misfits refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.scoring import accuracy, holm, paired_permutation_test, uar, uf1


def answers(table, right_of: list[int], clips: int = 2) -> pd.DataFrame:
    """One SAMM person an entry, with `clips` clips of class 0, so many of them answered rightly."""
    rows = [("samm", f"{p:03d}", 0, int(i >= right)) for p, right in enumerate(right_of) for i in range(clips)]
    return table(rows, classes=("negative", "positive"))


def test_three_people_are_tested_exactly_by_hand(table):
    # A leads by 2, 1, 1 clips of 6: the sums +-2 +-1 +-1 reach |4| in 2 of the 8 swaps
    a, b = answers(table, [2, 2, 2]), answers(table, [0, 1, 1])
    test = paired_permutation_test(a, b, accuracy)
    assert test.difference == pytest.approx(4 / 6)
    assert test.p_value == pytest.approx(2 / 8)


def test_a_smaller_lead_counts_every_swap_at_least_as_far(table):
    # leads +2, -1, +1: observed |2|; sums: 4, 2, 2, 0, 0, -2, -2, -4 -> 6 of 8
    a, b = answers(table, [2, 0, 2]), answers(table, [0, 1, 1])
    assert paired_permutation_test(a, b, accuracy).p_value == pytest.approx(6 / 8)


@pytest.mark.parametrize("metric", [uf1, uar, accuracy])
def test_identical_predictions_give_p_one_and_no_difference(drawn, metric):
    frame = drawn(0)
    shuffled = frame.sample(frac=1, random_state=0)
    assert paired_permutation_test(frame, shuffled, metric) == (0, 1, 0, 0)


def test_drawn_swaps_agree_with_all_swaps(table):
    random = np.random.default_rng(0)
    a, b = (answers(table, random.integers(0, 4, 11).tolist(), clips=3) for _ in range(2))
    exact = paired_permutation_test(a, b, uf1, permutations=2**11).p_value
    drawn_swaps = paired_permutation_test(a, b, uf1, permutations=1000).p_value
    assert 0.02 < exact < 1
    assert drawn_swaps == pytest.approx(exact, abs=0.05)


def test_swapping_the_two_models_turns_the_sign_and_keeps_p(drawn):
    a, b = drawn(1, skill=0.7), drawn(2, skill=0.5)
    one, other = paired_permutation_test(a, b, uf1), paired_permutation_test(b, a, uf1)
    assert one.difference == pytest.approx(-other.difference)
    assert one.p_value == pytest.approx(other.p_value, abs=0.01)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.difference == pytest.approx(uf1(a) - uf1(b))


def test_a_much_better_model_is_found(drawn):
    test = paired_permutation_test(drawn(1, skill=0.9), drawn(2, skill=0.3), uf1, permutations=2000)
    assert test.p_value < 0.001
    assert 0 < test.low < test.difference < test.high


@pytest.mark.slow
def test_equal_models_raise_few_false_alarms(drawn):
    p_values = [
        paired_permutation_test(
            drawn(2 * i, skill=0.6, people=8),
            drawn(2 * i + 1, skill=0.6, people=8),
            uf1,
            permutations=199,
            replicates=2,
        ).p_value
        for i in range(120)
    ]
    alarms = np.mean(np.array(p_values) <= 0.05)
    assert 0 < alarms <= 0.11  # .05 and 3 standard errors of 120 trials
    assert 0.4 < np.mean(p_values) < 0.6


def test_clips_of_one_person_are_swapped_together(table):
    # A right on all 40 clips of one person, B on none: two swaps, both as far
    a, b = answers(table, [40], clips=40), answers(table, [0], clips=40)
    assert paired_permutation_test(a, b, accuracy).p_value == 1


def test_seeds_are_averaged_and_a_single_one_stands_beside_each(seeds, drawn):
    many, single = seeds(1, 2, 3), drawn(9)
    test = paired_permutation_test(many, single, uf1, permutations=500)
    assert test.difference == pytest.approx(uf1(many) - uf1(single))
    thrice = pd.concat([single.assign(seed=number) for number in (1, 2, 3)], ignore_index=True)
    assert paired_permutation_test(many, thrice, uf1, permutations=500) == pytest.approx(test)


def test_seeds_are_resampled_in_pairs_by_hand(table):
    def trained(*answers):  # one person with one clip of class 0, one training an answer
        return pd.concat([table([("samm", "006", 0, a)], seed=i) for i, a in enumerate(answers)], ignore_index=True)

    # both right with seed 0 and wrong with seed 1: the pair never differs, although each spans 0 to 1 by itself
    alike = paired_permutation_test(trained(0, 1), trained(0, 1), accuracy)
    assert (alike.difference, alike.low, alike.high) == (0, 0, 0)
    # A right with both, B with seed 0 only: differences 0 and 1, two draws of which span 0 to 1
    apart = paired_permutation_test(trained(0, 0), trained(0, 1), accuracy)
    assert (apart.difference, apart.low, apart.high) == (0.5, 0, 1)


def test_mere_numbers_go_with_class_names(drawn):
    named = drawn(1)
    bare = drawn(2)
    bare.attrs = {}
    assert paired_permutation_test(named, bare, uf1, permutations=99).difference == uf1(named) - uf1(bare)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda f: f.iloc[1:], "1 clips that only one of the two models scored, such as casme2/00/c000"),
        (lambda f: f.assign(label=(f["label"] + (f["clip"] == "c000")) % 3), "another label on either side"),
        (lambda f: pd.concat([f, f.head(1)]), "scored more than once"),
        (lambda f: f.drop(columns="clip"), "without clip"),
    ],
)
def test_other_clips_or_labels_are_refused_by_name(drawn, change, complaint):
    frame = drawn(1)
    other = change(drawn(2))
    other.attrs = dict(frame.attrs)
    with pytest.raises(MerlibError) as error:
        paired_permutation_test(frame, other, uf1)
    assert complaint in error.value.found


def test_other_classes_or_numbers_of_seeds_are_refused(seeds):
    with pytest.raises(MerlibError, match="2 and 3 seeds"):
        paired_permutation_test(seeds(1, 2), seeds(3, 4, 5), uf1)
    a, b = seeds(1), seeds(2)
    a.attrs, b.attrs = {"classes": ["a", "b", "c"]}, {"classes": ["a", "c", "b"]}
    with pytest.raises(MerlibError, match="classes a, b, c and a, c, b"):
        paired_permutation_test(a, b, uf1)


def test_holm_by_hand():
    # sorted .01 .02 .03 .04 -> times 4 3 2 1 -> .04 .06 .06 .04 -> never falling: .04 .06 .06 .06
    corrected = holm({"d": 0.04, "a": 0.01, "c": 0.03, "b": 0.02})
    assert list(corrected) == ["d", "a", "c", "b"]
    assert corrected == pytest.approx({"a": 0.04, "b": 0.06, "c": 0.06, "d": 0.06})


def test_holm_never_passes_one_keeps_ties_and_leaves_one_test_alone():
    assert holm({"a": 0.6, "b": 0.9}) == {"a": 1, "b": 1}
    assert holm({"a": 0.02, "b": 0.02}) == {"a": 0.04, "b": 0.04}
    assert holm({"only": 0.03}) == {"only": 0.03}
    assert holm({}) == {}


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
def test_holm_refuses_what_is_no_probability(value):
    with pytest.raises(MerlibError, match="'bad'"):
        holm({"good": 0.5, "bad": value})
