"""Frames vote for their clip, trained frame by frame on folds of whole subjects or, leakily, at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toy_samples import make_experiment, make_samples

from merlib.clips import as_frames
from merlib.errors import MerlibError
from merlib.learning import run, vote_by_clip
from merlib.scoring import check_scored_once


def predictions(scores, clips, subjects=None, folds="f", seeds=0):
    n = len(clips)
    frame = pd.DataFrame({"experiment": "x", "seed": seeds, "fold": folds, "dataset": "toy"}, index=range(n))
    frame["subject"], frame["clip"], frame["label"] = subjects or ["s"] * n, clips, 0
    frame["prediction"] = np.argmax(scores, 1)
    frame[["score_a", "score_b"]] = scores
    frame.attrs["data"] = "toy"
    return frame


def test_the_majority_decides_and_a_tie_goes_to_the_larger_mean():
    scores = [[0.6, 0.4], [0.6, 0.4], [0.0, 1.0], [0.9, 0.1], [0.4, 0.6]]
    voted = vote_by_clip(predictions(scores, ["x#00", "x#01", "x#02", "y#00", "y#01"]))
    assert voted["clip"].tolist() == ["x", "y"]
    assert voted["prediction"].tolist() == [0, 0]
    np.testing.assert_allclose(voted[["score_a", "score_b"]].sum(axis=1), 1.0)
    assert voted.attrs["data"] == "toy"


def test_clips_of_one_name_but_two_people_or_seeds_vote_apart():
    scores = [[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3]]
    voted = vote_by_clip(predictions(scores, ["x#00"] * 4, ["s", "t", "s", "t"], seeds=[0, 0, 1, 1]))
    assert voted[["seed", "subject", "prediction"]].to_numpy().tolist() == [
        [0, "s", 0],
        [0, "t", 1],
        [1, "s", 1],
        [1, "t", 0],
    ]


def test_a_clip_spread_over_folds_has_none():
    scores = [[0.9, 0.1]] * 2
    assert "fold" not in vote_by_clip(predictions(scores, ["x#00", "x#01"], folds=["f0", "f1"]))
    assert vote_by_clip(predictions(scores, ["x#00", "x#01"]))["fold"].tolist() == ["f"]


def test_predictions_of_clips_are_refused():
    with pytest.raises(MerlibError, match="predictions of clips"):
        vote_by_clip(predictions([[1.0, 0.0]], ["x"]))


@pytest.mark.long
@pytest.mark.parametrize("protocol", ["groupkfold:2", "framekfold:2:0"])
def test_larnet_trains_on_frames_and_is_scored_by_clips(tmp_path, protocol):
    plain = make_samples(4, 3)
    pictures = np.random.default_rng(0).random((12, 2, 3, 32, 32), np.float32)
    samples = as_frames(plain.with_inputs({"frames": pictures}))
    experiment = make_experiment(
        "larnet",
        protocol,
        options={"width": 2, "image_size": 32, "stages": ["emoresnet"]},
        augmentation=("flip", "pad_crop"),
        epochs=1,
        batch_size=8,
    )
    frames = run(experiment, samples, store=tmp_path, workers=1)
    assert len(frames) == 24
    assert frames.attrs["shares_subjects"] is (protocol != "groupkfold:2")
    clips = vote_by_clip(frames)
    assert sorted(clips["clip"]) == sorted(plain.clips)
    check_scored_once(clips, plain.keys)
    assert clips.attrs["experiment"] == frames.attrs["experiment"]
    assert replace(experiment, protocol="loso").digest != experiment.digest
