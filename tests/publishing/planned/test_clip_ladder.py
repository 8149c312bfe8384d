"""Ladders hold every rung that explains a network, on inputs that no local weight decides."""

from __future__ import annotations

import numpy as np
import pytest
from known_predictions import make_predictions, make_samples

from merlib.errors import MerlibError
from merlib.inputs.cache import MotionCache
from merlib.learning.experiment import Experiment
from merlib.profiles import get_profile
from merlib.publishing.figures.ladder import draw_ladders
from merlib.publishing.planned import clip_ladder
from merlib.publishing.planned.clip_ladder import DATA, STEPS, climb, ladder, network_input
from merlib.publishing.tables.ladder import gains_over, ladder_finding, ladder_table
from merlib.scoring import bootstrap_interval, uar
from merlib.scoring.intervals import interval_over_deals


def test_each_network_has_every_rung_on_both_data_sets_in_the_teaching_profile():
    rungs = ladder().values()
    steps = set(STEPS) - {"less_onset"}
    for network, steps, data in (
        *(("astnet", steps, data) for data in DATA),
        *(("uamrn", steps - {"weighted"}, data) for data in DATA),
        ("larnet", set(STEPS) - {"weighted"}, "casme2"),
    ):
        assert {r.step for r in rungs if r.data == data and r.network in ("", network)} == steps
    assert {r.experiment.protocol for r in rungs} == {"groupkfold:10"}
    assert {r.experiment.seeds for r in rungs} == {(0,)}


def test_shuffled_labels_change_nothing_but_the_labels():
    rungs = ladder()
    for network in ("astnet", "uamrn"):
        plain, shuffled = (rungs[f"smic-{network}-{step}"].experiment for step in ("network", "shuffled"))
        assert plain.training_digest == shuffled.training_digest
        assert plain.label != shuffled.label
    weighted = rungs["smic-astnet-weighted"].experiment
    assert (rungs["smic-astnet-network"].experiment.recipe.loss, weighted.recipe.loss) == ("ce", "weighted_ce")


@pytest.mark.long
def test_deals_shuffle_in_different_ways_and_each_is_committed(tmp_path, monkeypatch):
    from dataclasses import replace

    samples = make_samples(name="smic", n=36)
    short = Experiment.for_profile("linear", get_profile("teach"))
    names = [name for name in ladder() if name.startswith("smic-uamrn-shuffled")]
    assert names == ["smic-uamrn-shuffled", *(f"smic-uamrn-shuffled-{deal}" for deal in (2, 3, 4))]
    rungs = {name: ladder()[name] for name in names}
    rungs = {n: replace(r, experiment=replace(short, label=r.experiment.label)) for n, r in rungs.items()}
    monkeypatch.setattr(clip_ladder, "_read", lambda *_: samples)
    monkeypatch.setattr(clip_ladder, "ladder", lambda: rungs)
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "refs"))
    deals = [climb(name, MotionCache(tmp_path), store=tmp_path / "store") for name in names]
    assert len({tuple(frame["label"]) for frame in deals} | {tuple(samples.labels)}) == 5
    assert {tuple(np.bincount(frame["label"])) for frame in deals} == {tuple(np.bincount(samples.labels))}
    assert list(clip_ladder.committed_rungs("uamrn", "smic")) == ["shuffled", *(f"shuffled-{d}" for d in (2, 3, 4))]


def test_the_control_is_the_mean_over_deals_with_an_interval_over_people_and_deals():
    samples = make_samples()
    deals = [make_predictions(samples, wrong, f"deal {wrong}") for wrong in (0, 24)]
    values = [uar(frame) for frame in deals]
    both = interval_over_deals(deals, uar)
    assert both.value == pytest.approx(np.mean(values))
    one = interval_over_deals(deals[1:], "uar")
    assert one == bootstrap_interval(deals[1], uar)
    assert both.high - both.low > one.high - one.low  # a resample of deals may hold one of them alone
    rungs = {"shuffled": deals[1], "shuffled-2": deals[1], "network": deals[0], "motion": deals[0]}
    assert "in 2 ways" in ladder_finding(rungs)
    other = deals[0].assign(subject=deals[0]["subject"] + "x")
    with pytest.raises(MerlibError, match="deal 2"):
        interval_over_deals([deals[1], other], uar)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("network", ["astnet", "uamrn"])
def test_inputs_name_magnifier_and_steadying_and_uamrn_takes_smic_s_middle_frame(network, data):
    how = network_input(network, data)
    assert (how.magnifier, how.steady) == ("eulerian", "affine")
    assert how.apex == ("middle" if (network, data) == ("uamrn", "smic") else "sheet")


def test_an_unknown_rung_is_told_with_the_known_ones(tmp_path):
    with pytest.raises(MerlibError, match="casme2-motion"):
        climb("casme2-nothing", MotionCache(tmp_path))


def test_a_rung_is_trained_once_and_committed_under_its_label(tmp_path, monkeypatch):
    from dataclasses import replace

    samples = make_samples(name="smic", n=36)
    rungs = {name: replace(rung, samples=lambda *_: samples) for name, rung in ladder().items()}
    monkeypatch.setattr(clip_ladder, "ladder", lambda: rungs)
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "refs"))
    first = climb("smic-motion", MotionCache(tmp_path), store=tmp_path / "store")
    again = climb("smic-motion", MotionCache(tmp_path), store=tmp_path / "other")
    assert again.attrs["origin"] == "reference"
    assert first["prediction"].tolist() == again["prediction"].tolist()
    found = clip_ladder.committed_rungs("astnet", "smic")
    assert list(found) == ["motion"]
    assert "not committed" in ladder_finding(found)


@pytest.mark.parametrize("rung", ["casme2-astnet-input", "smic-uamrn-input"])
def test_a_line_can_read_what_the_network_reads(rung, monkeypatch, tmp_path):
    from merlib.learning.estimator_input import check_estimator_input
    from merlib.learning.folds import make_folds

    random = np.random.default_rng(0)
    shapes = {"flow_sequence": (4, 3, 56, 56), "front": (32, 16)}
    inputs = {name: random.normal(size=(24, *shape)).astype(np.float16) for name, shape in shapes.items()}
    monkeypatch.setattr(clip_ladder, "_read", lambda *_: make_samples().with_inputs(inputs, "as the network's"))
    samples = ladder()[rung].samples(MotionCache(tmp_path), 1)
    check_estimator_input("linear", samples, make_folds("loso", samples)[0])


def test_frames_of_larnet_s_rungs_vote_for_clips(tmp_path, monkeypatch):
    from dataclasses import replace

    frames = make_samples(name="casme2", n=36)
    frames = replace(
        frames, clips=[f"c{i // 2:02d}#{i % 2:02d}" for i in range(36)], labels=frames.labels[::2].repeat(2)
    )
    frames = replace(frames, subjects=np.repeat(frames.subjects[::2], 2))
    short = Experiment.for_profile("linear", get_profile("teach"), label="LARNet, single frames")
    rungs = {
        "casme2-larnet-network": replace(ladder()["casme2-larnet-network"], experiment=short, samples=lambda *_: frames)
    }
    monkeypatch.setattr(clip_ladder, "ladder", lambda: rungs)
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "refs"))
    assert len(climb("casme2-larnet-network", MotionCache(tmp_path), store=tmp_path / "store")) == 36
    voted = clip_ladder.committed_rungs("larnet", "casme2")["network"]
    assert sorted(voted["clip"]) == [f"c{i:02d}" for i in range(18)]


def test_a_gain_is_paired_with_the_first_mend_and_has_no_width_where_nothing_changed():
    samples = make_samples()
    rungs = {name: make_predictions(samples, wrong, name) for name, wrong in (("a", 8), ("b", 8), ("c", 0))}
    table = gains_over(rungs, "a")
    assert table.loc["b", ["gain", "low", "high"]].tolist() == [0, 0, 0]
    assert table.loc["c", "gain"] == pytest.approx(1 - uar(rungs["a"]))
    assert np.isnan(table.loc["a", "gain"])
    assert gains_over(rungs, "d").empty


def test_the_share_of_the_way_is_counted_from_random_to_true_motion():
    samples = make_samples()
    rungs = {
        "shuffled": make_predictions(samples, 16, "Net, labels shuffled"),
        "network": make_predictions(samples, 8, "Net"),
        "motion": make_predictions(samples, 4, "Line"),
    }
    table = ladder_table(rungs)
    values = {step: uar(frame) for step, frame in rungs.items()}
    expected = (values["network"] - 1 / 3) / (values["motion"] - 1 / 3)
    assert table.loc["Net", "share of the way"] == pytest.approx(expected)
    assert table.loc["Line", "share of the way"] == 1
    assert f"{expected:.0%} of the way" in ladder_finding(rungs)
    figure, shown = draw_ladders({"CASME II": rungs, "SMIC": {}})
    assert len(shown) == 3
    assert "SYNTHETIC" in figure.axes[0].get_title()
