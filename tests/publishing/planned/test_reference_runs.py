"""Committed runs side by side: named apart, leaks left out, doubles once, with what they cost."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.learning import Experiment, get_recipe, save_reference
from merlib.learning.store.references import VARIABLE
from merlib.publishing.planned.runs import abridged_note, beside_reported, reference_runs, training_table


@pytest.fixture
def commit(tmp_path, monkeypatch):
    """Return a function that commits predictions of one experiment on the same clips."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))

    def commit(model="linear", protocol="loso", label="", wrong=0, leaky=False, curves=None, samples=None, recipe=None):
        samples = samples or make_samples()
        experiment = Experiment(model, recipe or get_recipe(model), protocol, label=label)
        frame = make_predictions(samples, wrong)
        more = {"curves": json.dumps(curves or {}), "shares_subjects": leaky, "experiment": experiment.to_dict()}
        frame.attrs |= more
        return save_reference(frame, experiment, samples, tmp_path)

    return commit


def test_runs_are_named_by_model_protocol_and_epochs_and_leave_one_out_comes_first(commit):
    commit(protocol="groupkfold:10", label="Linear on pixels")
    commit("am3f_flownet", label="CE", curves={"0/fold00": {"loss": [1.0]}})
    runs = reference_runs("megc2019_flow_twin")
    epochs = get_recipe("am3f_flownet").epochs
    assert list(runs) == [
        f"CE (am3f_flownet), leave one subject out, {epochs} epochs",
        "Linear on pixels, 10 folds",
    ]
    table = training_table(runs)
    assert table["seeds"].tolist() == ["0", "0"]
    assert table["clips"].tolist() == [24, 24]
    assert table["hours"].tolist() == pytest.approx([1 / 3600] * 2)
    assert table["processor"].tolist() == ["test", "test"]


def test_a_run_that_shares_subjects_is_left_out(commit):
    commit(protocol="clipkfold:10:0", leaky=True)
    assert reference_runs("megc2019_flow_twin") == {}


def test_the_same_answers_of_one_experiment_count_once_and_other_answers_are_told_apart(commit):
    commit(label="linear")
    commit(label="linear", samples=make_samples(n=24).with_inputs({"puzzle": make_samples().inputs["flow"]}))
    assert len(reference_runs("megc2019_flow_twin")) == 1
    commit(label="linear", wrong=3, samples=make_samples(n=24).with_inputs({"other": make_samples().inputs["flow"]}))
    assert len(reference_runs("megc2019_flow_twin")) == 2


def test_without_references_there_are_no_runs(monkeypatch):
    monkeypatch.setenv(VARIABLE, "off")
    assert reference_runs("megc2019_flow") == {}


def test_only_runs_shorter_than_their_recipe_are_called_abridged(commit):
    commit("ststnet", label="STSTNet", curves={"0/a": {"loss": [1.0]}})
    assert abridged_note(reference_runs("megc2019_flow_twin")) == ""
    short = replace(get_recipe("ststnet"), epochs=20)
    commit("ststnet", "groupkfold:10", "STSTNet", curves={"0/a": {"loss": [1.0]}}, recipe=short)
    told = abridged_note(reference_runs("megc2019_flow_twin"))
    assert told == "1 of 2 runs by an abridged recipe: STSTNet, 10 folds, 20 epochs"


def test_what_a_paper_prints_stands_beside_unabridged_runs(commit):
    short = replace(get_recipe("dual_atme"), epochs=20)
    commit("dual_atme", label="HARS + AARS", curves={"0/fold00": {"loss": [1.0]}})
    commit("dual_atme", label="lambda 0.1", protocol="groupkfold:10", curves={"0/fold00": {"loss": [1.0]}})
    commit("dual_atme", label="HARS", recipe=short, curves={"0/fold00": {"loss": [1.0]}})
    commit("linear", label="Linear on pixels", wrong=1)
    runs = reference_runs("megc2019_flow_twin")
    values, low, high = (pd.DataFrame({"full.uf1": value}, index=list(runs)) for value in (0.7, 0.66, 0.74))
    table = beside_reported(runs, values, low, high)
    epochs = get_recipe("dual_atme").epochs
    assert list(table.index) == [
        f"HARS + AARS (dual_atme), leave one subject out, {epochs} epochs",
        f"lambda 0.1 (dual_atme), 10 folds, {epochs} epochs",
    ]
    assert table["artefact"].tolist() == ["dual_atme.table1", "dual_atme.table5"]
    assert table["reported"].tolist() == [0.679, 0.651]
    assert table["inside"].tolist() == ["yes", "no"]


def test_a_printed_number_may_be_rounded_into_the_interval(commit):
    commit("dual_atme", label="HARS + AARS", curves={"0/fold00": {"loss": [1.0]}})
    runs = reference_runs("megc2019_flow_twin")
    values, low, high = (pd.DataFrame({"full.uf1": value}, index=list(runs)) for value in (0.7, 0.6794, 0.74))
    assert beside_reported(runs, values, low, high)["inside"].tolist() == ["yes"]  # .679 may have been .6794
