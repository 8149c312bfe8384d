"""The adjustment applied after training: tau swept over committed answers, without training anything anew.

Menon et al. (2021), whom AM3F-FlowNet follows, give logit adjustment two forms: in the loss, as LASCE has it, and after
training, where ``tau log p_y`` is taken from the logits of a network that was trained with plain cross entropy. The
second needs no training, so that it is shown for AM3F's printed recipe, all seeds, on the real maps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from merlib.publishing.planned.ablation_plan import TAUS
from merlib.publishing.planned.plan import PlannedState, of_seeds
from merlib.scoring.confusion_counts import class_names

RUN = "am3f-10-ce"


def adjusted_after_training(predictions: pd.DataFrame, tau: float) -> pd.DataFrame:
    """Return what the same trained networks answer when ``tau log p_y`` is taken from their logits.

    The scores are softmax values, so each is multiplied by ``p_y ** -tau`` and the row scaled to one. ``p_y`` is the
    class's share of each fold's training rows: all clips that the fold does not test.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned for cross entropy and a subject-disjoint protocol.
    tau : float
        0 leaves the answers as they are.
    """
    columns = [f"score_{name}" for name in class_names(predictions)]
    parts = []
    for (seed, fold), part in predictions.groupby(["seed", "fold"], sort=False):
        trained = predictions[(predictions["seed"] == seed) & (predictions["fold"] != fold)]
        prior = np.bincount(trained["label"], minlength=len(columns)) / len(trained)
        scores = part[columns].to_numpy() * np.maximum(prior, 1e-12) ** -tau
        changed = part.assign(prediction=scores.argmax(1))
        changed[columns] = scores / scores.sum(1, keepdims=True)
        parts.append(changed)
    adjusted = pd.concat(parts, ignore_index=True)
    adjusted.attrs = {**predictions.attrs}
    return adjusted


def after_training_runs(states: Mapping[str, PlannedState]) -> dict[str, pd.DataFrame]:
    """Return the committed cross-entropy answers of AM3F adjusted with every tau, by tau; empty while not committed."""
    state = states[RUN]
    if state.predictions is None or state.missing:
        return {}
    plain = of_seeds(state.predictions, state.experiment.seeds, state.experiment.label)
    return {f"{tau:g}": adjusted_after_training(plain, tau) for tau in TAUS}
