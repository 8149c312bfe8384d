"""Recipes: as printed in the papers, and shortened by one rule."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from merlib.errors import MerlibError
from merlib.learning import Experiment
from merlib.learning.losses import bind_loss
from merlib.learning.recipes import RECIPES, Recipe, abridge, epochs_and_steps, get_recipe
from merlib.models import available
from merlib.models.registry import model_module
from merlib.profiles import PROFILES, get_profile


def test_am3f_trains_as_printed_in_sections_3_3_and_4_3():
    recipe = get_recipe("am3f_flownet")
    assert (recipe.optimiser, recipe.learning_rate, recipe.weight_decay) == ("adam", 1e-4, 1e-4)
    assert (recipe.epochs, recipe.batch_size, recipe.schedule) == (70, 8, "constant")
    assert (recipe.loss, recipe.loss_options) == ("lasce", {"tau": 0.5})
    assert recipe.augmentation == ("flip", "jitter")
    assert recipe.adjusted_inference is False


def test_ststnet_trains_as_its_published_script_does():
    recipe = get_recipe("ststnet")
    assert (recipe.optimiser, recipe.learning_rate, recipe.weight_decay) == ("adam", 5e-5, 0.0)
    assert (recipe.epochs, recipe.batch_size, recipe.loss) == (800, 256, "ce")
    assert (recipe.shuffle, recipe.augmentation, recipe.normalisation) == (False, (), "none")


def test_the_linear_row_sees_mirrored_copies():
    assert get_recipe("linear").augmentation == ("mirrored_copies",)


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_survive_json(name):
    recipe = get_recipe(name)
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again == recipe


def test_unknown_fields_and_recipes_are_refused_by_name():
    with pytest.raises(MerlibError, match=r"unknown recipe field 'learning_rat'(.|\n)*did you mean 'learning_rate'"):
        Recipe.from_dict({"name": "x", "learning_rat": 1.0})
    with pytest.raises(MerlibError, match=r"unknown recipe 'am3f'(.|\n)*am3f_flownet"):
        get_recipe("am3f")


@pytest.mark.parametrize("name", RECIPES)
def test_the_paper_profile_changes_nothing(name):
    assert abridge(get_recipe(name), get_profile("paper")) == get_recipe(name)


def test_abridged_am3f_makes_up_for_fewer_steps():
    # published 70/8 = 8.75 steps a row; teach 20/16 = 1.25: seven times the rate
    teach = abridge(get_recipe("am3f_flownet"), get_profile("teach"))
    assert (teach.epochs, teach.batch_size) == (20, 16)
    assert teach.learning_rate == pytest.approx(7e-4)
    paper = get_recipe("am3f_flownet")
    assert teach.learning_rate * 20 / 16 == pytest.approx(paper.learning_rate * 70 / 8)
    unchanged = {"epochs", "batch_size", "learning_rate"}
    drop = lambda recipe: {k: v for k, v in recipe.to_dict().items() if k not in unchanged}  # noqa: E731
    assert drop(teach) == drop(paper)


def test_the_rate_rises_tenfold_at_most_and_never_falls():
    smoke = get_profile("smoke")
    assert abridge(get_recipe("am3f_flownet"), smoke).learning_rate == pytest.approx(1e-3)  # 93-fold otherwise
    short = Recipe(name="short", learning_rate=1e-3, epochs=2, batch_size=256)
    assert abridge(short, smoke).learning_rate == 1e-3  # 2/32 steps a row, more than 2/256
    assert abridge(short, smoke).epochs == 2


def test_a_step_schedule_is_shortened_with_the_epochs():
    # 50 epochs in steps of ten fall four times; so do 20 in steps of four
    stepped = Recipe(name="stepped", schedule="step", step_epochs=10, epochs=50, batch_size=16)
    assert abridge(stepped, get_profile("teach")).step_epochs == 4
    assert abridge(stepped, get_profile("smoke")).step_epochs == 1
    assert abridge(replace(stepped, schedule="constant"), get_profile("teach")).step_epochs == 10


def test_a_decay_that_ends_early_is_shortened_with_the_epochs_and_absent_from_other_digests():
    recipe = get_recipe("mmnet")
    assert (recipe.epochs, recipe.decay_epochs) == (99, 50)
    assert abridge(recipe, get_profile("teach")).decay_epochs == 10
    assert abridge(get_recipe("capsulenet"), get_profile("teach")).decay_epochs == 0
    assert "decay_epochs" not in get_recipe("uamrn").to_dict()
    assert recipe.to_dict()["decay_epochs"] == 50


def test_every_registered_model_has_a_recipe_and_a_loss_that_exists():
    assert {name for name in available() if model_module(name).startswith("merlib.")} <= set(RECIPES)
    for recipe in RECIPES.values():
        bind_loss(recipe.loss, recipe.loss_options)


@pytest.mark.parametrize(
    ("name", "published"),
    {
        "off_apexnet": {"optimiser": "adam", "learning_rate": 1e-4, "epochs": 3000, "batch_size": 64, "loss": "ce"},
        "dual_inception": {"learning_rate": 1e-4, "epochs": 40, "batch_size": 3, "loss": "weighted_ce"},
        "resnet18": {"learning_rate": 1e-4, "weight_decay": 1e-3, "epochs": 50, "batch_size": 32},
        "rcn": {"optimiser": "sgd", "momentum": 0.9, "learning_rate": 5e-4, "step_factor": 0.5, "epochs": 20},
        "capsulenet": {"learning_rate": 1e-4, "step_factor": 0.9, "epochs": 30, "batch_size": 32, "loss": "margin"},
        "mmnet": {"optimiser": "adamw", "learning_rate": 8e-4, "weight_decay": 0.7, "batch_size": 24},
        "htnet": {"optimiser": "adam", "learning_rate": 5e-5, "epochs": 800, "batch_size": 256, "shuffle": False},
        "microexpstcnn": {"optimiser": "sgd", "momentum": 0.0, "learning_rate": 1e-2, "epochs": 100, "batch_size": 16},
    }.items(),
)
def test_baselines_train_as_published(name, published):
    values = get_recipe(name).to_dict()
    assert {field: values[field] for field in published} == published


@pytest.mark.parametrize("profile", ["smoke", "teach"])
@pytest.mark.parametrize("name", RECIPES)
def test_abridged_recipes_stay_within_their_profile(name, profile):
    recipe, limit = abridge(get_recipe(name), get_profile(profile)), PROFILES[profile]
    assert recipe.epochs <= limit.max_epochs
    assert recipe.batch_size == limit.batch_size


def test_astnet_shows_each_training_row_twenty_times_and_abridged_once():
    recipe = get_recipe("astnet")
    assert (recipe.copies, recipe.augmentation) == (20, ("flip", "rotate", "crop"))
    teach = abridge(replace(recipe, learning_rate=1e-6, epochs=4), get_profile("teach"))
    assert teach.copies == 1
    assert teach.learning_rate == pytest.approx(1e-5)  # 4 x 20 / 32 steps a row against 4 / 16: tenfold


def test_larnet_trains_as_printed_in_section_4_2_1():
    recipe = get_recipe("larnet")
    assert (recipe.optimiser, recipe.nesterov, recipe.momentum) == ("sgd", True, 0.9)
    assert (recipe.learning_rate, recipe.weight_decay, recipe.batch_size) == (1e-2, 1e-4, 64)
    assert recipe.augmentation == ("flip", "flip_vertical", "pad_crop")
    assert recipe.iterations == 12_000


@pytest.mark.parametrize("rows", [5000, 1476, 65, 64, 40])
def test_larnet_takes_12000_steps_whatever_the_number_of_frames(rows):
    epochs, steps = epochs_and_steps(get_recipe("larnet"), rows)
    batches = max(1, rows // 64 + (rows % 64 > 1))
    assert steps == 12_000
    assert (epochs - 1) * batches < 12_000 <= epochs * batches


def test_a_recipe_that_counts_epochs_takes_as_many_steps_as_its_batches():
    short = Recipe(name="short", epochs=3, batch_size=8)
    assert [epochs_and_steps(short, rows) for rows in (16, 17, 18, 1)] == [(3, 6), (3, 6), (3, 9), (3, 3)]
    assert epochs_and_steps(replace(short, copies=2), 9) == (3, 9)  # 18 rows an epoch: 8, 8 and 2
    assert abridge(get_recipe("larnet"), get_profile("teach")).iterations == 0


def test_a_recipe_without_copies_has_the_digest_it_had_before_there_were_any():
    recipe = get_recipe("am3f_flownet")
    assert "copies" not in recipe.to_dict()
    assert replace(recipe, copies=2).to_dict()["copies"] == 2
    experiment = Experiment.for_profile("am3f_flownet", get_profile("teach"))
    assert experiment.training_digest.startswith("4a45f6c4d6be")  # a committed reference carries it


def test_every_hand_crafted_method_has_a_recipe_without_copies_or_normalisation():
    for name in available():
        if model_module(name).startswith("merlib.models.handcrafted."):
            recipe = get_recipe(name)
            assert (recipe.name, recipe.augmentation, recipe.normalisation) == (name, (), "none")
