"""Figures of attention show single clips of the twin alone; clips are chosen by name and answer; scales are shared."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from known_predictions import make_predictions, make_samples

from merlib.clips.puzzle import with_puzzle
from merlib.datasets.twin import twin_samples
from merlib.errors import MerlibError
from merlib.learning import Experiment, get_recipe
from merlib.learning.folds import Fold
from merlib.publishing.explained.committed import committed
from merlib.publishing.explained.networks import Explained
from merlib.publishing.explained.pictures import (
    branch_pictures,
    example_rows,
    flow_pictures,
    heat_pictures,
    share_words,
)
from merlib.publishing.explained.true_regions import face_under
from merlib.publishing.figures.attention_matrix import corner_finding, matrix_pictures, share_table
from merlib.publishing.figures.hidden_layers import draw_layers
from merlib.publishing.figures.map_grid import draw_map_grid
from merlib.publishing.records.save_table import save_table


def explained(samples, wrong=0):
    everything = np.arange(len(samples))
    experiment = Experiment("am3f_flownet", get_recipe("am3f_flownet"), "groupkfold:2")
    folds = (Fold("fold00", everything, everything),)
    return Explained(experiment, samples, folds, (), make_predictions(samples, wrong))


def test_of_real_maps_there_are_means_and_no_single_one():
    samples = make_samples(synthetic=False)
    drawn = flow_pictures(explained(samples), {"flow": np.random.default_rng(0).random((24, 28, 28))})
    assert set(drawn) == {"lines", "units"}, "no face and no outline"
    maps = [content for line in drawn["lines"].values() for content in line.values()]
    assert all(np.ndim(one) == 2 for one in maps)
    singles = samples.inputs["flow"].reshape(-1, 28, 28)
    assert not any(np.allclose(one, single) for one in maps for single in singles)
    both = branch_pictures(
        explained(with_puzzle(samples)), {name: np.ones((24, 28, 28)) for name in ("flow", "puzzle")}
    )
    assert [*both["lines"]] == ["CASME II\nmean of 4", "SMIC\nmean of 4"]


def test_a_clip_is_chosen_by_its_name_among_those_classified_correctly():
    samples = make_samples()
    classes = np.array(samples.classes)[samples.labels]
    assert example_rows(explained(samples), classes) == [0, 1, 2]
    assert example_rows(explained(samples, wrong=4), classes) == [6, 4, 5], "the first four are wrong"
    assert example_rows(explained(samples, wrong=24), classes) == [0, 1, 2], "none is right: the first stands in"
    assert example_rows(explained(samples), np.where(samples.labels == 1, "x", "")) == [1]


@pytest.mark.long
def test_the_face_lies_under_its_map():
    samples = twin_samples("casme2").take(np.array([0, 1]))
    face = face_under(samples, 0)
    assert face.shape == (140, 112, 3)
    assert face.dtype == np.uint8
    assert face[40:100, 30:80].mean() > 40, "skin in the middle, not an empty picture"
    assert not np.array_equal(face, face_under(samples, 1))


def test_maps_of_one_unit_share_a_scale_and_others_do_not():
    small, large = np.full((2, 2), 1.0), np.full((2, 2), 9.0)
    figure, table = draw_map_grid({"a": {"x": small, "y": -large}, "b": {"x": large}}, {"x": "px", "y": "logits"})
    images = [axis.images[0] for axis in figure.axes if axis.images and axis.get_visible()]
    assert [image.get_clim() for image in images[:3]] == [(0.0, 9.0), (-9.0, 9.0), (0.0, 9.0)]
    assert table["largest"].tolist() == [1.0, -9.0, 9.0]
    with pytest.raises(MerlibError, match="unit"):
        draw_map_grid({"a": {"x": small}}, {})
    plt.close("all")


def test_hidden_layers_of_real_frames_are_drawn_as_means():
    maps = torch.stack([torch.zeros(3, 2, 2), torch.ones(3, 2, 2)])
    layers = {(1, "level 1"): maps, (1, "last"): maps}
    assert draw_layers(layers, 1, row=0)[1]["mean"].unique().tolist() == [0.0]
    assert draw_layers(layers, 1, row=None)[1]["mean"].unique().tolist() == [0.5]
    frames = make_samples(synthetic=False).with_inputs({"frames": np.ones((24, 3, 4, 4), np.float32)})
    drawn = heat_pictures(layers, frames, np.arange(2))
    assert "frame" not in drawn["lines"]["stage 1"]
    assert drawn["under"] == {}
    plt.close("all")


def test_an_empty_corner_is_reported_as_it_is():
    from merlib.explaining.sparse_attention import kept_shares

    empty = np.full((6, 1, 8, 8), 0.2)
    empty[..., 4:, 4:] = 0.0
    shares = {"empty": kept_shares(empty), "full": kept_shares(np.full((6, 1, 8, 8), 0.2))}
    tables = share_table(shares, np.array(list("abcdef")), np.full(6, "set"))
    assert tables[0].loc["empty", "lower right less upper left"] == -1.0
    assert "emptier than" in corner_finding(*tables, "empty")
    assert "not shown to differ from" in corner_finding(*tables, "full")
    assert len(matrix_pictures({"empty": empty}, ["empty"], single=False)[0]) == 1, "no single clip of real people"


def test_a_committed_table_comes_back_as_it_was_saved(study):
    values = pd.DataFrame({"auc": [0.5, 0.7], "pointing": [0.1, 0.2]}, index=["b", "a"])
    low, high = values - 0.1, values + 0.1
    save_table("extra.some_attention", values, samples=[make_samples()], low=low, high=high, caption="A finding.")
    found = committed("extra.some_attention", study.artefact_folder)
    for ours, theirs in zip(found.tables, (values, low, high), strict=True):
        pd.testing.assert_frame_equal(ours, theirs, check_names=False)
    assert found.headline.startswith("SYNTHETIC")
    assert "A finding." in found.headline
    assert "profile teach" in committed("extra.nothing", study.artefact_folder)


def test_clips_that_are_looked_into_are_the_twin_s_whatever_data_was_named(study, monkeypatch, tmp_path):
    from dataclasses import replace

    from merlib.publishing.explained import few_features as module

    monkeypatch.setattr(module, "samples_of_clips", lambda table, *_, **__: table)
    named = replace(study, data={"casme2": tmp_path})
    table = module.few_features(named, "casme2", how=None)
    assert table.attrs["synthetic"]
    assert table["subject"].nunique() == study.profile.clip_subjects


def test_no_interval_is_printed_of_a_handful_of_people():
    assert share_words(0.06, 0.06, 0.06, 1) == "6% (of 1 person, too few for an interval)"
    assert share_words(0.5, 0.41, 0.6, 12) == "50% [41, 60]"
