"""An experiment: which model is trained, with which options, recipe, protocol and seeds, and the digest of these."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from merlib.errors import MerlibError, unknown_name
from merlib.learning.folds import parse_protocol
from merlib.learning.recipes import Recipe, abridge, get_recipe
from merlib.profiles import Profile

REGISTERED = {"resnet18-imagenet": "load_resnet"}  # name in the weights registry: method of a network that takes it


def canonical_json(value: object) -> str:
    """Return a value as JSON with sorted keys and no spaces, so that equal values give equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Experiment:
    """Everything that decides a training run, apart from the data.

    Parameters
    ----------
    model : str
        Name of a model.
    recipe : Recipe
        How it is trained.
    protocol : str
        ``loso``, ``groupkfold:K``, ``clipkfold:K:SEED`` or ``framekfold:K:SEED``; see `learning.folds`.
    seeds : tuple of int
        Each seed trains every fold once.
    options : mapping
        Options of the model, plain JSON values.
    label : str
        What tables call it; not part of the digest.
    start : str
        Weights that training starts from: a digest from `learning.pretrain`, ``resnet18-imagenet`` of the weights
        registry, or empty for the network's own random weights. An empty start is left out of digests.

    Raises
    ------
    MerlibError
        When the protocol or the start is unknown, a seed is missing or given twice, or `options` sets the number of
        classes, which the samples decide.
    """

    model: str
    recipe: Recipe
    protocol: str = "loso"
    seeds: tuple[int, ...] = (0,)
    options: Mapping[str, object] = field(default_factory=dict)
    label: str = ""
    start: str = ""

    def __post_init__(self) -> None:
        parse_protocol(self.protocol)
        check_start(self.start)
        object.__setattr__(self, "seeds", tuple(int(s) for s in self.seeds))
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise MerlibError(f"seeds {self.seeds}.", "at least one seed, each once.", "e.g. seeds=(0, 1, 2).")
        object.__setattr__(self, "options", json.loads(canonical_json(dict(self.options))))
        if "classes" in self.options:
            raise MerlibError(
                f"{self.model}: {self.options['classes']!r} classes as an option.",
                "as many classes as the samples have.",
                "drop the option; samples with other labels make another number.",
            )
        object.__setattr__(self, "label", self.label or self.model)

    def __hash__(self) -> int:
        return hash(self.digest)

    @classmethod
    def for_profile(
        cls,
        model: str,
        profile: Profile,
        *,
        recipe: Recipe | str | None = None,
        options: Mapping[str, object] | None = None,
        label: str = "",
        **changes: object,
    ) -> Experiment:
        """Build the experiment a profile asks for: the model's recipe, abridged, on the profile's protocol.

        `changes` replace fields of the recipe before it is abridged, such as ``loss="ce"``; options that the
        new loss does not take are dropped with the old loss.
        """
        recipe = recipe if isinstance(recipe, Recipe) else get_recipe(recipe or model)
        if "loss" in changes and "loss_options" not in changes:
            from merlib.learning.losses import loss_options

            taken = loss_options(changes["loss"])
            changes["loss_options"] = {k: v for k, v in recipe.loss_options.items() if k in taken}
        recipe = abridge(replace(recipe, **changes), profile)
        return cls(model, recipe, profile.protocol, profile.seeds, options or {}, label)

    def to_dict(self) -> dict:
        """Return the experiment as plain JSON types.

        An empty `start` is left out, so that digests made before this field existed stay valid.
        """
        values = {"start": self.start} if self.start else {}
        return values | {
            "model": self.model,
            "options": dict(self.options),
            "recipe": self.recipe.to_dict(),
            "protocol": self.protocol,
            "seeds": list(self.seeds),
            "label": self.label,
        }

    @classmethod
    def from_dict(cls, values: Mapping) -> Experiment:
        """Rebuild an experiment from `to_dict`'s output."""
        return cls(**{**values, "recipe": Recipe.from_dict(values["recipe"]), "seeds": tuple(values["seeds"])})

    @property
    def training_digest(self) -> str:
        """SHA-256 of all that decides one fold's training; the labels of experiment and recipe and the seeds do not."""
        values = {k: v for k, v in self.to_dict().items() if k not in ("label", "seeds")}
        values["recipe"] = {k: v for k, v in values["recipe"].items() if k != "name"}
        return hashlib.sha256(canonical_json(values).encode()).hexdigest()

    @property
    def digest(self) -> str:
        """SHA-256 of the experiment with its seeds, without its label."""
        return hashlib.sha256(f"{self.training_digest}:{sorted(self.seeds)}".encode()).hexdigest()


def check_start(start: str) -> None:
    """Raise when `start` is neither empty, nor a registered file, nor a digest as `learning.pretrain` returns it."""
    if start and start not in REGISTERED and not re.fullmatch("[0-9a-f]{64}", start):
        raise unknown_name("start", start, (*REGISTERED, "a digest from learning.pretrain"))
