"""The leakage laboratory: one model, one set of maps, and the liberties of published protocols, one at a time.

LEAKY. Nothing made here is a result. Each liberty lets test clips take part in a choice or a split, as code or text of
published work does; all else - model, recipe, number of training rows, random streams - is that of the honest run,
which `trainings` repeats bit for bit (`training.loop.train_fold`, `training.estimators.fit_fold`). So the difference
to the honest run is what the liberty is worth. Runs are called ``leaky:NAME`` and refused wherever honest results are
read (`leaky_names`). Frames dealt at random (LARNET-E6) need clips of many frames; see ``framekfold`` in `folds`.

Training sizes are matched: clips dealt at random make folds as large as those of the honest split; where mirrored
copies were made before the split, the copies of tested clips take the place of as many other copies, and a network is
shown as many rows an epoch as in the honest run.
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
        Clips are dealt to folds at random, whoever they show.
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
    """What is taken: a training that leaks, an epoch or parameters chosen by the test clips, or all of these.

    Parameters
    ----------
    name : str
        ``leaky:NAME``, or ``honest``.
    title : str
        What a table calls it.
    training : Training
        How the training leaks.
    epoch : {'last', 'fold', 'subject'}
        The last epoch; or the one with the highest UF1 on the test fold; or, for each person, the one with the most of
        that person's clips right, as the published code of HTNet and CausalNet has it (CapsuleNet: UF1; CROSS-X2). Of
        equal epochs the last.
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
ESTIMATOR_HAS_NONE = ("best-epoch-fold", "best-epoch-subject", "stacked-people-apart")  # of a fit without epochs


def liberties_of(model: str) -> list[Liberty]:
    """Return the liberties that can be taken with a model; an estimator has no epochs to choose from."""
    left_out = () if is_network(model) else [PREFIX + name for name in ESTIMATOR_HAS_NONE]
    return [one for one in LIBERTIES.values() if one.name not in left_out]


def candidates(experiment: Experiment) -> list[Experiment]:
    """Return the settings that "parameters by test result" chooses from; the first is the experiment itself.

    A network: the weight tau of the prior at 0, .5 and 1 (AM3F Sec. 3.3 chooses it by results, DUAL-ATME-C17).
    An estimator: its penalty C over four powers of ten.
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
    """Return what the laboratory trains: a small recipe for a network, the linear row's own for an estimator."""
    recipe = get_recipe(model)
    if is_network(model):
        changes = {"learning_rate": 2e-3, "epochs": epochs, "batch_size": 64, "shuffle": True, "loss": "lasce"}
        changes |= {"loss_options": {"tau": 0.5}, "augmentation": ("flip",), "normalisation": "standardise"}
        recipe = replace(recipe, name="leakage_laboratory", **changes)
    return Experiment(model, recipe, protocol, tuple(seeds), label=model)


def is_network(model: str) -> bool:
    """Whether a model is trained epoch by epoch."""
    return isinstance(build_model(model, classes=3), nn.Module)
