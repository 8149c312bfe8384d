"""CapsuleNet: stated size, the length of a squashed capsule, routing by agreement, ResNet without its pooling."""

from __future__ import annotations

import pytest
import torch

from merlib.errors import MerlibError
from merlib.models import build_model
from merlib.models.baselines.capsulenet import route, squash


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("capsulenet", **{"width": 2, "size": 136, **options})


def test_full_size_has_the_stated_parameters_and_shapes():
    with torch.device("meta"):
        model, pictures = build_model("capsulenet"), torch.empty(1, 3, 224, 224)
    assert sum(p.numel() for p in model.parameters()) == 13_842_496
    shapes = {}
    for name in ("resnet", "convolution", "primary"):
        model.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: shapes.update({name: tuple(out.shape[1:])})
        )
    output = model({"apex": pictures})
    assert shapes == {"resnet": (256, 28, 28), "convolution": (256, 20, 20), "primary": (256, 6, 6)}
    assert model.votes.shape == (3, 1152, 16, 8)
    assert output.logits.shape == (1, 3)
    assert output.capsules.shape == (1, 3, 16)


def test_a_squashed_vector_keeps_its_direction_and_has_the_length_of_the_formula():
    vectors = torch.tensor([[3.0, 4.0], [0.3, -0.4], [300.0, 400.0]])  # lengths 5, .5, 500
    squashed = squash(vectors)
    torch.testing.assert_close(squashed.norm(dim=1), torch.tensor([25 / 26, 0.2, 250000 / 250001]))
    torch.testing.assert_close(torch.nn.functional.cosine_similarity(squashed, vectors), torch.ones(3))


def test_nothing_squashed_is_nothing_with_a_finite_gradient():
    zero = torch.zeros(1, 4, requires_grad=True)
    squash(zero).sum().backward()
    assert torch.equal(squash(zero), torch.zeros(1, 4))
    assert zero.grad.isfinite().all()


def test_shares_of_a_lower_capsule_sum_to_one_and_one_iteration_shares_equally():
    torch.manual_seed(0)
    votes = torch.randn(2, 3, 5, 4)
    _, equal = route(votes, 1)
    torch.testing.assert_close(equal, torch.full((2, 3, 5), 1 / 3))
    _, shares = route(votes, 3)
    torch.testing.assert_close(shares.sum(1), torch.ones(2, 5))
    assert shares.std() > 0.01


def test_routing_by_hand():
    # two upper capsules, one value each, two lower ones: votes 1 and 1 for the first, 1 and -1 for the second
    votes = torch.tensor([[[[1.0], [1.0]], [[1.0], [-1.0]]]])
    # equal shares: sums 1 and 0, squashed 1/2 and 0; agreement of the first capsule 1/2 with both, of the second none
    share = torch.tensor(0.5).exp() / (torch.tensor(0.5).exp() + 1)
    _, shares = route(votes, 2)
    torch.testing.assert_close(shares, torch.stack([share.expand(2), 1 - share.expand(2)])[None])
    capsules, _ = route(votes, 2)
    total = 2 * share
    torch.testing.assert_close(capsules[0, :, 0], torch.stack([total**2 / (1 + total**2), torch.tensor(0.0)]))


def test_agreement_draws_the_votes_together():
    direction = torch.tensor([1.0, 0.0])
    votes = torch.stack([direction.expand(6, 2), torch.randn(6, 2, generator=torch.Generator().manual_seed(0))])[None]
    lengths = [route(votes, n)[0].norm(dim=-1)[0] for n in (1, 3)]
    assert lengths[1][0] > lengths[0][0]


def test_only_the_last_iteration_carries_a_gradient():
    votes = torch.randn(1, 2, 3, 4, generator=torch.Generator().manual_seed(1)).requires_grad_()
    capsules, shares = route(votes, 3)
    assert not shares.requires_grad
    (gradient,) = torch.autograd.grad(capsules.sum(), votes)
    again = squash((shares[..., None] * votes).sum(2))
    torch.testing.assert_close(torch.autograd.grad(again.sum(), votes)[0], gradient)


def test_logits_are_the_lengths_of_the_capsules_and_stay_below_one():
    model = build().eval()
    torch.nn.init.normal_(model.votes)
    output = model({"apex": torch.rand(2, 3, 136, 136)})
    torch.testing.assert_close(output.logits, output.capsules.norm(dim=-1), rtol=1e-4, atol=1e-4)
    assert output.logits.min() > 0
    assert output.logits.max() < 1


def test_a_lower_capsule_is_eight_channels_of_one_position(monkeypatch):
    model, maps, lower, real = build(size=152).eval(), [], [], torch.einsum
    model.primary.register_forward_hook(lambda _m, _i, out: maps.append(out))
    monkeypatch.setattr(torch, "einsum", lambda how, votes, each: lower.append(each) or real(how, votes, each))
    model({"apex": torch.rand(1, 3, 152, 152)})
    assert maps[0].shape == (1, 8, 2, 2)
    torch.testing.assert_close(lower[0][0], squash(maps[0][0].flatten(1).T))


def test_imagenet_weights_fill_the_first_stages_and_a_file_without_them_is_refused():
    from merlib.models.blocks.resnet import ResNet18

    model, donor = build(), ResNet18(classes=10, width=2)
    model.load_resnet(donor.state_dict())
    assert torch.equal(model.resnet.layer3[1].conv2.weight, donor.layer3[1].conv2.weight)
    with pytest.raises(MerlibError, match=r"capsulenet \(ResNet-18\): weights without"):
        model.load_resnet({})


@pytest.mark.parametrize("options", [{"size": 128}, {"size": 140}, {"iterations": 0}, {"width": 3}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(MerlibError, match="capsulenet"):
        build(**options)
