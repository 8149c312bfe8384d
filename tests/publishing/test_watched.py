"""What is measured of watching, and the models handed to it, are what they say; numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.publishing.watched.frame_rates import frame_rate_table
from merlib.publishing.watched.spotting_measured import (
    BUILT_ON,
    MEASURED_ON,
    WatchedRecording,
    count,
    humble_events,
    measured,
    measured_sentence,
    spotting_table,
)
from merlib.publishing.watched.watch_model import _trained, watch_model


def test_nothing_is_measured_on_seeds_that_thresholds_were_chosen_on():
    measured_on = [seed for seeds in MEASURED_ON.values() for seed in seeds]
    assert len(set(measured_on)) == len(measured_on) == 10
    assert not set(measured_on) & set(BUILT_ON)


def test_the_humble_rule_puts_one_interval_around_each_peak():
    lengths = np.full(300, 0.1)
    lengths[100:105] = (0.5, 0.8, 1.0, 0.8, 0.5)
    lengths[200] = 0.6
    found = humble_events(np.arange(300), lengths, threshold=0.4)
    assert [(a + b) // 2 for a, b in found] == [99, 197]  # the flow looks .2 s back: its middle is .1 s earlier
    assert humble_events(np.arange(300), lengths, threshold=2.0) == []


def test_counts_keep_people_kinds_and_labels_apart():
    truth = pd.DataFrame(
        [
            (0, "micro", 10, 14, 20, "negative"),
            (0, "macro", 60, 70, 99, "positive"),
            (1, "micro", 10, 14, 20, "negative"),
        ],
        columns=["person", "kind", "onset", "apex", "offset", "label"],
    )
    seen = pd.DataFrame(
        [(0, "micro", 11, 20, "negative"), (0, "micro", 62, 99, "positive"), (1, "micro", 40, 50, "surprise")],
        columns=["person", "kind", "onset", "offset", "label"],
    )
    still = (np.arange(1800), np.zeros(1800))
    counts = count(WatchedRecording("calm", 1, truth, seen, {0: still, 1: still}))
    spotter = counts[counts["method"] == "spotter"].set_index(["person", "kind"])
    columns = ["hits", "true", "found", "minutes", "labelled"]
    assert spotter.loc[(0, "micro"), columns].tolist() == [1, 1, 2, 1, 1]
    assert spotter.loc[(0, "macro"), columns].tolist() == [0, 1, 0, 1, 0]
    assert spotter.loc[(0, "all"), columns].tolist() == [2, 2, 2, 1, 2]
    assert spotter.loc[(1, "micro"), columns].tolist() == [0, 1, 1, 1, 0]
    values, low, high = spotting_table(counts)
    assert values.loc["spotter, micro, calm", "recall"] == 0.5
    assert values.loc["spotter, micro, calm", "false alarms a minute"] == 1.0
    assert (low.loc["spotter, micro, calm"] <= values.loc["spotter, micro, calm"]).all()
    assert (high.loc["spotter, micro, calm"] >= values.loc["spotter, micro, calm"]).all()


def test_the_committed_counts_are_of_the_planned_recordings():
    counts = measured()
    for setting, seeds in MEASURED_ON.items():
        assert set(counts.loc[counts["setting"] == setting, "seed"]) == set(seeds)
    assert (counts["hits"] <= counts[["true", "found"]].min(axis=1)).all()
    assert (counts["labelled"] <= counts["hits"]).all()
    assert counts.loc[counts["method"] == "spotter"].groupby("kind")["minutes"].sum()["micro"] > 18
    assert "SYNTHETIC" in measured_sentence(counts)


def test_counts_of_other_thresholds_say_so(tmp_path, monkeypatch):
    from merlib.publishing.watched import spotting_measured as module

    (tmp_path / module.RECORD).parent.mkdir(parents=True)
    rows = measured().to_csv(index=False)
    monkeypatch.setattr(module, "repository_root", lambda: tmp_path)
    (tmp_path / module.RECORD).write_text(module.heading() + rows)
    assert "changed since" not in measured_sentence(module.measured())
    (tmp_path / module.RECORD).write_text(module.heading().replace("micro_peak=", "micro_peak=9") + rows)
    assert "changed since" in measured_sentence(module.measured())
    (tmp_path / module.RECORD).write_text("# SYNTHETIC\n" + rows)
    assert "changed since" in measured_sentence(module.measured())


def test_a_movement_of_200_ms_is_seen_whole_at_200_frames_a_second_and_in_part_at_15():
    table = frame_rate_table(seconds=0.2)
    assert table.loc[200, "seen at least, %"] > 99
    assert table.loc[15, "seen at least, %"] < table.loc[25, "seen at least, %"] < table.loc[60, "seen at least, %"]
    # one frame a second sees a movement of .2 s in one frame or in none
    once = frame_rate_table(seconds=0.2, rates=(1,)).loc[1]
    assert (once["frames, fewest"], once["frames, most"], once["seen at least, %"]) == (0, 1, 0)


@pytest.mark.long
def test_a_trained_model_is_kept_and_found_again(tmp_path, monkeypatch):
    from merlib.learning import Experiment, get_recipe
    from merlib.publishing.watched import watch_model as module

    samples = module.twin_maps()
    few = samples.take(np.arange(0, len(samples), 8))
    experiment = Experiment("ststnet", replace(get_recipe("ststnet"), epochs=1, batch_size=32))
    said: list[str] = []
    first = _trained(experiment, few, tmp_path, said.append)
    assert any("training" in line for line in said)
    said.clear()
    monkeypatch.setattr(module, "train_on_all", lambda *_: pytest.fail("trained again"))
    again = _trained(experiment, few, tmp_path, said.append)
    assert said == []
    maps = few.inputs["flow"][:1]
    np.testing.assert_array_equal(first.predict(maps), again.predict(maps))
    assert first.predict(maps).sum() == pytest.approx(1)


@pytest.mark.long
def test_a_model_that_reads_something_else_and_weights_that_do_not_fit_are_told(tmp_path):
    import torch

    with pytest.raises(MerlibError, match="reads flow_sequence"):
        watch_model("astnet")
    with pytest.raises(MerlibError, match="model"):
        watch_model("no_such_network")
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(MerlibError, match="do not fit ststnet"):
        watch_model(f"ststnet={tmp_path / 'other.pt'}")
    (tmp_path / "bad.pt").write_bytes(b"no weights")
    with pytest.raises(MerlibError, match=r"bad\.pt"):
        watch_model(f"ststnet={tmp_path / 'bad.pt'}")
    torch.save([torch.zeros(3)], tmp_path / "list.pt")
    with pytest.raises(MerlibError, match="no mapping of tensors"):
        watch_model(f"ststnet={tmp_path / 'list.pt'}")
    torch.save({"weight": torch.tensor([0.0, float("nan")])}, tmp_path / "nan.pt")
    with pytest.raises(MerlibError, match="not finite, first in weight"):
        watch_model(f"ststnet={tmp_path / 'nan.pt'}")
    with pytest.raises(MerlibError, match="champion alone"):
        watch_model(f"champion={tmp_path / 'other.pt'}")
