"""The bootstrap: equal to a plain loop, people kept whole, strata kept, coverage near what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.scoring import Interval, accuracy, bootstrap_interval, uar, uf1
from merlib.scoring.interval_text import value_text
from merlib.scoring.intervals import seed_weights, subject_weights


@pytest.mark.parametrize("metric", [uf1, uar, accuracy])
def test_a_perfect_predictor_has_no_width(drawn, metric):
    frame = drawn(0, people=3)
    perfect = frame.assign(prediction=frame["label"])
    assert bootstrap_interval(perfect, metric) == Interval(1, 1, 1)


@pytest.mark.long
@pytest.mark.parametrize("metric", [uf1, uar, accuracy])
def test_the_vectorised_bootstrap_is_a_plain_loop_over_people(seeds, metric):
    frame = seeds(1, 2, people=3)
    people = frame.groupby(["dataset", "subject"])
    names = list(people.groups)
    weights = subject_weights(np.array([dataset for dataset, _ in names]), 12, seed=7)
    shares, values = seed_weights(2, 12, seed=7), []
    for row, share in zip(weights, shares, strict=True):
        copies = [
            people.get_group(name).assign(subject=f"{name[1]} copy {copy}")
            for name, times in zip(names, row, strict=True)
            for copy in range(int(times))
        ]
        resample = pd.concat(copies)
        resample.attrs = dict(frame.attrs)
        values.append(np.dot(share, [metric(one) for _, one in resample.groupby("seed")]))
    low, high = np.quantile(values, [0.05, 0.95])
    interval = bootstrap_interval(frame, metric, level=0.9, replicates=12, seed=7)
    assert interval == pytest.approx((metric(frame), low, high), abs=1e-12)


def test_each_data_set_keeps_its_number_of_people():
    datasets = np.array(["casme2"] * 5 + ["samm"] * 3 + ["smic"])
    weights = subject_weights(datasets, 200, seed=0)
    for name, people in (("casme2", 5), ("samm", 3), ("smic", 1)):
        assert (weights[:, datasets == name].sum(1) == people).all()
    assert (weights[:, 0] == 0).any()
    assert (weights[:, 0] > 1).any()


def test_clips_of_one_person_do_not_count_as_evidence_of_many(table):
    rows = [(person, i % 3, i % 3 if person % 2 else (i + 1) % 3) for person in range(10) for i in range(12)]
    by_person = table([("samm", f"{person:03d}", label, answer) for person, label, answer in rows])
    as_if_apart = by_person.assign(subject=[f"{i:03d}" for i in range(len(by_person))])
    wide, narrow = (bootstrap_interval(frame, accuracy) for frame in (by_person, as_if_apart))
    # half the people always right: sd sqrt(.25 / 10) by person, sqrt(.25 / 120) by clip
    assert (wide.high - wide.low) > 2.5 * (narrow.high - narrow.low)


@pytest.mark.parametrize(("level", "low", "high"), [(0.95, 0.0, 1.0), (0.4, 0.5, 0.5)])
def test_two_seeds_of_one_person_by_hand(table, level, low, high):
    # one seed always right, the other never: two draws give 0, 1/2 and 1 with chances 1/4, 1/2, 1/4; no other person
    right, wrong = table([("samm", "006", 0, 0)], seed=0), table([("samm", "006", 0, 1)], seed=1)
    both = pd.concat([right, wrong], ignore_index=True)
    assert bootstrap_interval(both, accuracy, level=level) == Interval(0.5, low, high)


def test_a_single_seed_changes_no_draw_of_people():
    assert (seed_weights(1, 50, seed=3) == 1).all()
    shares = seed_weights(3, 500, seed=3)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert set(np.unique((3 * shares).round())) == {0, 1, 2, 3}


def test_seeds_of_a_person_stay_together(seeds, drawn):
    frame = drawn(1)
    thrice = pd.concat([frame.assign(seed=number) for number in range(3)], ignore_index=True)
    assert bootstrap_interval(thrice, uf1) == pytest.approx(bootstrap_interval(frame, uf1), abs=1e-12)


def test_the_same_seed_gives_the_same_interval_and_the_order_of_rows_does_not_matter(drawn):
    frame = drawn(0)
    first = bootstrap_interval(frame, "uf1", seed=3)
    assert bootstrap_interval(frame.sample(frac=1, random_state=0), uf1, seed=3) == first
    assert bootstrap_interval(frame, uf1, seed=4) != first
    assert first.low < first.value < first.high


@pytest.mark.long
def test_intervals_hold_the_true_accuracy_about_as_often_as_they_say(drawn):
    # right by skill or by luck: .6 + .4 * (.5 P(0) + .3 P(1) + .2 P(2)), with the labels as drawn
    hits = 0
    for seed in range(100):
        frame = drawn(seed, skill=0.6, people=12)
        truth = 0.6 + 0.4 * np.mean(np.array([0.5, 0.3, 0.2])[frame["label"]])
        interval = bootstrap_interval(frame, accuracy, replicates=300)
        hits += interval.low <= truth <= interval.high
    assert 85 <= hits <= 99


@pytest.mark.parametrize("options", [{"level": 95}, {"replicates": 0}, {"metric": "f2"}])
def test_a_senseless_request_is_refused(six, options):
    with pytest.raises(MerlibError):
        bootstrap_interval(six, **{"metric": uf1, **options})


def test_predictions_without_people_cannot_be_resampled(six):
    with pytest.raises(MerlibError, match="without subject"):
        bootstrap_interval(six.drop(columns="subject"), uf1)


def test_one_person_of_each_data_set_and_one_seed_have_no_interval(table):
    two = table([("samm", "006", 0, 0), ("smic", "s1", 0, 1)])
    alone = bootstrap_interval(two, accuracy)
    assert alone.value == 0.5
    assert np.isnan([alone.low, alone.high]).all()
    assert value_text(*alone) == "0.50"
