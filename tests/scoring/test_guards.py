"""Planted faults: a clip scored twice, never, too often in one seed, or under two labels."""

from __future__ import annotations

import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.scoring import check_scored_once
from merlib.scoring.guards import clip_keys


def found(predictions, keys=None) -> str:
    with pytest.raises(MerlibError) as error:
        check_scored_once(predictions, keys)
    return error.value.found


def test_a_whole_table_of_several_seeds_and_experiments_passes(seeds):
    frame = seeds(1, 2)
    both = pd.concat([frame, frame.assign(experiment="other")])
    check_scored_once(both, iter(clip_keys(frame).unique()))
    check_scored_once(frame.drop(columns=["experiment", "seed"]).drop_duplicates(["dataset", "subject", "clip"]))


def test_a_clip_scored_twice_is_named_with_its_experiment_and_seed(seeds):
    frame = seeds(1, 2)
    row = frame[frame["seed"] == 2].iloc[[3]]
    text = found(pd.concat([frame, row]))
    assert clip_keys(row).iloc[0] in text
    assert "scored more than once" in text
    assert "experiment 'hand', seed 2" in text


def test_the_same_clip_name_of_another_person_is_another_clip(table):
    frame = table([("samm", "006", 0, 0), ("samm", "007", 0, 0), ("smic", "006", 0, 0)]).assign(clip="1_1")
    check_scored_once(frame)


def test_a_clip_never_scored_is_named(six):
    text = found(six.iloc[1:], clip_keys(six))
    assert "samm/s1/c000 never scored" in text
    check_scored_once(six.iloc[1:])  # without the keys nobody can know


def test_a_clip_that_one_seed_left_out_is_found_without_keys(seeds):
    frame = seeds(1, 2)
    lost = frame[frame["seed"] == 2].iloc[[5]]
    text = found(frame.drop(index=lost.index))
    assert f"seed 2: {clip_keys(lost).iloc[0]} never scored" in text


def test_a_clip_outside_the_samples_is_named(six):
    assert "samm/s2/c005 scored but not among the clips" in found(six, clip_keys(six).iloc[:-1])


def test_another_label_in_another_seed_is_named(six):
    second = six.assign(seed=1, label=[1, *six["label"].iloc[1:]])
    assert "samm/s1/c000 with different labels" in found(pd.concat([six, second]))


def test_many_clips_are_counted_not_listed(drawn):
    frame = drawn(0)
    text = found(frame.iloc[:-20], clip_keys(frame))
    assert "and 15 more never scored" in text


def test_a_table_without_clips_is_refused(six):
    assert "without clip" in found(six.drop(columns="clip"))
