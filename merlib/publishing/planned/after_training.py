"""Logit adjustment after training: tau is swept over committed predictions, and nothing is trained.

Menon et al. (2021), whom AM3F-FlowNet follows, describe two forms of logit adjustment. One is in the loss, as in LASCE.
The other comes after training: ``tau log p_y`` is subtracted from the logits of a network that was trained with plain
cross entropy. The second needs no training, so it is shown for AM3F's printed recipe, with all seeds, on the real maps.
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
    """Return the predictions of the same trained networks with ``tau log p_y`` subtracted from their logits.

    The scores are softmax values, so each is multiplied by ``p_y ** -tau`` and the row is scaled to a sum of one.
    ``p_y`` is the class's share of each fold's training rows, which are all clips that the fold does not test.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned for cross entropy and a subject-disjoint protocol.
    tau : float
        Strength of the adjustment; 0 leaves the predictions as they are.
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
    """Return AM3F's committed cross-entropy predictions, adjusted with every tau, by tau; empty if not committed."""
    state = states[RUN]
    if state.predictions is None or state.missing:
        return {}
    plain = of_seeds(state.predictions, state.experiment.seeds, state.experiment.label)
    return {f"{tau:g}": adjusted_after_training(plain, tau) for tau in TAUS}
