"""What -p changes of a study: epochs, people and loss; the defaults leave all to the profile and the recipe."""

from __future__ import annotations

import pytest

from merlib.errors import MerlibError
from merlib.profiles import get_profile
from merlib.publishing.study import open_study


def study(tmp_path, **parameters):
    return open_study("04_am3f_flownet", store=str(tmp_path), **parameters)


def test_defaults_are_what_the_profile_and_the_recipe_say(tmp_path):
    plain = study(tmp_path)
    assert plain.profile == get_profile("smoke")
    assert plain.experiment("am3f_flownet", loss="") == plain.experiment("am3f_flownet")
    assert len(plain.samples("megc2019-flow")) == 442


@pytest.mark.parametrize(("profile", "epochs"), [("smoke", 5), ("paper", 5), ("paper", 500)])
def test_epochs_are_a_bound_that_the_record_says(tmp_path, profile, epochs):
    changed = study(tmp_path, profile=profile, epochs=epochs)
    assert changed.experiment("am3f_flownet").recipe.epochs == min(epochs, 70)
    assert f"{epochs} epochs" in changed.profile.description
    assert changed.profile.abridged
    assert changed.experiment("am3f_flownet").protocol == get_profile(profile).protocol


def test_people_take_part_whole_and_the_same_each_time(tmp_path):
    few, every = study(tmp_path, people=3).samples("megc2019-flow"), study(tmp_path).samples("megc2019-flow")
    assert {name: len(set(few.subjects[few.datasets == name])) for name in set(few.datasets)} == dict.fromkeys(
        set(every.datasets), 3
    )
    assert len(few) == sum(group in set(few.groups) for group in every.groups)
    assert few.digest == study(tmp_path, people=3).samples("megc2019-flow").digest != every.digest
    assert "9 people" in few.notes[-1]
    assert study(tmp_path, people=3).profile.clip_subjects == 3


def test_a_loss_takes_the_place_of_the_recipes_and_an_unknown_one_is_told(tmp_path):
    assert study(tmp_path).experiment("am3f_flownet", loss="focal").recipe.loss == "focal"
    with pytest.raises(MerlibError, match="lasce"):
        study(tmp_path).experiment("am3f_flownet", loss="focus")


@pytest.mark.parametrize("wrong", [{"epochs": -1}, {"epochs": "3"}, {"people": 1}, {"people": 2.0}])
def test_a_value_that_means_nothing_is_told(tmp_path, wrong):
    with pytest.raises(MerlibError, match=next(iter(wrong))):
        study(tmp_path, **wrong)
