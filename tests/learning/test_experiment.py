"""Experiments: JSON round trip, and a digest that knows everything that decides a result."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from toy_samples import RECIPE

from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.recipes import Recipe, get_recipe
from merlib.profiles import get_profile

BASE = Experiment("am3f_flownet", get_recipe("am3f_flownet"), "loso", (0, 1), {"mofrw": False}, "AM3F")


def test_an_experiment_survives_json():
    again = Experiment.from_dict(json.loads(json.dumps(BASE.to_dict())))
    assert again == BASE
    assert again.digest == BASE.digest
    assert hash(again) == hash(BASE)


def test_tuples_and_lists_in_options_are_the_same_experiment():
    a, b = (replace(BASE, options={"filters": value}) for value in ((2, 3), [2, 3]))
    assert a == b
    assert a.digest == b.digest
    assert len({a, b}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"model": "ststnet"},
        {"protocol": "groupkfold:10"},
        {"seeds": (0, 2)},
        {"options": {"mofrw": True}},
        {"recipe": get_recipe("ststnet")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_but_the_label_changes_the_digest(change):
    assert set(change) <= {f.name for f in fields(Experiment)}
    assert replace(BASE, **change).digest != BASE.digest


def test_the_label_does_not_change_the_digest():
    assert replace(BASE, label="another name").digest == BASE.digest


OTHER = {
    "optimiser": "sgd",
    "learning_rate": 0.5,
    "betas": (0.5, 0.9),
    "momentum": 0.9,
    "nesterov": True,
    "weight_decay": 0.5,
    "schedule": "cosine",
    "step_epochs": 3,
    "step_factor": 0.5,
    "epochs": 99,
    "batch_size": 99,
    "loss": "focal",
    "loss_options": {"gamma": 1.0},
    "adjusted_inference": True,
    "auxiliary_weight": 0.5,
    "augmentation": ("flip",),
    "normalisation": "unit",
    "shuffle": False,
    "copies": 2,
    "decay_epochs": 5,
    "iterations": 12,
}


def test_every_field_of_the_recipe_but_its_name_changes_the_digest():
    assert set(OTHER) == {f.name for f in fields(Recipe)} - {"name"}
    base = Experiment("toy_net", RECIPE)
    digests = {replace(base, recipe=replace(RECIPE, **{name: value})).digest for name, value in OTHER.items()}
    assert len(digests | {base.digest}) == len(OTHER) + 1
    assert replace(base, recipe=replace(RECIPE, name="another")).digest == base.digest


def test_the_training_digest_ignores_seeds_so_that_runs_share_folds():
    assert replace(BASE, seeds=(5,)).training_digest == BASE.training_digest
    assert replace(BASE, options={}).training_digest != BASE.training_digest


@pytest.mark.parametrize("seeds", [(), (0, 1, 0)])
def test_no_seed_or_a_seed_twice_is_refused(seeds):
    with pytest.raises(MerlibError, match="at least one seed, each once"):
        replace(BASE, seeds=seeds)


def test_an_unknown_protocol_is_refused_at_once():
    with pytest.raises(MerlibError, match="groupkfold:K"):
        replace(BASE, protocol="kfold")


def test_a_profile_sets_protocol_seeds_and_length():
    teach = Experiment.for_profile("am3f_flownet", get_profile("teach"))
    assert (teach.protocol, teach.seeds, teach.recipe.epochs) == ("groupkfold:10", (0,), 20)
    paper = Experiment.for_profile("am3f_flownet", get_profile("paper"))
    assert (paper.protocol, paper.seeds, paper.recipe) == ("loso", (0, 1, 2), get_recipe("am3f_flownet"))


@pytest.mark.parametrize(
    ("loss", "options"), [("ce", {}), ("focal", {}), ("la_focal", {"tau": 0.5}), ("lasce", {"tau": 0.5})]
)
def test_another_loss_keeps_only_the_options_it_takes(loss, options):
    experiment = Experiment.for_profile("am3f_flownet", get_profile("teach"), loss=loss)
    assert (experiment.recipe.loss, experiment.recipe.loss_options) == (loss, options)


def test_loss_options_that_are_given_are_kept_as_they_are():
    changes = {"loss": "la_focal", "loss_options": {"gamma": 1.0}}
    assert Experiment.for_profile("am3f_flownet", get_profile("teach"), **changes).recipe.loss_options == {"gamma": 1.0}
