"""Folds: subjects stay on one side, and the guard catches planted faults."""

from __future__ import annotations

import pickle
import time
import tracemalloc

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut
from toy_samples import make_samples

from merlib.clips.frame_rows import as_frames, clip_of
from merlib.errors import MerlibError
from merlib.learning.folds import Fold, check_disjoint, make_folds, parse_protocol, shared_by, shares_subjects


def test_leave_one_subject_out_makes_one_fold_a_subject(samples):
    folds = make_folds("loso", samples)
    assert [fold.name for fold in folds] == ["toy-s00", "toy-s01", "toy-s02", "toy-s03"]
    for fold in folds:
        assert set(samples.subjects[fold.test]) == {fold.name[4:]}
        assert sorted([*fold.train, *fold.test]) == list(range(12))


def test_68_subjects_of_three_data_sets_make_68_folds():
    counts = {"casme2": 24, "smic": 16, "samm": 28}
    datasets = np.repeat(list(counts), list(counts.values()))
    numbers = np.concatenate([np.arange(n) for n in counts.values()])
    samples = make_samples(68, 1, 1, datasets=datasets, subjects=[f"{n:03d}" for n in numbers])
    folds = make_folds("loso", samples)
    assert len(folds) == len({fold.name for fold in folds}) == 68


def test_the_same_bare_id_in_two_data_sets_is_two_people():
    samples = make_samples(2, 2, subjects=["s01"] * 4, datasets=["smic", "smic", "samm", "samm"])
    assert [fold.name for fold in make_folds("loso", samples)] == ["samm-s01", "smic-s01"]


@pytest.mark.parametrize("k", [2, 3, 4])
def test_group_folds_share_no_subject_and_test_each_row_once(samples, k):
    folds = make_folds(f"groupkfold:{k}", samples)
    assert len(folds) == k
    for fold in folds:
        assert not set(samples.groups[fold.train]) & set(samples.groups[fold.test])
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(12))


def test_clip_folds_share_subjects_and_say_so(samples):
    folds = make_folds("clipkfold:3:0", samples)
    assert shares_subjects("clipkfold:3:0")
    assert not shares_subjects("loso")
    assert any(set(samples.groups[f.train]) & set(samples.groups[f.test]) for f in folds)
    other = make_folds("clipkfold:3:1", samples)
    assert [f.digest for f in folds] == [f.digest for f in make_folds("clipkfold:3:0", samples)]
    assert [f.digest for f in folds] != [f.digest for f in other]


def test_the_guard_catches_a_subject_on_both_sides(samples):
    folds = make_folds("groupkfold:2", samples)
    planted = Fold(folds[1].name, np.append(folds[1].train, folds[1].test[0]), folds[1].test)
    with pytest.raises(MerlibError, match=r"fold fold01: subject toy/s0\d is in training and test"):
        check_disjoint([folds[0], planted], samples.groups)


def test_the_guard_catches_a_row_tested_twice_and_one_never_tested(samples):
    folds = make_folds("loso", samples)
    with pytest.raises(MerlibError, match="row 0 is tested 2 times"):
        check_disjoint([*folds, folds[0]], samples.groups)
    with pytest.raises(MerlibError, match="row 9 is tested 0 times"):
        check_disjoint(folds[:-1], samples.groups)


def test_make_folds_runs_the_guard(samples, monkeypatch):
    class Leaky:
        def __init__(self, *_):
            pass

        def split(self, x, groups=None):
            yield np.arange(5, 12), np.arange(5)  # cuts through the second person's three clips
            yield np.arange(5), np.arange(5, 12)

    monkeypatch.setattr("merlib.learning.folds.GroupKFold", Leaky)
    with pytest.raises(MerlibError, match="in training and test"):
        make_folds("groupkfold:2", samples)


@pytest.mark.parametrize("protocol", ["lopo", "loso:3", "groupkfold", "groupkfold:x", "groupkfold:-2", "clipkfold:3"])
def test_unknown_protocols_list_the_valid_ones(protocol):
    with pytest.raises(MerlibError, match="loso, groupkfold:K, clipkfold:K:SEED"):
        parse_protocol(protocol)


@pytest.mark.parametrize("protocol", ["groupkfold:5", "groupkfold:1", "groupkfold:0", "clipkfold:13:0"])
def test_too_many_or_too_few_folds_are_refused(samples, protocol):
    with pytest.raises(MerlibError, match=f"{protocol} makes .* folds of 4 subjects and 12 clips"):
        make_folds(protocol, samples)


def test_one_subject_cannot_be_left_out():
    with pytest.raises(MerlibError, match="loso makes 1 folds of 1 subjects"):
        make_folds("loso", make_samples(1, 4))


def test_the_digest_of_a_fold_knows_its_name_and_its_rows():
    fold = Fold("a", np.array([0, 1]), np.array([2]))
    assert fold.digest == Fold("a", np.array([0, 1], np.int32), np.array([2])).digest
    rows = fold.train, fold.test
    others = [Fold("b", *rows), Fold("a", np.array([0]), np.array([1, 2])), Fold("a", *reversed(rows))]
    assert fold.digest not in {other.digest for other in others}


@pytest.mark.parametrize("protocol", ["loso", "groupkfold:3"])
def test_folds_and_their_digests_are_those_of_scikit_learn(protocol):
    rng = np.random.default_rng(0)
    samples = make_samples(9, 4, subjects=[f"s{i}" for i in rng.integers(0, 9, 36)])
    splitter = LeaveOneGroupOut() if protocol == "loso" else GroupKFold(3)
    splits = splitter.split(np.zeros(36), groups=samples.groups)
    for fold, (train, test) in zip(make_folds(protocol, samples), splits, strict=True):
        assert np.array_equal(fold.train, train)
        assert np.array_equal(fold.test, test)
        assert fold.digest == Fold(fold.name, train, test).digest


def test_a_fold_survives_its_way_to_a_worker_without_its_training_rows(samples):
    fold = make_folds("loso", samples)[1]
    again = pickle.loads(pickle.dumps(fold))
    assert again.digest == fold.digest
    assert len(pickle.dumps(fold)) < len(pickle.dumps(Fold(fold.name, np.arange(10_000), fold.test))) / 10


def test_two_thousand_people_are_left_out_in_seconds_and_megabytes():
    people, n = 2000, 50_000
    subjects = [f"s{i % people:04d}" for i in range(n)]
    samples = make_samples(n, 1, 1, subjects=subjects, clips=[f"c{i}" for i in range(n)])
    samples.groups  # noqa: B018 what follows is the folds' own share
    tracemalloc.start()
    try:
        began = time.process_time()
        folds = make_folds("loso", samples)
        spent, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(folds) == people
    assert spent < 5  # 20 s with the training rows of each fold written out
    assert peak < 100e6  # 762 MB


def frame_samples():
    plain = make_samples(4, 3)
    frames = np.zeros((12, 5, 3, 4, 4), np.float32)
    return as_frames(plain.with_inputs({"frames": frames}))


def test_clips_are_dealt_as_before_there_were_frames(samples):
    dealt = KFold(3, shuffle=True, random_state=7).split(np.zeros(12))
    for fold, (train, test) in zip(make_folds("clipkfold:3:7", samples), dealt, strict=True):
        assert np.array_equal(fold.train, train)
        assert np.array_equal(fold.test, test)


@pytest.mark.parametrize("protocol", ["loso", "groupkfold:2", "clipkfold:3:0"])
def test_frames_of_a_clip_stay_together(protocol):
    samples = frame_samples()
    keys = np.char.add(samples.groups, clip_of(samples.clips))
    for fold in make_folds(protocol, samples):
        assert not set(keys[fold.train]) & set(keys[fold.test])


def test_frame_folds_share_clips_and_say_so():
    samples = frame_samples()
    folds = make_folds("framekfold:3:0", samples)
    assert [fold.name for fold in folds] == ["frames00", "frames01", "frames02"]
    keys = np.char.add(samples.groups, clip_of(samples.clips))
    assert all(set(keys[fold.train]) & set(keys[fold.test]) for fold in folds)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(60))
    assert shares_subjects("framekfold:3:0")
    assert shared_by("framekfold:3:0") == "subjects and clips"
    assert shared_by("clipkfold:3:0") == "subjects"
    assert shared_by("loso") == ""


def test_frames_cannot_be_dealt_where_rows_are_clips(samples):
    with pytest.raises(MerlibError, match="framekfold:3:0 on toy, whose rows are clips"):
        make_folds("framekfold:3:0", samples)
