"""What a result was trained with, in a word: the paper's recipe to its last epoch, an abridged one, or a smoke test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from merlib.learning.recipes import RECIPES, Recipe, get_recipe
from merlib.profiles import get_profile

FROM_MOST = ("paper", "own", "abridged", "smoke")
SHORTENED = ("epochs", "batch_size", "copies")  # what `abridge` changes


def training_of(experiments: Iterable[Mapping]) -> str:
    """Return how the shortest-trained of some experiments was trained; empty when there is none.

    ``paper``: the recipe as printed, to its last epoch; ``own``: a recipe that is none of the papers'; ``abridged``:
    fewer epochs than printed; ``smoke``: no more epochs than profile smoke has, which only proves that everything runs.

    Parameters
    ----------
    experiments : iterable of mapping
        `Experiment.to_dict` of each.
    """
    words = {_word(Recipe.from_dict(one["recipe"])) for one in experiments}
    return max(words, key=FROM_MOST.index, default="")


def _word(recipe: Recipe) -> str:
    if recipe.name not in RECIPES:
        return "own"
    printed = get_recipe(recipe.name)
    if all(getattr(recipe, name) == getattr(printed, name) for name in SHORTENED):
        return "paper"
    return "smoke" if recipe.epochs <= get_profile("smoke").max_epochs else "abridged"
