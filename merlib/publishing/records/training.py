"""How a result was trained, in a word: by the paper's whole recipe, an own or an abridged one, or as a smoke test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from merlib.learning.recipes import RECIPES, Recipe, get_recipe
from merlib.profiles import get_profile

FROM_MOST = ("paper", "own", "abridged", "smoke")
SHORTENED = ("epochs", "batch_size", "copies")  # what `abridge` changes


def training_of(experiments: Iterable[Mapping]) -> str:
    """Return how the shortest-trained of some experiments was trained; empty when there is none.

    ``paper`` is a recipe of `RECIPES` with its epochs, batch size and copies unchanged; ``own`` is a recipe that is not
    in `RECIPES`; ``abridged`` is a shortened one; ``smoke`` has no more epochs than profile smoke, which only proves
    that everything runs.

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
