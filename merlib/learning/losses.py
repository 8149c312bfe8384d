"""The losses: cross entropy, weighted, focal, the two logit-adjusted ones of AM3F, and the margin loss of capsules.

Logit adjustment (Menon et al. 2020; AM3F-FlowNet Sec. 3.3, Eq. 3-5) adds ``a_y = log(p_y^tau + eps)`` to the
logits while training, with p the class frequencies of the **training fold**. Decisions:

AM3F-A2  Eq. 5 multiplies the log-softmax by the logit; the one-hot label is meant, and used here.
AM3F-A15  The adjustment is for training; at inference the raw logits decide. Fig. 1 can be read as adding it there
     too; recipes with ``adjusted_inference`` do so by `inference_adjustment`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature

import torch
from torch import Tensor
from torch.nn import functional

from merlib.errors import MerlibError, unknown_name

EPSILON = 1e-12


def logit_adjustment(prior: Tensor, tau: float = 0.5) -> Tensor:
    """Return ``a_y = log(p_y^tau + eps)`` (C,) of the class frequencies `prior` (C,); AM3F Eq. 4."""
    return torch.log(prior.pow(tau) + EPSILON)


def cross_entropy(logits: Tensor, labels: Tensor, prior: Tensor) -> Tensor:
    """Return the loss of each row (N,) from logits (N, C) and labels (N,); `prior` is not used."""
    return functional.cross_entropy(logits, labels, reduction="none")


def weighted_cross_entropy(logits: Tensor, labels: Tensor, prior: Tensor) -> Tensor:
    """Weigh each row by ``1 / (C p_y)``, so that every class counts the same; rows (N,).

    DUAL-ATME-C11 prints weights that favour the majority; the inverse frequency is meant.
    """
    weights = 1.0 / (len(prior) * prior.clamp_min(EPSILON))
    return functional.cross_entropy(logits, labels, reduction="none") * weights[labels]


def focal(logits: Tensor, labels: Tensor, prior: Tensor, gamma: float = 2.0) -> Tensor:
    """Weigh each row's cross entropy by ``(1 - p_t)^gamma`` (Lin et al. 2017); rows (N,)."""
    loss = functional.cross_entropy(logits, labels, reduction="none")
    return (1.0 - torch.exp(-loss)).pow(gamma) * loss


def lasce(logits: Tensor, labels: Tensor, prior: Tensor, tau: float = 0.5) -> Tensor:
    """Return the rows (N,) of logit-adjusted softmax cross entropy (LASCE), AM3F Eq. 5 as corrected by AM3F-A2.

    With ``tau = 0`` it is cross entropy.
    """
    return cross_entropy(logits + logit_adjustment(prior, tau), labels, prior)


def la_focal(logits: Tensor, labels: Tensor, prior: Tensor, tau: float = 0.5, gamma: float = 2.0) -> Tensor:
    """Return the rows (N,) of the focal loss on adjusted logits, the row LA-Focal of AM3F Table 5."""
    return focal(logits + logit_adjustment(prior, tau), labels, prior, gamma)


def margin(
    logits: Tensor, labels: Tensor, prior: Tensor, upper: float = 0.99, lower: float = 0.01, others: float = 0.5
) -> Tensor:
    """Pull the true class's length above `upper` and the others' below `lower`; rows (N,).

    ``max(0, upper - v_t)^2 + others sum_{j != t} max(0, v_j - lower)^2`` (Sabour, Frosst and Hinton 2017, Eq. 4); the
    logits (N, C) are lengths v in 0..1. The margins are those of CapsuleNet's published code (Sabour: .9 and .1).
    """
    true = functional.one_hot(labels, logits.shape[1]).to(logits.dtype)
    short, long = (upper - logits).relu().square(), (logits - lower).relu().square()
    return (true * short + others * (1 - true) * long).sum(1)


LOSSES: dict[str, Callable[..., Tensor]] = {
    "ce": cross_entropy,
    "weighted_ce": weighted_cross_entropy,
    "focal": focal,
    "la_focal": la_focal,
    "lasce": lasce,
    "margin": margin,
}


def get_loss(name: str) -> Callable[..., Tensor]:
    """Return the loss called `name`: ``loss(logits, labels, prior, **options) -> rows (N,)``."""
    if name not in LOSSES:
        raise unknown_name("loss", name, LOSSES)
    return LOSSES[name]


def loss_options(name: str) -> tuple[str, ...]:
    """Return the names of the options that the loss called `name` takes, such as ``tau``."""
    return tuple(signature(get_loss(name)).parameters)[3:]


def bind_loss(name: str, options: Mapping[str, float]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return the loss called `name` with its options set; an option it does not take is an error."""
    for option in options:
        if option not in loss_options(name):
            raise unknown_name(f"option of loss {name}", option, loss_options(name))
    return partial(get_loss(name), **options)


def inference_adjustment(name: str, options: Mapping[str, float], prior: Tensor) -> Tensor:
    """Return what the loss called `name` adds to the logits in training (C,); zeros unless it is logit-adjusted.

    Recipes with ``adjusted_inference`` add it to the test logits too (AM3F-A15, Fig. 1).
    """
    if "tau" not in loss_options(name):
        return torch.zeros_like(prior)
    return logit_adjustment(prior, **{k: v for k, v in options.items() if k == "tau"})


def class_prior(labels: Tensor, classes: int) -> Tensor:
    """Return the class frequencies (C,) of the training fold's labels (N,); AM3F Eq. 3.

    Raises
    ------
    MerlibError
        When the fold holds no sample at all.
    """
    if len(labels) == 0:
        raise MerlibError("a training fold without samples.", "at least one clip.", "use fewer folds.")
    return torch.bincount(labels, minlength=classes).float() / len(labels)
