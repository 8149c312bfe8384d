"""The detectable difference: its factor, its scaling, and its deviation against sampling anew."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.scoring import accuracy, detectable_difference, uf1


def test_eighty_per_cent_power_at_five_per_cent_is_2_8_deviations(drawn):
    found = detectable_difference(drawn(1), drawn(2))
    assert found.difference / found.deviation == pytest.approx(1.95996 + 0.84162, abs=1e-4)
    assert found.subjects == 30


def test_four_times_the_people_halve_it_and_a_family_of_tests_raises_it(drawn):
    once = detectable_difference(drawn(1), drawn(2))
    assert detectable_difference(drawn(1), drawn(2), subjects=120).difference == pytest.approx(once.difference / 2)
    thrice = detectable_difference(drawn(1), drawn(2), comparisons=3)
    assert thrice.difference / thrice.deviation == pytest.approx(2.39398 + 0.84162, abs=1e-4)


def test_models_that_agree_more_need_a_smaller_difference(drawn):
    a, b = drawn(1, skill=0.5), drawn(2, skill=0.5)
    half = np.arange(len(a)) % 2 == 0
    akin = b.assign(prediction=np.where(half, a["prediction"], b["prediction"]))
    assert detectable_difference(a, akin).difference < detectable_difference(a, b).difference
    assert detectable_difference(a, a).difference == 0


def test_the_deviation_of_unrelated_models_is_what_sampling_gives(drawn):
    # the guess for one model alone: root 2 times its own deviation; accuracies of separate draws are independent
    alone = detectable_difference(drawn(1, skill=0.5, people=20), metric=accuracy).deviation
    spread = np.std([accuracy(drawn(s, skill=0.5, people=20)) for s in range(100, 160)], ddof=1)
    assert alone == pytest.approx(2**0.5 * spread, rel=0.35)


@pytest.mark.long
def test_the_deviation_of_a_pair_is_what_sampling_both_gives(drawn):
    skills = {"skill": 0.6}, {"skill": 0.5}
    pairs = [(drawn(2 * i, **skills[0]), drawn(2 * i + 1, **skills[1])) for i in range(60)]
    spread = np.std([accuracy(a) - accuracy(b) for a, b in pairs], ddof=1)
    found = np.mean([detectable_difference(*pair, accuracy, replicates=300).deviation for pair in pairs[:6]])
    assert found == pytest.approx(spread, rel=0.3)


@pytest.mark.parametrize("options", [{"power": 80}, {"level": 0}, {"comparisons": 0}, {"subjects": 0}])
def test_a_senseless_request_is_refused(drawn, options):
    with pytest.raises(MerlibError):
        detectable_difference(drawn(1), drawn(2), uf1, **options)
