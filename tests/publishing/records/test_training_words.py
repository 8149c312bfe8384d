"""The word for a training: the shortest counts, and only the printed recipe to its last epoch is the paper's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from merlib.learning import Experiment, get_recipe
from merlib.profiles import get_profile
from merlib.publishing.records.training import training_of


@pytest.mark.parametrize("model", ["am3f_flownet", "dual_atme", "astnet", "ststnet"])
@pytest.mark.parametrize(("profile", "word"), [("paper", "paper"), ("teach", "abridged"), ("smoke", "smoke")])
def test_each_profile_has_its_word(model, profile, word):
    assert training_of([Experiment.for_profile(model, get_profile(profile)).to_dict()]) == word


def test_the_shortest_training_counts():
    whole, short = (Experiment.for_profile("dual_atme", get_profile(name)).to_dict() for name in ("paper", "teach"))
    assert training_of([whole, short, whole]) == "abridged"
    assert training_of([]) == ""


def test_another_loss_is_still_the_paper_s_training_and_one_epoch_less_is_not():
    recipe = get_recipe("am3f_flownet")
    changed = [replace(recipe, loss="ce", loss_options={}), replace(recipe, epochs=69), replace(recipe, name="mine")]
    words = [training_of([Experiment("am3f_flownet", one).to_dict()]) for one in changed]
    assert words == ["paper", "abridged", "own"]
