"""Leakage: a planted leak is measured with its sign, no leak gives nothing, exposure is read from the folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.scoring import bootstrap_interval, exposed_share, optimism, uf1


def test_a_planted_leak_is_measured_with_its_sign(drawn):
    clean = drawn(1, skill=0.4)
    leaky = clean.assign(prediction=np.where(clean["subject"] < "06", clean["label"], clean["prediction"]))
    found = optimism(leaky, clean)
    assert found.value == pytest.approx(uf1(leaky) - uf1(clean))
    assert 0 < found.low < found.value < found.high
    turned = optimism(clean, leaky)
    assert tuple(turned) == pytest.approx((-found.value, -found.high, -found.low))


def test_without_a_leak_there_is_no_optimism(drawn):
    assert optimism(drawn(1), drawn(1)) == (0, 0, 0)


def test_pairing_narrows_the_interval(drawn):
    clean = drawn(1, skill=0.5)
    leaky = clean.assign(prediction=np.where(clean["clip"] < "c010", clean["label"], clean["prediction"]))
    paired, alone = optimism(leaky, clean), bootstrap_interval(clean, uf1)
    assert paired.high - paired.low < (alone.high - alone.low) / 2


def test_several_deals_are_averaged(drawn):
    clean, deals = drawn(1), [drawn(number, skill=0.8) for number in (2, 3, 4)]
    found = optimism(deals, clean)
    assert found.value == pytest.approx(np.mean([uf1(deal) for deal in deals]) - uf1(clean))
    as_seeds = pd.concat([deal.assign(seed=i) for i, deal in enumerate(deals)], ignore_index=True)
    assert tuple(optimism(as_seeds, clean)) == pytest.approx(tuple(found))


def test_no_deal_and_other_clips_are_refused(drawn):
    with pytest.raises(MerlibError, match="no leaky evaluation"):
        optimism([], drawn(1))
    with pytest.raises(MerlibError, match="only one of the two"):
        optimism(drawn(1).iloc[1:], drawn(1))


def test_exposure_is_the_share_of_clips_whose_person_lies_in_another_fold_too(table):
    # s1's three clips lie in two folds, s2's only clip in one; SMIC's s1 is someone else
    frame = table([("samm", "s1", 0, 0)] * 3 + [("samm", "s2", 0, 0), ("smic", "s1", 0, 0)])
    assert exposed_share(frame) == 0
    assert exposed_share(frame.assign(fold=["a", "a", "b", "b", "a"])) == pytest.approx(3 / 5)
    two_seeds = pd.concat([frame, frame.assign(seed=1, fold=["a", "b", "a", "b", "a"])])
    assert exposed_share(two_seeds) == pytest.approx((0 + 3 / 5) / 2)


def test_exposure_needs_folds(six):
    with pytest.raises(MerlibError, match="without fold"):
        exposed_share(six.drop(columns="fold"))
