"""The check of an estimator's input, made before scikit-learn sees it, as networks check their input themselves."""

from __future__ import annotations

import numpy as np

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.folds import Fold

READ_VECTORS = ("majority", "linear", "rbf_svm", "extra_trees", "humble_mean")  # read vectors as well as maps


def check_estimator_input(model: str, samples: Samples, fold: Fold) -> None:
    """Check that a fold can be fitted by an estimator.

    Parameters
    ----------
    model : str
        Name of the estimator, for the message.
    samples : Samples
        With ``flow`` (N, 3, H, W); the models of `READ_VECTORS` also take (N, D), any D numbers of a clip.
    fold : Fold
        The fold whose training rows must show two classes or more.

    Raises
    ------
    MerlibError
        When there is no flow, it has another shape, or the training rows show a single class.
    """
    if "flow" not in samples.inputs:
        raise MerlibError(
            f"{model}: samples {samples.name} with {', '.join(samples.inputs)}.",
            "flow (N, 3, H, W).",
            "compute the flow from the clips, or choose a model that reads what there is.",
        )
    flow = samples.inputs["flow"]
    maps, vectors = flow.ndim == 4 and flow.shape[1] == 3, flow.ndim == 2 and model in READ_VECTORS
    if not (maps or vectors):
        raise MerlibError(
            f"{model}: flow {flow.shape}.",
            "(N, 3, H, W): u, v, strain" + (", or (N, D), D numbers of a clip." if model in READ_VECTORS else "."),
            "compute it in that form.",
        )
    shown = np.unique(samples.labels[fold.train])
    if len(shown) < 2:
        names = ", ".join(samples.classes[i] for i in shown) or "none"
        raise MerlibError(
            f"{model}: the training people of fold {fold.name} show a single class ({names}).",
            "clips of at least two classes among the people trained on.",
            "take more people, or put classes together (merlib.clips.classes).",
        )
