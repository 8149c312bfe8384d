"""A study opens sets of one's own, asks for their classes and leaves bad clips out when told to."""

from __future__ import annotations

import numpy as np
import pytest
from noise_clips import noise_clips

from merlib.datasets import registry
from merlib.errors import MerlibError
from merlib.inputs import clip_samples
from merlib.inputs.preprocessing import ClipInput, preprocessing
from merlib.publishing import study as module
from merlib.publishing.study import open_study


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "OWN_READERS", {"mine": lambda folder: noise_clips("smic")})
    monkeypatch.setattr(module.Study, "cache", property(lambda self: None))

    def compute(row, how):
        if row.clip == "s14_su_73":
            raise MerlibError("no face.", "one face.", "look.")
        flow = np.random.default_rng(len(row.clip)).uniform(0, 255, (3, 28, 28)).astype(np.float32)
        return ClipInput(flow if row.label == "negative" else np.zeros((3, 28, 28), np.float32), 3, "sheet")

    monkeypatch.setattr(clip_samples, "clip_input", compute)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)

    def opened(**choices):
        return open_study("mine", profile="paper", data=[f"mine={tmp_path}"], store=str(tmp_path / "store"), **choices)

    return opened


HOW = preprocessing("flow", backend="given")


def test_clips_of_ones_own_need_their_classes_named(study):
    for asked in (lambda: study().samples("mine"), lambda: study().features("mine", HOW)):
        with pytest.raises(MerlibError) as refused:
            asked()
        assert "'negative', 'positive', 'surprise'" in refused.value.expected
        assert "classes=" in refused.value.action


def test_a_bad_clip_stops_or_is_left_out_with_its_reason(study):
    with pytest.raises(MerlibError, match="on_bad_clip='leave-out'"):
        study().features("mine", HOW, classes=("negative", "positive", "surprise"))
    samples = study(on_bad_clip="leave-out").features("mine", HOW, classes=("negative", "positive", "surprise"))
    assert len(samples) == 3
    assert any("left out smic/s14/s14_su_73 (no face" in note for note in samples.notes)


def test_fine_classes_become_coarse_ones_and_what_is_dropped_is_told(study):
    classes = {"bad": ["negative"], "good": ["positive"]}
    samples = study().features("mine", HOW, classes=classes)
    assert samples.classes == ("bad", "good")
    assert samples.labels.tolist() == [0, 1, 0]
    assert any("1 of 4 clips are of no class asked for (surprise 1)" in note for note in samples.notes)


def test_maps_without_motion_are_told(study):
    samples = study().features("mine", HOW, classes=("negative", "positive"))
    assert any("no motion at all in 1 of 3 clips" in note for note in samples.notes)


def test_a_policy_that_does_not_exist_is_refused_at_once(study):
    with pytest.raises(MerlibError, match="leave-out"):
        study(on_bad_clip="skip")
