"""Training of one fold: the test rows decide nothing, chance is reproducible, divergence is told by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_samples import make_experiment, make_samples

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.folds import Fold, make_folds
from merlib.learning.losses import class_prior, logit_adjustment
from merlib.learning.recipes import Recipe
from merlib.learning.training import loop as training
from merlib.learning.training.augmentation import mirror
from merlib.learning.training.loop import batches, build_optimiser, build_schedule, train_fold
from merlib.learning.training.normaliser import Normaliser


class Watched(np.ndarray):
    """An array that tells which rows are read."""

    def __getitem__(self, rows):
        if isinstance(rows, np.ndarray) and rows.ndim == 1:
            self.told(set(map(int, rows)))
        return super().__getitem__(rows)


def watched(values, told):
    array = np.asarray(values).view(Watched)
    array.told = told
    return array


def first_fold(samples) -> Fold:
    return make_folds("groupkfold:2", samples)[0]


@pytest.mark.parametrize(("rows", "sizes"), [(16, [8, 8]), (17, [8, 9]), (18, [8, 8, 2]), (9, [9]), (1, [1]), (5, [5])])
def test_a_last_batch_of_one_joins_the_batch_before_it(rows, sizes):
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(0))
    parts = list(batches(order, 8))
    assert [len(part) for part in parts] == sizes
    assert torch.equal(torch.cat(parts), order)


def test_standardising_uses_mean_and_deviation_of_each_channel_of_the_training_rows():
    train = torch.tensor([[1.0, 3.0], [10.0, 30.0]]).reshape(2, 2, 1, 1)  # two rows of two channels
    normalise = Normaliser("standardise", {"flow": train})
    rows = torch.tensor([5.5, 16.5]).reshape(1, 2, 1, 1)
    scaled = normalise({"flow": rows})["flow"].flatten()
    torch.testing.assert_close(scaled, torch.tensor([0.0, 0.0]))
    spread = normalise({"flow": train})["flow"]
    torch.testing.assert_close(spread[:, 0].std(), torch.tensor(1.0))


def test_unit_divides_by_255_and_none_does_nothing():
    rows = {"flow": torch.full((1, 3, 2, 2), 51.0)}
    torch.testing.assert_close(Normaliser("unit", rows)(rows)["flow"], torch.full((1, 3, 2, 2), 0.2))
    assert torch.equal(Normaliser("none", rows)(rows)["flow"], rows["flow"])
    with pytest.raises(MerlibError, match="none, unit or standardise"):
        Normaliser("zscore", rows)


@pytest.mark.parametrize("normalisation", ["none", "unit", "standardise"])
def test_an_outlier_in_the_test_fold_changes_no_other_score(samples, normalisation):
    experiment, fold = make_experiment(normalisation=normalisation), first_fold(samples)
    before = train_fold(experiment, samples, fold, 0)
    samples.inputs["flow"][fold.test[0]] = 1e6
    after = train_fold(experiment, samples, fold, 0)
    assert np.array_equal(before.scores[1:], after.scores[1:])
    assert not np.array_equal(before.scores[0], after.scores[0])
    assert before.curves == after.curves


def test_the_prior_comes_from_training_labels_and_ignores_test_labels(samples, monkeypatch):
    seen = []

    def spy(labels, classes):
        seen.append(labels.tolist())
        return class_prior(labels, classes)

    monkeypatch.setattr(training, "class_prior", spy)
    fold = first_fold(samples)
    labels = samples.labels.copy()
    labels[fold.test] = 2
    other = replace(samples, labels=labels)
    results = [train_fold(make_experiment(loss="lasce"), one, fold, 0) for one in (samples, other)]
    assert seen == [samples.labels[fold.train].tolist()] * 2
    assert np.array_equal(results[0].scores, results[1].scores)


def test_no_test_row_is_read_before_training_has_ended(samples):
    fold, events = first_fold(samples), []
    test = set(map(int, fold.test))

    def told(rows):
        events.append("test" if rows & test else "train")

    samples.inputs["flow"] = watched(samples.inputs["flow"], told)
    object.__setattr__(samples, "labels", watched(samples.labels, told))
    train_fold(make_experiment(epochs=3), samples, fold, 0, beat=lambda share: events.append(share))
    assert events == ["train", "train", 1 / 3, 2 / 3, 1.0, "test"]


def test_augmentation_never_touches_test_rows(samples, monkeypatch):
    fold, seen = first_fold(samples), []

    def spy(inputs, *rest):
        seen.extend(inputs["flow"])
        return inputs

    monkeypatch.setattr(training, "augment_inputs", spy)
    train_fold(make_experiment(epochs=2), samples, fold, 0)
    train = {samples.inputs["flow"][row].tobytes() for row in fold.train}
    assert {row.numpy().tobytes() for row in seen} == train
    assert len(seen) == 2 * len(fold.train)


def test_the_last_epoch_is_scored_and_no_other(samples, monkeypatch):
    calls = []
    real = training.score
    monkeypatch.setattr(training, "score", lambda *a, **k: calls.append(1) or real(*a, **k))
    fold = first_fold(samples)
    result = train_fold(make_experiment(epochs=4), samples, fold, 0)
    normalise = Normaliser("standardise", training.as_tensors(samples, fold.train))
    again = real(result.model, normalise(training.as_tensors(samples, fold.test)))
    assert calls == [1]
    assert np.array_equal(result.scores, again)
    assert not np.array_equal(result.scores, train_fold(make_experiment(epochs=3), samples, fold, 0).scores)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(samples):
    fold = first_fold(samples)
    first, second, other = (train_fold(make_experiment(), samples, fold, seed) for seed in (0, 0, 1))
    assert np.array_equal(first.scores, second.scores)
    assert first.curves == second.curves
    assert not np.array_equal(first.scores, other.scores)


def test_two_folds_of_the_same_rows_draw_their_own_chance(samples):
    fold = first_fold(samples)
    twin = Fold("another name", fold.train, fold.test)
    a, b = (train_fold(make_experiment(), samples, one, 0) for one in (fold, twin))
    assert not np.array_equal(a.scores, b.scores)


def test_a_diverging_loss_stops_with_the_name_of_the_fold(samples):
    experiment = make_experiment(optimiser="sgd", learning_rate=1e30, label="too fast")
    with pytest.raises(MerlibError, match=r"loss (nan|inf) in epoch \d of fold fold00, seed 7, too fast"):
        train_fold(experiment, samples, first_fold(samples), 7)


def test_weights_that_diverge_in_the_very_last_step_are_not_reported(samples):
    experiment = make_experiment(optimiser="sgd", learning_rate=1e38, epochs=1, batch_size=64)
    with pytest.raises(MerlibError, match=r"scores that are not finite after the last epoch of fold fold00"):
        train_fold(experiment, samples, first_fold(samples), 0)


def test_an_infinite_input_stops_with_the_name_of_the_fold(samples):
    fold = first_fold(samples)
    samples.inputs["flow"][fold.train[0], 0, 0, 0] = np.inf  # altered after the samples were checked
    with pytest.raises(MerlibError, match="of fold fold00, seed 0"):
        train_fold(make_experiment(), samples, fold, 0)


@pytest.mark.long
def test_am3f_learns_one_batch_of_eight_by_heart():
    samples = make_samples(3, 4, size=28)
    fold = Fold("one batch", np.arange(8), np.arange(8, 12))
    options = {"filters": [4, 4], "dropout": 0.0}
    experiment = make_experiment(
        "am3f_flownet", options=options, epochs=40, batch_size=8, augmentation=(), loss="lasce"
    )
    curves = train_fold(experiment, samples, fold, 0).curves
    assert curves["accuracy"][-1] == 1.0
    assert curves["loss"][-1] < 0.1 < curves["loss"][0]


def test_curves_hold_the_mean_loss_and_accuracy_over_rows_of_each_epoch(samples):
    # weights that never move and one batch: cross entropy and hits of the untrained network, each epoch
    changes = {"learning_rate": 0.0, "batch_size": 6, "augmentation": (), "options": {"dropout": 0.0}}
    fold = first_fold(samples)
    result = train_fold(make_experiment(**changes), samples, fold, 0)
    train = training.as_tensors(samples, fold.train)
    labels = torch.from_numpy(samples.labels[fold.train])
    logits = result.model.train()(Normaliser("standardise", train)(train))
    assert result.curves["loss"] == pytest.approx([torch.nn.functional.cross_entropy(logits, labels).item()] * 3)
    assert result.curves["accuracy"] == [int((logits.argmax(1) == labels).sum()) / 6] * 3


def test_adjusted_inference_adds_the_prior_to_the_test_logits(samples):
    fold = Fold("uneven", np.array([0, 1, 2, 3, 6]), np.array([4, 5, 7]))  # classes 0, 1, 2, 0, 0
    raw = train_fold(make_experiment(loss="lasce"), samples, fold, 0)
    adjusted = train_fold(make_experiment(loss="lasce", adjusted_inference=True), samples, fold, 0)
    shift = logit_adjustment(torch.tensor([0.6, 0.2, 0.2])).double()
    expected = (torch.from_numpy(raw.scores).log() + shift).softmax(1).numpy()
    np.testing.assert_allclose(adjusted.scores, expected, rtol=1e-5)
    assert not np.allclose(raw.scores, expected, rtol=1e-2)


def test_the_auxiliary_loss_counts_with_its_weight_as_a_mean_over_rows():
    samples = make_samples(names=("flow", "puzzle"))
    fold = first_fold(samples)
    changes = {"learning_rate": 0.0, "augmentation": (), "epochs": 1}
    plain, weighted = (
        train_fold(make_experiment("two_inputs", auxiliary_weight=w, **changes), samples, fold, 0) for w in (0.0, 0.5)
    )
    assert weighted.curves["loss"][0] == pytest.approx(plain.curves["loss"][0] + 0.5)  # offset 1, squared


def test_both_inputs_of_a_row_are_mirrored_together(monkeypatch):
    samples = make_samples(names=("flow", "puzzle"))
    samples.inputs["puzzle"][:] = samples.inputs["flow"]
    seen = []
    real = training.augment_inputs
    monkeypatch.setattr(training, "augment_inputs", lambda *a: seen.append(real(*a)) or seen[-1])
    train_fold(make_experiment("two_inputs", augmentation=("flip",)), samples, first_fold(samples), 0)
    assert seen
    assert all(torch.equal(one["flow"], one["puzzle"]) for one in seen)


def test_only_the_inputs_a_model_names_are_read():
    samples = make_samples(names=("flow", "puzzle"))
    samples.inputs["puzzle"] = watched(samples.inputs["puzzle"], lambda rows: pytest.fail("puzzle was read"))
    train_fold(make_experiment(), samples, first_fold(samples), 0)


def test_inputs_are_not_searched_for_nan_again_at_every_fold(monkeypatch):
    samples = make_samples(names=("flow", "puzzle"))
    monkeypatch.setattr(Samples, "_check_finite", lambda self, name: pytest.fail(f"{name} was read again"))
    train_fold(make_experiment(), samples, first_fold(samples), 0)


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({"optimiser": "lion"}, "adam, adamw or sgd"),
        ({"schedule": "linear"}, "constant, cosine or step"),
        ({"loss": "hinge"}, "lasce"),
        ({"loss_options": {"tau": 1.0}}, "option of loss ce 'tau'"),
        ({"augmentation": ("spin",)}, "flip, flip_plain, flip_vertical, jitter"),
    ],
)
def test_a_recipe_that_names_something_unknown_lists_the_valid_names(samples, changes, valid):
    with pytest.raises(MerlibError, match=valid):
        train_fold(make_experiment(**changes), samples, first_fold(samples), 0)


def test_schedules_step_once_an_epoch():
    def rates(**changes):
        recipe = Recipe(name="x", learning_rate=1.0, epochs=4, **changes)
        optimiser = build_optimiser(recipe, torch.nn.Linear(1, 1))
        schedule, seen = build_schedule(recipe, optimiser), []
        for _ in range(4):
            seen.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step()
        return seen

    assert rates() == [1.0] * 4
    assert rates(schedule="step", step_epochs=2, step_factor=0.5) == [1.0, 1.0, 0.5, 0.5]
    assert rates(schedule="step", step_epochs=1, step_factor=0.5, decay_epochs=2) == [1.0, 0.5, 0.25, 0.25]
    assert rates(schedule="step", step_epochs=2, step_factor=0.5, decay_epochs=3) == [1.0, 1.0, 0.5, 0.5]
    np.testing.assert_allclose(rates(schedule="cosine"), [(1 + np.cos(np.pi * t / 4)) / 2 for t in range(4)])


def test_training_follows_the_schedule(samples):
    # a step to zero after the first epoch: the later ones, one batch without dropout, repeat the second's loss
    still = {"schedule": "step", "step_epochs": 1, "step_factor": 0.0, "augmentation": (), "batch_size": 6}
    result = train_fold(make_experiment(options={"dropout": 0.0}, **still), samples, first_fold(samples), 0)
    first, second, third = result.curves["loss"]
    assert first != second
    assert second == pytest.approx(third, rel=1e-6)


def test_optimisers_take_the_numbers_of_the_recipe():
    line = torch.nn.Linear(1, 1)
    adam = build_optimiser(Recipe(name="x", betas=(0.5, 0.9), weight_decay=0.1), line).defaults
    assert (adam["lr"], adam["betas"], adam["weight_decay"]) == (1e-3, (0.5, 0.9), 0.1)
    sgd = build_optimiser(Recipe(name="x", optimiser="sgd", momentum=0.9, nesterov=True), line).defaults
    assert (sgd["momentum"], sgd["nesterov"]) == (0.9, True)


def test_adamw_shrinks_parameters_apart_from_the_gradient_and_adam_does_not():
    moved = {}
    for name in ("adam", "adamw"):
        line = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.ones_(line.weight)
        optimiser = build_optimiser(Recipe(name="x", optimiser=name, learning_rate=0.1, weight_decay=0.7), line)
        line.weight.grad = torch.zeros(1, 1)
        optimiser.step()
        moved[name] = line.weight.item()
    # without a gradient AdamW takes rate times decay off; Adam sees the decay as a gradient and makes a whole step
    assert moved["adamw"] == pytest.approx(1 - 0.1 * 0.7)
    assert moved["adam"] == pytest.approx(1 - 0.1, abs=1e-6)


def test_mirrored_rows_are_normalised_with_the_statistics_of_the_rows_as_they_are(samples, monkeypatch):
    seen = []
    real = Normaliser.__init__
    monkeypatch.setattr(Normaliser, "__init__", lambda self, how, train: seen.append(train) or real(self, how, train))
    fold = first_fold(samples)
    train_fold(make_experiment(augmentation=("flip",)), samples, fold, 0)
    assert np.array_equal(seen[0]["flow"].numpy(), samples.inputs["flow"][fold.train])
    assert not np.array_equal(seen[0]["flow"].numpy(), mirror(samples.inputs["flow"][fold.train], "minmax255"))


def test_vectors_are_standardised_by_feature_and_sequences_of_maps_by_channel():
    random = torch.Generator().manual_seed(0)
    rows = {"front": 5 + 3 * torch.rand(20, 4, 6, generator=random), "flat": torch.rand(20, 6, generator=random)}
    rows["flow_sequence"] = 2 * torch.rand(20, 10, 3, 4, 4, generator=random)
    scaled = Normaliser("standardise", rows)(rows)
    for name, axes in (("front", (0, 1)), ("flat", (0,)), ("flow_sequence", (0, 1, 3, 4))):
        deviation, mean = torch.std_mean(scaled[name], axes)
        torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-5, rtol=0)
        torch.testing.assert_close(deviation, torch.ones_like(deviation), atol=1e-4, rtol=0)
    assert deviation.shape == (3,)


def test_each_epoch_shows_a_row_as_often_as_the_recipe_says_with_new_chance(samples, monkeypatch):
    seen = []
    real = training.augment_inputs
    monkeypatch.setattr(training, "augment_inputs", lambda *a: seen.append((a[0]["flow"], real(*a))) or seen[-1][1])
    fold = first_fold(samples)
    result = train_fold(make_experiment(epochs=1, copies=5, augmentation=("jitter",)), samples, fold, 0)
    originals = [row.numpy().tobytes() for before, _ in seen for row in before]
    copies = [row.numpy().tobytes() for _, after in seen for row in after["flow"]]
    train = {samples.inputs["flow"][row].tobytes() for row in fold.train}
    assert set(originals) == train
    assert {originals.count(row) for row in train} == {5}
    assert len(set(copies)) == 5 * len(train)
    assert 0 <= result.curves["accuracy"][0] <= 1


def test_long_inputs_are_scored_few_at_a_time(monkeypatch):
    sizes = []

    class Counts(torch.nn.Module):
        def forward(self, inputs):
            sizes.append(len(inputs["flow"]))
            return inputs["flow"].flatten(1)[:, :2]

    rows = {"flow": torch.rand(300, 10)}
    usual = training.score(Counts(), rows)
    monkeypatch.setattr(training, "VALUES_AT_ONCE", 75)
    few = training.score(Counts(), rows)
    assert np.array_equal(usual, few)
    assert sizes == [256, 44, *[7] * 42, 6]
    monkeypatch.setattr(training, "VALUES_AT_ONCE", 1)
    assert len(training.score(Counts(), {"flow": torch.rand(2, 10)})) == 2


class Four(torch.nn.Module):
    input_name = "flow"

    def __init__(self, classes: int = 3):
        super().__init__()
        self.line = torch.nn.Linear(108, 4)

    def forward(self, inputs):
        return self.line(inputs["flow"].flatten(1))


def test_a_model_of_other_classes_is_named_with_both_numbers(samples, monkeypatch):
    monkeypatch.setattr(training, "build_model", lambda *a, **k: Four())
    with pytest.raises(MerlibError, match=r"toy_net: logits \(4, 4\) for labels of 3 classes"):
        train_fold(make_experiment(), samples, first_fold(samples), 0)
    with pytest.raises(MerlibError, match="astnet: 5 classes as an option"):
        make_experiment("astnet", options={"classes": 5})


@pytest.mark.parametrize(
    ("model", "wanted"),
    [("astnet", "flow_sequence"), ("larnet", "frames"), ("uamrn", "front"), ("dual_atme", "puzzle")],
)
def test_samples_without_what_a_model_reads_are_refused_by_name(samples, model, wanted):
    options = {"astnet": {"width": 2}, "larnet": {"width": 2}, "uamrn": {"width": 8}}.get(model, {})
    with pytest.raises(MerlibError, match=f"{model}: samples toy with flow") as told:
        train_fold(make_experiment(model, options=options), samples, first_fold(samples), 0)
    assert wanted in told.value.expected


def test_a_sequence_too_short_is_named_with_the_length_that_came(samples):
    short = samples.with_inputs({"flow_sequence": np.zeros((12, 4, 3, 32, 32), np.float32)})
    with pytest.raises(MerlibError, match=r"astnet: input 'flow_sequence' \(4, 4, 3, 32, 32\)") as told:
        train_fold(make_experiment("astnet", options={"width": 2}, augmentation=()), short, first_fold(samples), 0)
    assert "(N, 10, 3, any, any)" in told.value.expected


@pytest.mark.parametrize("copies", [1, 2])
def test_astnet_and_uamrn_train_on_their_inputs(copies):
    random = np.random.default_rng(0)
    inputs = {
        "flow_sequence": random.normal(size=(8, 10, 3, 32, 32)).astype(np.float32),
        "front": random.normal(size=(8, 32, 12)).astype(np.float32),
    }
    samples = make_samples(4, 2, unit="px").with_inputs(inputs)
    changes = {"epochs": 1, "copies": copies, "augmentation": ("flip", "rotate", "crop")}
    for model, options in (("astnet", {"width": 2}), ("uamrn", {"width": 8, "front_size": 12})):
        experiment = make_experiment(model, options=options, auxiliary_weight=float(model == "uamrn"), **changes)
        scores = train_fold(experiment, samples, first_fold(samples), 0).scores
        np.testing.assert_allclose(scores.sum(1), 1.0, rtol=1e-5)


def test_a_jittered_channel_of_small_numbers_is_learnt_as_well_as_one_of_large_ones():
    maps = np.random.default_rng(0).normal(0, 1, (12, 3, 6, 6)).astype(np.float32)
    small = maps * np.array([1, 1, 0.01], np.float32)[:, None, None]  # as strain is beside flow in pixels
    experiment = make_experiment(augmentation=("jitter",), normalisation="standardise")
    alike = [make_samples(inputs={"flow": rows}, unit="px") for rows in (maps, small)]
    scores = [train_fold(experiment, one, first_fold(one), 0).scores for one in alike]
    np.testing.assert_allclose(*scores, atol=1e-3)


def test_training_stops_after_the_iterations_of_the_recipe_whatever_the_number_of_rows(samples, monkeypatch):
    seen, fold = [], first_fold(samples)
    plain = training.augment_inputs
    monkeypatch.setattr(training, "augment_inputs", lambda *args: seen.append(1) or plain(*args))
    result = train_fold(make_experiment(iterations=7, batch_size=4), samples, fold, 0)
    a_pass = len(list(batches(torch.arange(len(fold.train)), 4)))
    assert len(seen) == 7
    assert len(result.curves["loss"]) == -(-7 // a_pass) > 1
    assert np.isfinite(result.curves["loss"]).all()
