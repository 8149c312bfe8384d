"""Answers of notebook 10: what each loss adds to the logits, and how it weights clips."""

from __future__ import annotations

import torch

from merlib.learning.losses import cross_entropy, focal, logit_adjustment, weighted_cross_entropy
from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study

PRIOR = (0.6, 0.25, 0.15)


@exercise("10.even")
def even(study: Study) -> Number:
    """By how much the adjustments of equally frequent classes differ."""
    added = logit_adjustment(torch.full((3,), 1 / 3), tau=0.5)
    mistakes = {round(added[0].item(), 6): "that is what each class gets; by how much do two classes differ?"}
    return Number((added.max() - added.min()).item(), mistakes=mistakes, because="softmax ignores a common shift.")


@exercise("10.margin")
def margin(study: Study) -> Number:
    """By how much the rarest class must win over the most frequent one."""
    gaps = {tau: logit_adjustment(torch.tensor(PRIOR), tau=tau) for tau in (0.5, 1.0)}
    difference = {tau: (added[0] - added[2]).item() for tau, added in gaps.items()}
    mistakes = {
        difference[1.0]: "so it is with tau = 1.",
        -difference[0.5]: "the sign: the rare class is the one that is put back.",
    }
    return Number(difference[0.5], mistakes=mistakes)


@exercise("10.focal")
def focal_weight(study: Study) -> Number:
    """The weight that focal loss gives to a clip whose class has probability .9."""
    logits, labels = torch.tensor([[0.9, 0.1]]).log(), torch.tensor([0])
    prior = torch.tensor([0.5, 0.5])
    weight = (focal(logits, labels, prior) / cross_entropy(logits, labels, prior)).item()
    mistakes = {0.1: "that is 1 - p, not yet to the power of gamma.", 0.81: "1 - p is raised, not p."}
    return Number(weight, share=True, mistakes=mistakes)


@exercise("10.weight")
def weight(study: Study) -> Number:
    """The weight of the rarest class by inverse frequency."""
    logits, labels, prior = torch.zeros(1, 3), torch.tensor([2]), torch.tensor(PRIOR)
    told = (weighted_cross_entropy(logits, labels, prior) / cross_entropy(logits, labels, prior)).item()
    mistakes = {1 / PRIOR[2]: "divide by the number of classes, so that the mean weight of a clip is 1."}
    return Number(told, mistakes=mistakes)
