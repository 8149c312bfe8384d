"""The plan on both archives: complete, each run on its own samples, and each sample set checked before it is used."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.datasets import open_samples
from merlib.errors import MerlibError
from merlib.learning.store.references import every_reference
from merlib.publishing.planned import archive_plan
from merlib.publishing.planned import plan as reference_plan
from merlib.publishing.planned.archive_plan import FAMILIES, archive_runs, every_planned_run, open_planned, sources_of
from merlib.publishing.planned.plan import planned_runs, planned_states, train_planned


def test_both_plans_stand_side_by_side_and_the_families_name_their_runs():
    plan = every_planned_run()
    assert len(plan) == len(planned_runs()) + len(archive_runs())
    for pairs in FAMILIES.values():
        for one, other in pairs:
            assert plan[one].experiment.protocol == plan[other].experiment.protocol == "loso"
            assert plan[one].data == plan[other].data  # the same archive: nothing is compared across archives
    keys = [(planned.experiment.training_digest, planned.samples_digest) for planned in plan.values()]
    assert len(set(keys)) == len(keys)


def test_every_run_has_seed_0_and_a_placebo_is_never_among_real_references():
    for name, planned in archive_runs().items():
        assert planned.experiment.seeds == (0,)
        assert ("placebo" in planned.folder) == ("placebo" in name) == ("PLACEBO" in planned.experiment.label)


def test_a_run_on_both_archives_needs_both_folders(tmp_path):
    planned = archive_runs()["both-chosen-greedy-loso"]
    assert sources_of(planned) == ["megc2019-flow", "megc2019-phases"]
    with pytest.raises(MerlibError, match="no folder of megc2019-phases") as error:
        open_planned(planned, {"megc2019-flow": tmp_path})
    assert "merlib data get" in error.value.action or "megc2019-flow" in error.value.found


@pytest.mark.long
@pytest.mark.parametrize("model", ["phases-dual-atme-loso", "phases-astnet-10"])
def test_what_a_network_reads_is_made_from_the_archive_before_the_digest_is_checked(model, tmp_path, monkeypatch):
    plan, seen = archive_runs(), []
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path))
    monkeypatch.setattr(reference_plan, "run", lambda experiment, rows, **how: seen.append(rows))
    monkeypatch.setattr(reference_plan, "save_reference", lambda *a: tmp_path)
    samples = open_samples("megc2019-phases", {})
    with pytest.raises(MerlibError, match="which the plan was made for"):
        train_planned(model, samples, plan)  # the twin is not what was planned
    any_samples = {name: archive_plan.PlannedRun(p.experiment, "", p.data) for name, p in plan.items()}
    train_planned(model, samples, any_samples)
    if model == "phases-astnet-10":
        np.testing.assert_array_equal(seen[0].inputs["flow_sequence"], samples.inputs["phases"])
    else:
        assert set(seen[0].inputs) == {"flow", "phases", "puzzle"}


@pytest.mark.long
@pytest.mark.real
@pytest.mark.parametrize("name", ["phases-champion-loso", "both-chosen-greedy-loso", "phases-champion-placebo-loso"])
def test_the_archives_have_the_digests_that_were_planned(name, flow_archive, phase_archive):
    planned = archive_runs()[name]
    samples = open_planned(planned, {"megc2019-flow": flow_archive, "megc2019-phases": phase_archive})
    assert samples.digest.startswith(planned.samples_digest)
    assert samples.name == planned.data


@pytest.mark.long
def test_no_real_reference_holds_shuffled_labels(monkeypatch):
    monkeypatch.delenv("MERLIB_REFERENCES", raising=False)  # the committed ones
    truth = {}
    for folder in ("megc2019_flow", "megc2019_phases", "megc2019_flow_and_megc2019_phases"):
        for frame in every_reference(folder):
            keys = frame["dataset"] + "/" + frame["subject"] + "/" + frame["clip"]
            for key, label in zip(keys, frame["label"], strict=True):
                assert truth.setdefault(key, label) == label
    states = planned_states(archive_runs())
    shuffled = states["phases-champion-placebo-loso"].predictions
    if shuffled is not None:
        keys = shuffled["dataset"] + "/" + shuffled["subject"] + "/" + shuffled["clip"]
        assert np.mean([truth[key] == label for key, label in zip(keys, shuffled["label"], strict=True)]) < 0.7
