"""The planned reference runs: what the plan names, what is committed, and how a missing one is made."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from toy_samples import make_experiment, make_samples

from merlib.clips.puzzle import with_puzzle
from merlib.datasets import open_samples
from merlib.errors import MerlibError
from merlib.learning import engine, run, save_reference
from merlib.learning.recipes import get_recipe
from merlib.learning.store.fold_store import read_parquet, write_parquet
from merlib.learning.store.reference_sums import note_sum
from merlib.publishing.planned.plan import PlannedRun, planned_runs, planned_states, train_planned


@pytest.fixture
def plan(samples):
    return {"toy": PlannedRun(make_experiment(seeds=(0, 1), label="toy"), samples.digest)}


def commit(experiment, samples, root, tmp_path):
    predictions = run(experiment, samples, store=tmp_path / "store", workers=1, references=False)
    return save_reference(predictions, experiment, samples, root)


def test_the_plan_holds_the_runs_and_seeds_that_the_analysis_plan_names():
    plan = {name: planned.experiment for name, planned in planned_runs().items()}
    loso = {name: run.seeds for name, run in plan.items() if run.protocol == "loso"}
    assert loso == {
        "linear-loso": (0,),
        "ststnet-loso": (0, 1, 2),
        "dual-atme-loso": (0,),
        "am3f-loso-lasce": (0,),
        "am3f-loso-ce": (0,),
    }
    ten = [run for run in plan.values() if run.protocol == "groupkfold:10"]
    assert len(loso) + len(ten) == len(plan)
    assert [run.seeds for run in ten if run.model == "am3f_flownet"] == [(0, 1, 2)] * 7
    assert [run.seeds for run in ten if run.model == "dual_atme"] == [(0,)] * 11
    assert len({run.training_digest for run in plan.values()}) == len(plan)
    assert all(run.recipe.epochs == get_recipe(run.recipe.name).epochs for run in plan.values())


def test_the_plan_is_for_the_maps_as_published(flow_archive):
    samples = open_samples("megc2019-flow", {"megc2019-flow": flow_archive})
    digests = {planned.experiment.model: planned.samples_digest for planned in planned_runs().values()}
    assert digests.pop("dual_atme") == with_puzzle(samples).digest[:12]
    assert set(digests.values()) == {samples.digest[:12]}


def test_the_tables_of_losses_and_weights_are_what_their_names_say():
    recipes = {name: planned.experiment.recipe for name, planned in planned_runs().items()}
    assert {recipes[f"am3f-10-{name}"].loss for name in ("lasce", "without-mofrw", "without-msff")} == {"lasce"}
    assert recipes["am3f-10-ce"].loss == "ce"
    assert recipes["am3f-10-la-focal"].loss_options == {"tau": 0.5, "gamma": 2.0}
    assert recipes["dual-atme-10-lambda-0"].auxiliary_weight == 0
    assert recipes["dual-atme-10-hars-aars"].auxiliary_weight == 0.01
    assert recipes["dual-atme-10-hars-aars"].loss == "focal"
    sgd = recipes["dual-atme-10-ce-sgd"]
    assert (sgd.optimiser, sgd.momentum, sgd.loss) == ("sgd", 0.9, "ce")


def test_a_planned_run_is_trained_written_and_then_known(samples, plan, root, tmp_path, monkeypatch):
    assert planned_states(plan, "toy_twin")["toy"].to_train == (0, 1)
    path = train_planned("toy", samples, plan, "toy_twin", store=tmp_path / "store", workers=1)
    state = planned_states(plan, "toy_twin")["toy"]
    assert (state.missing, state.to_train) == ((), ())
    assert len(state.predictions) == 2 * len(samples)
    before = path.read_bytes()
    monkeypatch.setattr(engine, "train_task", lambda *a: pytest.fail("a fold was trained"))
    assert train_planned("toy", samples, plan, "toy_twin", store=tmp_path / "empty") == path
    assert path.read_bytes() == before


def test_only_missing_seeds_are_trained_while_the_code_is_the_same(samples, plan, root, tmp_path, monkeypatch):
    one = replace(plan["toy"].experiment, seeds=(1,), label="another name")
    path = commit(one, samples, root, tmp_path)
    spent = read_parquet(path)[1]["train_seconds"]
    state = planned_states(plan, "toy_twin")["toy"]
    assert (state.missing, state.to_train) == ((0,), (0,))
    assert set(state.predictions["experiment"]) == {"toy"}
    train_planned("toy", samples, plan, "toy_twin", store=tmp_path / "empty", workers=1)
    frame, meta = read_parquet(path)
    both = run(plan["toy"].experiment, samples, store=tmp_path / "both", workers=1, references=False)
    assert (
        frame.sort_values(["seed", "clip"])["prediction"].tolist()
        == both.sort_values(["seed", "clip"])["prediction"].tolist()
    )
    assert meta["experiment"]["seeds"] == [0, 1]
    assert meta["experiment_digest"] == plan["toy"].experiment.digest
    assert {name.split("/")[0] for name in json.loads(meta["curves"])} == {"0", "1"}
    assert meta["train_seconds"] >= spent


def test_seeds_of_other_code_are_trained_again_and_never_mixed(samples, plan, root, tmp_path, monkeypatch):
    one = replace(plan["toy"].experiment, seeds=(1,))
    path = commit(one, samples, root, tmp_path)
    frame, meta = read_parquet(path)
    write_parquet(frame.assign(prediction=0), meta | {"source_digest": "older"}, path)
    note_sum(path, root)
    state = planned_states(plan, "toy_twin")["toy"]
    assert (state.missing, state.to_train) == ((0,), (0, 1))
    train_planned("toy", samples, plan, "toy_twin", store=tmp_path / "store", workers=1)
    again, meta = read_parquet(path)
    assert again.loc[again["seed"] == 1, "prediction"].tolist() == frame["prediction"].tolist()
    assert meta["source_digest"] != "older"


def test_predictions_on_other_samples_are_not_the_planned_run_s(samples, plan, root, tmp_path):
    other = samples.with_inputs({**samples.inputs, "more": samples.inputs["flow"]})
    commit(plan["toy"].experiment, other, root, tmp_path)
    assert planned_states(plan, "toy_twin")["toy"].missing == (0, 1)
    with pytest.raises(MerlibError, match="which the plan was made for"):
        train_planned("toy", other, plan, "toy_twin", store=tmp_path / "store")


def test_seeds_beyond_the_plan_are_left_out(samples, plan, root, tmp_path):
    commit(replace(plan["toy"].experiment, seeds=(0, 1, 2)), samples, root, tmp_path)
    state = planned_states(plan, "toy_twin")["toy"]
    assert set(state.predictions["seed"]) == {0, 1}
    assert state.predictions.attrs["experiment"]["seeds"] == [0, 1]
    assert state.predictions.attrs["experiment_digest"] == plan["toy"].experiment.digest


def test_dual_atme_reads_the_puzzle(root, tmp_path, monkeypatch):
    monkeypatch.setattr("merlib.publishing.planned.plan.with_puzzle", lambda samples: pytest.fail("puzzle added"))
    with pytest.raises(pytest.fail.Exception, match="puzzle added"):
        train_planned("dual-atme-loso", make_samples(), store=tmp_path / "store")


def test_an_unknown_run_and_nowhere_to_write_are_clear_errors(samples):
    with pytest.raises(MerlibError, match="am3f-loso-lasce"):
        train_planned("am3f-loso-lasse", samples)
    with pytest.raises(MerlibError, match="MERLIB_REFERENCES=off"):
        train_planned("am3f-loso-lasce", samples)
