"""A check that a reader makes of a network before trusting it: can it learn one batch by heart?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional

from merlib.clips.samples import Samples
from merlib.learning.training.loop import as_tensors, logits_of
from merlib.learning.training.normaliser import Normaliser
from merlib.models import build_model


def overfit_one_batch(
    model: str,
    samples: Samples,
    options: Mapping[str, object] | None = None,
    clips: int = 8,
    steps: int = 60,
    learning_rate: float = 3e-3,
    seed: int = 0,
) -> float:
    """Return the accuracy on one batch of clips after learning it by heart; below 1 something is broken.

    Parameters
    ----------
    model : str
        Name of a network.
    samples : Samples
        Where the clips come from; they are taken from all classes in turn, as long as a class has any left.
    options : mapping, optional
        Options of the model; they should switch dropout off, since the accuracy is taken in training mode.
    clips, steps, learning_rate, seed
        Size of the batch, Adam steps and rate, seed of the weights.
    """
    torch.manual_seed(seed)
    network = build_model(model, classes=len(samples.classes), **(options or {}))
    by_class = [np.flatnonzero(samples.labels == c) for c in range(len(samples.classes))]
    in_turn = [members[k] for k in range(clips) for members in by_class if k < len(members)]
    rows = np.array(in_turn[:clips])
    inputs = as_tensors(samples, rows)
    inputs = Normaliser("standardise", inputs)(inputs)
    labels = torch.from_numpy(samples.labels[rows])
    optimiser = torch.optim.Adam(network.parameters(), learning_rate)
    network.train()
    for _ in range(steps):
        optimiser.zero_grad()
        functional.cross_entropy(logits_of(network(inputs)), labels).backward()
        optimiser.step()
    with torch.no_grad():
        return float((logits_of(network(inputs)).argmax(1) == labels).float().mean())
