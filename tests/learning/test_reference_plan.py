"""The planned reference runs: what the plan names, what is committed, and how a missing one is made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import engine, run, save_reference
from merlib.learning.recipes import get_recipe
from merlib.learning.reference_plan import planned_runs, planned_states, train_planned


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "reference"))
    return tmp_path / "reference"


def test_the_plan_holds_what_the_analysis_plan_promises():
    plan = planned_runs()
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


def test_the_tables_of_losses_and_weights_are_what_their_names_say():
    plan = planned_runs()
    assert {plan[f"am3f-10-{name}"].recipe.loss for name in ("lasce", "without-mofrw", "without-msff")} == {"lasce"}
    assert plan["am3f-10-ce"].recipe.loss == "ce"
    assert plan["am3f-10-la-focal"].recipe.loss_options == {"tau": 0.5, "gamma": 2.0}
    assert plan["dual-atme-10-lambda-0"].recipe.auxiliary_weight == 0
    assert plan["dual-atme-10-hars-aars"].recipe.auxiliary_weight == 0.01
    assert plan["dual-atme-10-hars-aars"].recipe.loss == "focal"
    sgd = plan["dual-atme-10-ce-sgd"].recipe
    assert (sgd.optimiser, sgd.momentum, sgd.loss) == ("sgd", 0.9, "ce")


def test_a_planned_run_is_trained_written_and_then_known(samples, root, tmp_path, monkeypatch):
    plan = {"toy": make_experiment(seeds=(0, 1), label="toy")}
    assert planned_states(plan, "toy_twin")["toy"].missing == (0, 1)
    path = train_planned("toy", samples, plan, store=tmp_path / "store", workers=1)
    state = planned_states(plan, "toy_twin")["toy"]
    assert state.missing == ()
    assert len(state.predictions) == 2 * len(samples)
    before = path.read_bytes()
    monkeypatch.setattr(engine, "train_task", lambda *a: pytest.fail("a fold was trained"))
    assert train_planned("toy", samples, plan, store=tmp_path / "store") == path
    assert path.read_bytes() == before


def test_a_run_with_some_seeds_says_which_are_missing(samples, root, tmp_path):
    planned = make_experiment(seeds=(0, 1), label="toy")
    one = replace(planned, seeds=(1,), label="another name")
    save_reference(run(one, samples, store=tmp_path / "store", workers=1), one, samples, root)
    state = planned_states({"toy": planned}, "toy_twin")["toy"]
    assert state.missing == (0,)
    assert set(state.predictions["experiment"]) == {"toy"}


def test_dual_atme_reads_the_puzzle(samples, root, tmp_path, monkeypatch):
    monkeypatch.setattr("merlib.learning.reference_plan.with_puzzle", lambda samples: pytest.fail("puzzle added"))
    train_planned("toy", samples, {"toy": make_experiment()}, store=tmp_path / "store", workers=1)
    with pytest.raises(pytest.fail.Exception, match="puzzle added"):
        train_planned("dual-atme-loso", make_samples(), store=tmp_path / "store")


def test_an_unknown_run_and_nowhere_to_write_are_clear_errors(samples):
    with pytest.raises(MerlibError, match="am3f-loso-lasce"):
        train_planned("am3f-loso-lasse", samples)
    with pytest.raises(MerlibError, match="MERLIB_REFERENCES=off"):
        train_planned("am3f-loso-lasce", samples)
