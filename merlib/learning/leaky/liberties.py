"""The liberties of published protocols, which the leakage laboratory takes one at a time with one model and its maps.

LEAKY: nothing made here is a result. Each liberty lets test clips take part in a choice or a split, as code or text of
published work does. All else (model, recipe, number of training rows, random streams) is that of the honest run, which
`trainings` repeats bit for bit (`training.loop.train_fold`, `training.estimators.fit_fold`). So the difference to the
honest run shows by how much the liberty raises a result. Runs are called ``leaky:NAME``, and everything that reads
honest results refuses them (`leaky_names`). Frames dealt at random (LARNET-E6) need clips of many frames; see
``framekfold`` in `folds`.

The sizes of the training sets are matched. Clips dealt at random make folds as large as those of the honest split.
Where mirrored copies were made before the split, the copies of tested clips replace as many other copies, and a network
is shown as many rows per epoch as in the honest run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import nn

from merlib.learning.experiment import Experiment
from merlib.learning.leaky_names import PREFIX
from merlib.learning.recipes import get_recipe
from merlib.models import build_model

HONEST = "honest"


@dataclass(frozen=True)
class Training:
    """How a training leaks.

    Parameters
    ----------
    clips_dealt : bool
        Clips are dealt to folds at random, so that one person's clips can be on both sides.
    copies_first : bool
        Mirrored copies were made before the split: those of tested clips are trained on.
    scaled_by_all : bool
        Mean and deviation of the inputs are those of all clips.
    prior_of_all : bool
        Class frequencies are those of all clips.
    candidate : int
        Which of `candidates` is trained; 0 is the experiment as it stands.
    """

    clips_dealt: bool = False
    copies_first: bool = False
    scaled_by_all: bool = False
    prior_of_all: bool = False
    candidate: int = 0


@dataclass(frozen=True)
class Liberty:
    """One liberty: a training that leaks, an epoch or parameters chosen by the test clips, or all of these.

    Parameters
    ----------
    name : str
        ``leaky:NAME``, or ``honest``.
    title : str
        What a table calls it.
    training : Training
        How the training leaks.
    epoch : {'last', 'fold', 'subject'}
        The last epoch; or the one with the highest UF1 on the test fold; or, for each person, the one that classifies
        most of that person's clips correctly, as in the published code of HTNet and CausalNet (CapsuleNet: UF1;
        CROSS-X2). Of equal epochs the last is taken.
    by_test : bool
        Whether the best of `candidates` is chosen by UF1 on the test clips, averaged over seeds.
    """

    name: str
    title: str
    training: Training = Training()
    epoch: str = "last"
    by_test: bool = False


_ALL = Training(copies_first=True, scaled_by_all=True, prior_of_all=True)
LIBERTIES: dict[str, Liberty] = {
    one.name: one
    for one in (
        Liberty(HONEST, "honest"),
        Liberty(PREFIX + "best-epoch-fold", "best epoch on the test fold", epoch="fold"),
        Liberty(PREFIX + "best-epoch-subject", "best epoch for each test subject", epoch="subject"),
        Liberty(PREFIX + "clip-split", "clips dealt at random", Training(clips_dealt=True)),
        Liberty(PREFIX + "copies-first", "augmentation before the split", Training(copies_first=True)),
        Liberty(PREFIX + "scaled-by-all", "normalisation over all clips", Training(scaled_by_all=True)),
        Liberty(PREFIX + "prior-of-all", "class prior over all clips", Training(prior_of_all=True)),
        Liberty(PREFIX + "parameters-by-test", "parameters by test result", by_test=True),
        Liberty(PREFIX + "stacked", "all, clips dealt", replace(_ALL, clips_dealt=True), "fold", True),
        Liberty(PREFIX + "stacked-people-apart", "all, people apart", _ALL, "subject", True),
    )
}
ESTIMATOR_HAS_NONE = ("best-epoch-fold", "best-epoch-subject", "stacked-people-apart")  # they choose an epoch


def liberties_of(model: str) -> list[Liberty]:
    """Return the liberties that can be taken with a model; an estimator has no epochs to choose from."""
    left_out = () if is_network(model) else [PREFIX + name for name in ESTIMATOR_HAS_NONE]
    return [one for one in LIBERTIES.values() if one.name not in left_out]


def candidates(experiment: Experiment) -> list[Experiment]:
    """Return the settings that "parameters by test result" chooses from; the first is the experiment itself.

    For a network, the weight tau of the prior is 0, .5 or 1 (AM3F Sec. 3.3 chooses it by results, DUAL-ATME-C17).
    For an estimator, its penalty C is one of four powers of ten.
    """
    if not is_network(experiment.model):
        now = experiment.options.get("C", 0.001)
        others = [value for value in (0.0001, 0.001, 0.01, 0.1) if value != now]
        return [experiment, *(replace(experiment, options={**experiment.options, "C": value}) for value in others)]
    recipe = experiment.recipe
    taus = (0.0, 0.5, 1.0) if "tau" in recipe.loss_options else ()
    others = [tau for tau in taus if tau != recipe.loss_options["tau"]]
    changed = [replace(recipe, loss_options={**recipe.loss_options, "tau": tau}) for tau in others]
    return [experiment, *(replace(experiment, recipe=one) for one in changed)]


def laboratory_experiment(model: str, protocol: str, seeds: Sequence[int], epochs: int = 20) -> Experiment:
    """Return the experiment that the laboratory trains: a network by a short recipe, an estimator by its own."""
    recipe = get_recipe(model)
    if is_network(model):
        changes = {"learning_rate": 2e-3, "epochs": epochs, "batch_size": 64, "shuffle": True, "loss": "lasce"}
        changes |= {"loss_options": {"tau": 0.5}, "augmentation": ("flip",), "normalisation": "standardise"}
        recipe = replace(recipe, name="leakage_laboratory", **changes)
    return Experiment(model, recipe, protocol, tuple(seeds), label=model)


def is_network(model: str) -> bool:
    """Return whether a model is trained epoch by epoch."""
    return isinstance(build_model(model, classes=3), nn.Module)
