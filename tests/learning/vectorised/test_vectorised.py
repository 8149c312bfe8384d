"""Folds trained together compute what folds trained one by one compute, whatever their sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from toy_samples import make_experiment, make_samples

from merlib.clips.puzzle import with_puzzle
from merlib.datasets import open_samples
from merlib.errors import MerlibError
from merlib.learning import Experiment, engine, run
from merlib.learning.folds import Fold, make_folds
from merlib.learning.store.fold_store import FoldStore
from merlib.learning.training import loop as training
from merlib.learning.training.loop import build_optimiser, train_fold
from merlib.learning.vectorised import program as vectorised
from merlib.learning.vectorised.masked_norm import MaskedNorm, counting
from merlib.learning.vectorised.program import train_folds
from merlib.learning.vectorised.stacked_optimiser import StackedOptimiser
from merlib.profiles import get_profile

UNEQUAL = ([0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8])  # in batches of four: 4 + 3, 4, 4 + 5


def unequal_folds() -> list[Fold]:
    test = np.array([9, 10, 11])
    return [Fold(f"fold{i:02d}", np.array(train), test) for i, train in enumerate(UNEQUAL)]


def apart(experiment, samples, folds, seed=0):
    return [train_fold(experiment, samples, fold, seed) for fold in folds]


def still(**changes):
    """An experiment without chance in its layers and augmentation."""
    return make_experiment(options={"dropout": 0.0}, augmentation=(), **changes)


@pytest.mark.parametrize(
    "recipe",
    [
        {"weight_decay": 0.1, "betas": (0.5, 0.99)},
        {"optimiser": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"optimiser": "sgd", "momentum": 0.9},
        {"optimiser": "adamw", "weight_decay": 5.0, "betas": (0.5, 0.99)},
        {"schedule": "step", "step_epochs": 1, "step_factor": 0.1, "decay_epochs": 1},
        {"schedule": "step", "step_epochs": 1, "step_factor": 0.1},
        {"schedule": "cosine", "copies": 2, "normalisation": "unit"},
        {"loss": "lasce", "loss_options": {"tau": 0.5}, "adjusted_inference": True},
        {"loss": "weighted_ce", "normalisation": "none", "learning_rate": 1e-4},
    ],
)
def test_folds_of_any_size_give_scores_and_curves_of_the_readable_loop(samples, recipe):
    experiment, folds = still(**recipe), unequal_folds()
    together = train_folds(experiment, samples, [(fold, 0) for fold in folds])
    for ours, theirs in zip(together, apart(experiment, samples, folds), strict=True):
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=2e-4)
        for name in ("loss", "accuracy"):
            np.testing.assert_allclose(ours.curves[name], theirs.curves[name], rtol=1e-4, atol=1e-5)
        for name, value in theirs.model.state_dict().items():
            torch.testing.assert_close(ours.model.state_dict()[name], value, rtol=1e-3, atol=1e-3, msg=name)


def test_each_fold_jitters_flow_in_pixels_by_its_own_training_rows():
    maps = np.random.default_rng(0).normal(0, 1, (12, 3, 6, 6)).astype(np.float32)
    small = maps * np.array([1, 1, 0.01], np.float32)[:, None, None]  # as strain is beside flow in pixels
    experiment = make_experiment(options={"dropout": 0.0}, augmentation=("jitter",), normalisation="standardise")
    pairs = [(fold, 0) for fold in unequal_folds()]
    both = [train_folds(experiment, make_samples(inputs={"flow": rows}, unit="px"), pairs) for rows in (maps, small)]
    for one, other in zip(*both, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)


def test_a_loss_of_the_models_own_reaches_its_parameters_in_every_fold():
    samples = make_samples(names=("flow", "puzzle"))
    experiment = make_experiment("two_inputs", augmentation=(), auxiliary_weight=0.5, normalisation="none")
    folds = unequal_folds()
    together = train_folds(experiment, samples, [(fold, 0) for fold in folds])
    for ours, theirs in zip(together, apart(experiment, samples, folds), strict=True):
        assert theirs.model.offset.item() != 1.0
        assert ours.model.offset.item() == pytest.approx(theirs.model.offset.item(), abs=1e-5)


@pytest.fixture
def double(monkeypatch):
    """Compute in float64, where rounding turns no maximum and no ReLU."""

    def as_doubles(samples, rows):
        return {name: torch.from_numpy(np.array(values[rows], np.float64)) for name, values in samples.inputs.items()}

    monkeypatch.setattr(training, "as_tensors", as_doubles)
    monkeypatch.setattr(vectorised, "as_tensors", as_doubles)
    monkeypatch.setattr(training, "fast_forward", lambda model: model)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.long
@pytest.mark.parametrize(
    ("model", "options"), [("am3f_flownet", {"filters": (2, 3)}), ("dual_atme", {"hidden": 8}), ("ststnet", {})]
)
def test_the_first_update_of_each_network_is_that_of_the_readable_loop(model, options, double):
    samples = with_puzzle(open_samples("megc2019-flow", {}))
    samples = samples.take(np.arange(0, len(samples), 30))
    recipe = {"augmentation": (), "epochs": 1, "batch_size": 1000, "optimiser": "sgd", "learning_rate": 1.0}
    still = {"weight_decay": 0.0, "schedule": "constant"}  # the update is the gradient
    options = {**options, "dropout": 0.0}
    experiment = Experiment.for_profile(model, get_profile("paper"), options=options, **recipe, **still)
    folds = [Fold(f.name, f.train[:: 1 + i], f.test) for i, f in enumerate(make_folds("groupkfold:2", samples))]
    together = train_folds(experiment, samples, [(fold, 0) for fold in folds])
    for ours, theirs in zip(together, apart(experiment, samples, folds), strict=True):
        assert ours.curves["loss"][0] == pytest.approx(theirs.curves["loss"][0], abs=1e-6)
        for (name, value), of_ours in zip(theirs.model.named_parameters(), ours.model.parameters(), strict=True):
            torch.testing.assert_close(of_ours, value, atol=1e-6, rtol=1e-6, msg=name)


def test_masked_rows_move_neither_output_nor_statistics_of_batch_norm():
    torch.manual_seed(0)
    norm, twin = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    masked = MaskedNorm(twin).train()
    rows = torch.randn(4, 3, 5, 5)
    filled = torch.cat([rows, 1e3 * torch.ones(2, 3, 5, 5)])
    with counting(torch.tensor([1.0, 1, 1, 1, 0, 0])):
        ours = masked(filled)[:4]
    torch.testing.assert_close(ours, norm(rows))
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        torch.testing.assert_close(getattr(masked, name), getattr(norm, name))
    before = masked.running_mean.clone()
    with counting(torch.zeros(6)):
        masked(filled)
    assert torch.equal(masked.running_mean, before)
    assert masked.num_batches_tracked == 1


@pytest.mark.parametrize("optimiser", ["adam", "adamw"])
def test_a_fold_without_a_batch_keeps_parameters_momentum_and_count_of_steps(optimiser):
    experiment = still(optimiser=optimiser, weight_decay=0.1)
    stacked = {"w": torch.ones(2, 3, requires_grad=True)}
    optimiser = StackedOptimiser(experiment.recipe, stacked)
    single = nn.Linear(3, 1, bias=False)
    nn.init.ones_(single.weight)
    reference = build_optimiser(experiment.recipe, single)
    for step in range(3):
        gradient = torch.tensor([1.0, -2.0, 0.5]) * (step + 1)
        stacked["w"].grad = torch.stack([gradient, gradient])
        optimiser.step(experiment.recipe.learning_rate, torch.tensor([True, step == 0]))
        if step == 0:
            after_one = stacked["w"][1].detach().clone()
        single.weight.grad = gradient[None]
        reference.step()
    torch.testing.assert_close(stacked["w"][0].detach(), single.weight[0].detach())
    assert torch.equal(stacked["w"][1], after_one)
    assert optimiser.steps.tolist() == [3, 1]


def test_chance_is_that_of_the_seed_and_each_fold_has_its_own(samples):
    experiment = make_experiment(options={"dropout": 0.5})
    folds = [*unequal_folds()[:1], replace(unequal_folds()[0], name="fold09")]
    first, again = (train_folds(experiment, samples, [(fold, 0) for fold in folds]) for _ in range(2))
    assert np.array_equal(first[0].scores, again[0].scores)
    assert not np.allclose(first[0].scores, first[1].scores)
    other = train_folds(experiment, samples, [(fold, 1) for fold in folds])
    assert not np.allclose(first[0].scores, other[0].scores)


def test_the_callers_chance_is_left_alone(samples):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    train_folds(make_experiment(), samples, [(fold, 0) for fold in unequal_folds()])
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.long
def test_a_run_together_agrees_with_a_run_apart_within_the_noise_of_a_seed(tmp_path):
    samples = make_samples(people=8, each=6)
    signal = samples.labels[:, None, None, None] * 60.0  # a class that can be told, so that accuracy means something
    samples = samples.with_inputs({"flow": samples.inputs["flow"] * 0.3 + signal.astype(np.float32)})
    experiment = make_experiment(protocol="groupkfold:4", seeds=(0, 1, 2), epochs=8)
    told = {}
    for together in (False, True):
        frame = run(experiment, samples, FoldStore(tmp_path / str(together)), workers=1, together=together)
        told[together] = (frame["label"] == frame["prediction"]).groupby(frame["seed"]).mean()
    noise = max(told[False].std(), told[True].std(), 0.02)
    assert abs(told[True].mean() - told[False].mean()) < 3 * noise
    assert told[True].min() > 0.6


def test_entries_of_both_paths_lie_apart_and_a_missing_one_trains_all(samples, tmp_path):
    store, experiment = FoldStore(tmp_path), make_experiment()
    first = run(experiment, samples, store, workers=1, together=True)
    assert len(list(store.keys())) == 2
    run(experiment, samples, store, workers=1)
    assert len(list(store.keys())) == 4
    found = {key: store.load(key)[1] for key in sorted(store.keys())}
    kept = [key for key, meta in found.items() if meta.get("path") == "folds together"]
    assert len(kept) == 2
    store.path(kept[0]).unlink()
    again = run(experiment, samples, store, workers=1, together=True)
    assert again.attrs["origin"].startswith("2 of 2 folds trained now")
    assert again.drop(columns="experiment").equals(first.drop(columns="experiment"))


def test_a_gpu_is_chosen_by_itself_and_named_by_the_environment(monkeypatch):
    monkeypatch.delenv("MERLIB_DEVICE", raising=False)
    monkeypatch.setattr(engine, "version", lambda name: "2.13.0+cpu")
    assert engine.default_device() == "cpu"
    monkeypatch.setattr(engine, "version", lambda name: "2.13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert engine.default_device() == "cuda"
    monkeypatch.setenv("MERLIB_DEVICE", "cpu")
    assert engine.default_device() == "cpu"


def test_a_cluster_that_was_named_gets_the_folds_one_by_one(samples, tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr(engine, "check_device", lambda device, named: device)  # as on a machine with a card
    monkeypatch.setattr(engine, "_train_all", lambda tasks, work, workers, dask: sent.append((len(tasks), dask)))
    with pytest.raises(MerlibError, match="are missing"):
        run(make_experiment(), samples, FoldStore(tmp_path), device="cuda", dask="tcp://host:8786")
    assert sent == [(2, "tcp://host:8786")]


def test_a_loss_that_diverges_in_one_fold_is_told_by_its_name(samples):
    samples.inputs["flow"][8] = np.nan  # of the third fold's training rows alone
    experiment = still(normalisation="none")
    with pytest.raises(MerlibError, match=r"epoch 1 of fold fold02, seed 0"):
        train_folds(experiment, samples, [(fold, 0) for fold in unequal_folds()])


def test_an_unknown_precision_is_refused(samples):
    with pytest.raises(MerlibError, match="float32, tf32, bf16"):
        train_folds(make_experiment(), samples, [], precision="half")


def test_bfloat16_trains_to_nearly_the_same_loss(samples):
    experiment, tasks = still(), [(fold, 0) for fold in unequal_folds()]
    exact, coarse = (train_folds(experiment, samples, tasks, precision=each) for each in ("float32", "bf16"))
    assert exact[0].curves["loss"] != coarse[0].curves["loss"]
    np.testing.assert_allclose(coarse[0].curves["loss"], exact[0].curves["loss"], rtol=0.1)


@pytest.mark.long
@pytest.mark.parametrize(
    ("model", "options", "shape"),
    [
        ("astnet", {"width": 4, "dropout": 0.0, "steps": 3}, {"flow_sequence": (3, 3, 64, 64)}),
        ("uamrn", {"width": 16, "front_size": 16, "length": 4, "dropout": 0.0, "masked": True}, {"front": (4, 16)}),
    ],
)
def test_networks_that_read_clips_train_together_as_apart(model, options, shape):
    """Frames folded into rows of the batch share their clip's weight; UAMRN's own chance is left out."""
    rng = np.random.default_rng(0)
    samples = make_samples()
    inputs = {name: rng.standard_normal((len(samples), *each), np.float32) for name, each in shape.items()}
    samples = replace(samples, inputs=inputs, unit="px")
    options = options | ({"monte_carlo": 0} if model == "uamrn" else {})
    experiment = Experiment.for_profile(model, get_profile("smoke"), options=options, optimiser="adam", augmentation=())
    folds = unequal_folds()
    together = train_folds(experiment, samples, [(fold, 0) for fold in folds])
    for ours, theirs in zip(together, apart(experiment, samples, folds), strict=True):
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=5e-3)
        np.testing.assert_allclose(ours.curves["loss"], theirs.curves["loss"], rtol=1e-3)


def test_uamrn_weighs_its_loss_by_uncertainty_in_folds_trained_together():
    samples = make_samples()
    front = np.random.default_rng(1).standard_normal((len(samples), 4, 16), np.float32)
    samples = replace(samples, inputs={"front": front}, unit="px")
    options = {"width": 16, "front_size": 16, "length": 4, "masked": True}
    experiment = Experiment.for_profile("uamrn", get_profile("smoke"), options=options)
    results = train_folds(experiment, samples, [(fold, 0) for fold in unequal_folds()])
    assert all(np.isfinite(result.scores).all() for result in results)
    plain = train_folds(
        replace(experiment, recipe=replace(experiment.recipe, auxiliary_weight=0.0)),
        samples,
        [(fold, 0) for fold in unequal_folds()],
    )
    assert not np.allclose(results[0].scores, plain[0].scores, atol=1e-4)
