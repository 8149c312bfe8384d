"""Losses: numbers by hand, and the identities that tie them to cross entropy."""

from __future__ import annotations

import math

import pytest
import torch

from merlib.errors import MerlibError
from merlib.learning.losses import (
    LOSSES,
    bind_loss,
    class_prior,
    cross_entropy,
    focal,
    get_loss,
    inference_adjustment,
    la_focal,
    lasce,
    logit_adjustment,
    margin,
    weighted_cross_entropy,
)

PRIOR = torch.tensor([0.64, 0.25, 0.11])


@pytest.fixture
def batch():
    random = torch.Generator().manual_seed(0)
    return torch.randn(5, 3, generator=random), torch.tensor([0, 1, 2, 2, 0])


def test_adjustment_is_the_logarithm_of_the_prior_to_the_tau():
    torch.testing.assert_close(logit_adjustment(PRIOR, 0.5), torch.log(torch.tensor([0.8, 0.5, 0.11**0.5])))


def test_an_absent_class_gets_a_large_but_finite_adjustment():
    assert logit_adjustment(torch.tensor([1.0, 0.0]), 0.5)[1].item() == pytest.approx(math.log(1e-12), rel=1e-5)


def test_lasce_by_hand():
    # adjusted exponentials: e^0 * .8, e^(ln 2) * .5 -> .8 and 1; the row's class is the second
    logits = torch.tensor([[0.0, math.log(2.0)]])
    loss = lasce(logits, torch.tensor([1]), torch.tensor([0.64, 0.25]), tau=0.5)
    assert loss.shape == (1,)
    assert loss.item() == pytest.approx(-math.log(1.0 / 1.8), rel=1e-6)


def test_gradient_of_lasce_is_softmax_of_the_adjusted_logits_minus_the_one_hot_label(batch):
    logits, labels = batch
    logits.requires_grad_()
    lasce(logits, labels, PRIOR, tau=0.5).sum().backward()
    expected = (logits.detach() + 0.5 * PRIOR.log()).softmax(1)
    expected[range(5), labels] -= 1
    torch.testing.assert_close(logits.grad, expected)


def test_lasce_asks_more_of_the_rare_class(batch):
    logits = torch.zeros(1, 3)
    rare, common = (lasce(logits, torch.tensor([c]), PRIOR).item() for c in (2, 0))
    assert rare > cross_entropy(logits, torch.tensor([0]), PRIOR).item() > common


def test_tau_zero_is_cross_entropy_to_the_bit(batch):
    assert torch.equal(lasce(*batch, PRIOR, tau=0.0), cross_entropy(*batch, PRIOR))


def test_focal_by_hand():
    # p_t = 1/4: (3/4)^2 * ln 4
    logits = torch.tensor([[0.0, math.log(3.0)]])
    loss = focal(logits, torch.tensor([0]), PRIOR, gamma=2.0)
    assert loss.item() == pytest.approx(0.5625 * math.log(4.0), rel=1e-6)


def test_gamma_zero_is_cross_entropy(batch):
    torch.testing.assert_close(focal(*batch, PRIOR, gamma=0.0), cross_entropy(*batch, PRIOR))


def test_logit_adjusted_focal_by_hand_and_with_tau_zero(batch):
    # adjusted exponentials .8 and 1.6 * .5 = .8: p_t = 1/2, (1/2)^2 * ln 2
    logits = torch.tensor([[0.0, math.log(1.6)]])
    loss = la_focal(logits, torch.tensor([1]), torch.tensor([0.64, 0.25]))
    assert loss.item() == pytest.approx(0.25 * math.log(2.0), rel=1e-5)
    assert torch.equal(la_focal(*batch, PRIOR, tau=0.0), focal(*batch, PRIOR))


def test_weights_of_weighted_cross_entropy_give_every_class_the_same_total():
    # two classes, three rows of the first and one of the second: weights 1/(2 * .75), 1/(2 * .25)
    labels = torch.tensor([0, 0, 0, 1])
    loss = weighted_cross_entropy(torch.zeros(4, 2), labels, class_prior(labels, 2)) / math.log(2)
    torch.testing.assert_close(loss, torch.tensor([2 / 3, 2 / 3, 2 / 3, 2.0]))
    assert loss[labels == 0].sum().item() == pytest.approx(loss[labels == 1].sum().item())


def test_margin_by_hand():
    lengths, label = torch.tensor([[0.4, 0.2, 0.005]]), torch.tensor([0])
    # the true capsule is .99 - .4 too short, the second .2 - .01 too long, the third below its bound
    torch.testing.assert_close(margin(lengths, label, PRIOR), torch.tensor([0.59**2 + 0.5 * 0.19**2]))
    sabour = bind_loss("margin", {"upper": 0.9, "lower": 0.1, "others": 1.0})
    torch.testing.assert_close(sabour(lengths, label, PRIOR), torch.tensor([0.5**2 + 0.1**2]))


def test_margin_is_content_within_its_bounds():
    assert margin(torch.tensor([[0.995, 0.0, 0.01]]), torch.tensor([0]), PRIOR).item() == 0


def test_prior_counts_labels_and_knows_absent_classes():
    assert class_prior(torch.tensor([0, 0, 2, 0]), 4).tolist() == [0.75, 0.0, 0.25, 0.0]
    with pytest.raises(MerlibError, match="without samples"):
        class_prior(torch.tensor([], dtype=torch.int64), 3)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_gives_one_finite_value_a_row_even_when_a_class_is_absent(name, batch):
    logits, labels = batch
    values = get_loss(name)(logits, labels.clamp_max(1), torch.tensor([0.5, 0.5, 0.0]))
    assert values.shape == (5,)
    assert torch.isfinite(values).all()


def test_unknown_losses_and_options_are_refused_with_the_valid_ones():
    with pytest.raises(MerlibError, match="ce, focal, la_focal, lasce, margin, weighted_ce"):
        get_loss("lasse")
    with pytest.raises(MerlibError, match=r"unknown option of loss lasce 'tua'.*\n.*tau"):
        bind_loss("lasce", {"tua": 0.5})
    with pytest.raises(MerlibError, match="unknown option of loss ce 'tau'"):
        bind_loss("ce", {"tau": 0.5})


def test_bound_options_reach_the_loss(batch):
    assert torch.equal(bind_loss("lasce", {"tau": 0.9})(*batch, PRIOR), lasce(*batch, PRIOR, tau=0.9))


def test_only_adjusted_losses_adjust_at_inference():
    assert inference_adjustment("focal", {"gamma": 1.0}, PRIOR).tolist() == [0.0, 0.0, 0.0]
    options = {"gamma": 1.0, "tau": 1.0}
    torch.testing.assert_close(inference_adjustment("la_focal", options, PRIOR), PRIOR.log())
    torch.testing.assert_close(inference_adjustment("lasce", {}, PRIOR), PRIOR.log() / 2)
