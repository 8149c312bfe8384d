"""Placebo and joined archives: what they change, what they leave, and that neither passes for something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlib.clips import Samples
from merlib.datasets.archive.both import both_archives
from merlib.datasets.placebo import placebo
from merlib.errors import MerlibError


def make(name: str, seed: int = 0, n: int = 60) -> Samples:
    maps = np.random.default_rng(seed).uniform(0, 255, (n, 2, 3, 28, 28)).astype(np.float32)
    inputs = {"flow": maps[:, 0]} if name == "megc2019-flow" else {"flow": maps[:, 0], "phases": maps}
    datasets = np.repeat(["casme2", "smic"], n // 2)
    labels = np.r_[np.zeros(n // 2, int), np.arange(n // 2) % 3]
    subjects, clips = [f"s{i // 5:02d}" for i in range(n)], [f"c{i}" for i in range(n)]
    classes = ("negative", "positive", "surprise")
    return Samples(inputs, labels, classes, subjects, datasets, clips, name=name, synthetic=False)


def test_a_placebo_shuffles_labels_inside_each_data_set_alone_and_says_so():
    samples = make("megc2019-phases")
    shuffled = placebo(samples, seed=1)
    for name in ("casme2", "smic"):
        rows = samples.datasets == name
        assert sorted(shuffled.labels[rows]) == sorted(samples.labels[rows])
    assert (shuffled.labels[samples.datasets == "casme2"] == 0).all()  # one class there: nothing to shuffle
    assert (shuffled.labels != samples.labels).any()
    assert shuffled.inputs["flow"] is samples.inputs["flow"]
    assert (shuffled.name, shuffled.digest == samples.digest) == ("megc2019-phases-placebo", False)
    assert "PLACEBO" in shuffled.notes[-1]
    np.testing.assert_array_equal(placebo(samples, seed=1).labels, shuffled.labels)


def test_both_archives_are_joined_clip_by_clip():
    first, second = make("megc2019-flow"), make("megc2019-phases", seed=1)
    joined = both_archives(first, second)
    assert joined.name == "megc2019-flow-and-megc2019-phases"
    np.testing.assert_array_equal(joined.inputs["flow"], first.inputs["flow"])
    np.testing.assert_array_equal(joined.inputs["phases"], second.inputs["phases"])


@pytest.mark.parametrize("fault", ["order", "labels", "twin"])
def test_archives_of_other_clips_or_labels_or_one_twin_are_refused(fault):
    first, second = make("megc2019-flow"), make("megc2019-phases")
    if fault == "order":
        second = second.take(np.arange(len(second))[::-1])
    if fault == "labels":
        second = replace(second, labels=(second.labels + 1) % 3)
    if fault == "twin":
        second = replace(second, synthetic=True)
    with pytest.raises(MerlibError, match="differ"):
        both_archives(first, second)
