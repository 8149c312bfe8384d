"""Digest of the code that decides a fold: the model, what it imports, and the part of the engine that trains it."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from merlib.code_digest import closure, file_of, modules_digest
from merlib.code_in_memory import SCRIPT, definition_digest
from merlib.models.registry import model_factory

ENGINE = tuple(
    f"merlib.learning.{part}"
    for part in (
        "losses",
        "training.augmentation",
        "training.estimators",
        "training.loop",
        "training.normaliser",
        "training.shared_step_adam",
        "training.warping",
    )
)
STARTED = ("merlib.learning.store.starts",)  # executed only by a run with a start
FAST_STEPS = "merlib.learning.fast"
MODELS = "merlib.models"
NOT_OF_A_MODEL = (f"{MODELS}.registry",)  # it lists the models and computes nothing


def training_code(model: str, started: bool = False) -> str:
    """Return the digest of all code that decides a trained fold of `model`.

    It covers three parts: the model's module with every module that it imports, directly or through others, from
    ``merlib.models`` and from your own code (all that lies outside Python's library and its installed packages); the
    fast step, where the model has one; and the modules of the engine that train a fold. If a notebook's cell or the
    script itself defines the model, the digest covers the definition in memory and all that the definition uses.

    Parameters
    ----------
    model : str
        Name of a model, see `models.available`.
    started : bool
        Whether training starts from weights: the code that reads them counts then.

    Raises
    ------
    MerlibError
        For an unknown model, or when one of the modules was edited after it was imported.
    """
    module, name = model_factory(model)
    if module == SCRIPT:
        return definition_digest(name, _named_modules(module, started), decides)
    return modules_digest(_named_modules(module, started), decides)


def training_modules(model: str, started: bool = False) -> tuple[str, ...]:
    """Return the names of the modules that `training_code` covers; of a notebook's cell or a script, only merlib's."""
    return closure(_named_modules(model_factory(model)[0], started), decides)


def _named_modules(module: str, started: bool) -> tuple[str, ...]:
    engine = (*ENGINE, *(STARTED if started else ()))
    if module == SCRIPT:
        return engine
    step = f"{FAST_STEPS}.{module.rpartition('.')[2]}"
    steps = (FAST_STEPS, step) if module.startswith(f"{MODELS}.") and find_spec(step) else ()
    return (module, *steps, *engine)


def decides(module: str) -> bool:
    """Return whether a module that a model imports can change what the model computes."""
    if module.split(".")[0] == "merlib":
        return module.startswith((f"{MODELS}.", f"{FAST_STEPS}.")) and module not in NOT_OF_A_MODEL
    return is_yours(module)


def is_yours(module: str) -> bool:
    """Return whether a module has a file that is neither Python's own, nor installed, nor merlib's."""
    family = module.split(".")[0]
    return family != "merlib" and _is_yours(family, tuple(sys.path)) and file_of(module) is not None


@lru_cache(maxsize=4096)
def _is_yours(family: str, places: tuple[str, ...]) -> bool:
    """Whether a top-level module or package is neither Python's own nor installed."""
    if family in sys.stdlib_module_names or family in sys.builtin_module_names:
        return False
    try:
        spec = find_spec(family)
    except (ImportError, ValueError):
        return False
    if spec is None or not (spec.has_location or spec.submodule_search_locations):
        return False
    place = Path(spec.origin or next(iter(spec.submodule_search_locations))).resolve()
    installed = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    named = {"site-packages", "dist-packages"} & set(place.parts)
    return not named and not any(place.is_relative_to(folder) for folder in installed)
