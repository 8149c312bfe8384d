"""UAMRN: shapes of the paper, uncertainty by hand, the options of Tables 5 and 6, frozen and cached front layers."""

from __future__ import annotations

from math import log

import pytest
import torch
from one_batch import accuracy_after_overfitting, parameters_without_gradient

from merlib.errors import MerlibError
from merlib.models import build_model
from merlib.models.blocks.front_layers import FrontLayers, front_features
from merlib.models.uamrn import FACTORS, UAMRNOutput, uncertainty, uncertainty_weighted_loss

LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
NARROW = {"length": 6, "front_size": 16, "width": 16}


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("uamrn", **{**NARROW, **options})


@pytest.fixture
def inputs():
    return {"front": torch.randn(8, 6, 16, generator=torch.Generator().manual_seed(2))}


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_full_size_has_the_numbers_of_table_1():
    model = build_model("uamrn").eval()
    assert len(FACTORS) == model.length == 32
    assert (FACTORS[0], FACTORS[-1]) == (2, 12)
    assert len(model.blocks) == 3
    assert {tuple(block.hyperplanes.shape) for block in model.blocks} == {(2, 4, 3, 512)}  # heads, tables, planes
    shapes = []
    for block in model.blocks:
        block.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out[0].shape)))
    with torch.no_grad():
        output = model({"front": torch.randn(1, 32, 1024)})
    assert shapes == [(1, 32, 1024)] * 3
    assert output.logits.shape == output.variance.shape == (1, 3)
    assert output.kept.shape == (1, 3)
    assert count(model.blocks[0]) == 4 * (1024**2 + 1024) + 2 * 1024


def test_front_layers_make_1024_features_of_a_picture():
    with torch.device("meta"):
        layers, pictures = FrontLayers(), torch.empty(1, 4, 3, 224, 224)
    maps = []
    layers.resnet.register_forward_hook(lambda _m, _i, out: maps.append(tuple(out.shape)))
    assert layers(pictures).shape == (1, 4, 1024)
    assert maps == [(4, 256, 14, 14)]


def test_cached_features_give_what_the_pictures_give():
    pictures = torch.randn(3, 6, 3, 32, 32)
    whole = build(reads="magnified", front_width=4).eval()
    cached = build(front_size=64).eval()
    cached.load_state_dict({k: v for k, v in whole.state_dict().items() if not k.startswith("front.")})
    features = front_features(pictures, whole.front, at_once=2)
    assert features.shape == (3, 6, 64)
    assert whole.input_names == ("magnified",)
    assert cached.input_names == ("front",)
    with torch.no_grad():
        torch.testing.assert_close(
            cached({"front": features}).logits, whole({"magnified": pictures}).logits, rtol=1e-4, atol=1e-5
        )


def test_front_layers_stay_as_they_are_while_the_rest_learns():
    model = build(reads="magnified", front_width=4)
    before = {k: v.clone() for k, v in model.front.state_dict().items()}
    pictures = {"magnified": torch.randn(8, 6, 3, 32, 32)}
    accuracy_after_overfitting(model, pictures, LABELS, steps=2)
    assert all(torch.equal(before[k], v) for k, v in model.front.state_dict().items())
    assert parameters_without_gradient(model.train(), pictures, LABELS) == []


def test_random_front_layers_repeat_whatever_was_drawn_before():
    torch.manual_seed(1)
    first = FrontLayers(width=4)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(first.resnet.conv1.weight, FrontLayers(width=4).resnet.conv1.weight)
    assert torch.equal(drawn, torch.rand(1))
    assert not torch.equal(first.resnet.conv1.weight, FrontLayers(width=4, seed=1).resnet.conv1.weight)


def test_gamma_is_the_variance_over_passes_plus_the_mean_variance():
    means = torch.tensor([[[1.0, 4.0]], [[3.0, 4.0]]])  # two passes, one sample, two classes
    variances = torch.tensor([[[0.5, 1.0]], [[1.5, 3.0]]])
    # mean of squares 5 less squared mean 4, plus 1; 16 less 16, plus 2
    torch.testing.assert_close(uncertainty(means, variances), torch.tensor([[2.0, 2.0]]))


def test_each_row_of_the_loss_is_its_weight_times_cross_entropy():
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [log(3.0), 0.0]])
    loss = uncertainty_weighted_loss(logits, torch.tensor([0, 1, 0]), torch.tensor([1.0, 2.0, 0.5]))
    torch.testing.assert_close(loss, torch.tensor([log(2), 2 * log(2), 0.5 * log(4 / 3)]))


def test_cross_entropy_plus_the_auxiliary_term_is_equation_9(inputs):
    model = build(dropout=0.4).train()
    output = model(inputs)
    rows = torch.nn.functional.cross_entropy(output.logits, LABELS, reduction="none")
    total = rows + model.auxiliary_loss(output, LABELS)
    torch.testing.assert_close(total, uncertainty_weighted_loss(output.logits, LABELS, output.sample_weight))
    assert output.sample_weight.std() > 0


def test_without_dropout_passes_agree_and_only_the_learned_variance_is_left(inputs):
    model = build(dropout=0.0).train()
    output = model(inputs)
    torch.testing.assert_close(output.sample_weight, output.variance.mean(-1), rtol=1e-4, atol=1e-5)
    means, _ = build(dropout=0.5).train().monte_carlo_passes(model.sequence(inputs), 4)
    assert means.shape == (4, 8, 3)
    assert means.var(0).min() > 0


def test_the_weight_carries_a_gradient_only_when_asked(inputs):
    detached, flowing = build().train(), build(weight_gradient=True).train()
    assert not detached(inputs).sample_weight.requires_grad
    weight = flowing(inputs).sample_weight
    weight.sum().backward()
    assert flowing.blocks[0].value.weight.grad.abs().sum() > 0


def test_deterministic_training_has_neither_variance_nor_weight_nor_noise(inputs):
    model = build(monte_carlo=0, dropout=0.0).train()
    output = model(inputs)
    assert output.variance is None
    assert output.sample_weight.tolist() == [1.0] * 8
    assert torch.equal(output.logits, model(inputs).logits)
    assert not model.auxiliary_loss(output, LABELS).any()
    assert not any("variance" in name for name, _ in model.named_parameters())


def test_sampled_logits_scatter_around_the_mean_as_the_variance_says():
    model = build(dropout=0.0).train()
    same = {"front": torch.randn(1, 6, 16).expand(4000, 6, 16)}
    with torch.no_grad():
        output = model(same)
    torch.testing.assert_close(output.logits.var(0), output.variance[0], rtol=0.1, atol=0)
    torch.testing.assert_close(output.logits.mean(0), output.mean[0], rtol=0, atol=0.06)


def test_inference_repeats_and_predicts_the_mean(inputs):
    model = build(dropout=0.5).eval()
    first, second = model(inputs), model(inputs)
    assert torch.equal(first.logits, second.logits)
    assert torch.equal(first.logits, first.mean)


def test_full_attention_keeps_every_pair_with_the_same_parameters(inputs):
    sparse, full = build().eval(), build(attention="full").eval()
    full.load_state_dict(sparse.state_dict())
    with torch.no_grad():
        of_sparse, of_full = sparse(inputs), full(inputs)
    assert of_full.kept.tolist() == [[1.0] * 3] * 8
    assert 0 < of_sparse.kept.mean() < 1
    assert not torch.allclose(of_sparse.logits, of_full.logits)


def test_masked_and_pairwise_computation_agree(inputs):
    pairs, masked = build().eval(), build(masked=True).eval()
    with torch.no_grad():
        torch.testing.assert_close(pairs(inputs).logits, masked(inputs).logits, rtol=1e-5, atol=1e-5)


def test_enough_tables_of_one_plane_make_sparse_attention_full(inputs):
    wide, full = build(tables=64, planes=1).eval(), build(tables=64, planes=1, attention="full").eval()
    with torch.no_grad():
        assert wide(inputs).kept.min() == 1
        torch.testing.assert_close(wide(inputs).logits, full(inputs).logits, rtol=1e-4, atol=1e-5)


def test_attention_maps_have_rows_that_sum_to_one_and_as_many_pairs_as_reported(inputs):
    model = build().eval()
    with torch.no_grad():
        maps, output = model.attention_maps(inputs), model(inputs)
    assert [tuple(m.shape) for m in maps] == [(8, 2, 6, 6)] * 3
    for number, weights in enumerate(maps):
        torch.testing.assert_close(weights.sum(-1), torch.ones(8, 2, 6))
        torch.testing.assert_close((weights > 0).float().mean((1, 2, 3)), output.kept[:, number])


def test_shared_and_resampled_and_feed_forward_do_what_they_say(inputs):
    assert count(build()) - count(build(shared_qk=True)) == 3 * (16 * 16 + 16)
    assert count(build(feed_forward=5)) - count(build()) == 3 * (2 * 16 * 5 + 5 + 16 + 2 * 16)
    resampled, kept = build(resample=True, dropout=0.0), build(dropout=0.0)
    with torch.no_grad():
        assert len({tuple(resampled.train()(inputs).kept.flatten().tolist()) for _ in range(4)}) > 1
        assert len({tuple(kept.train()(inputs).kept.flatten().tolist()) for _ in range(4)}) == 1
        assert torch.equal(resampled.eval()(inputs).logits, kept.eval()(inputs).logits)


def test_the_heads_read_the_mean_over_factors_and_variance_is_a_softplus(inputs):
    model, last = build().eval(), []
    model.blocks[-1].register_forward_hook(lambda _m, _i, out: last.append(out[0]))
    with torch.no_grad():
        output = model(inputs)
        pooled = last[0].sum(1) / 6
        torch.testing.assert_close(output.mean, model.mean(pooled))
        torch.testing.assert_close(output.variance, (1 + model.variance(pooled).exp()).log())


def test_dropout_strikes_the_pooled_features_before_the_heads_in_training(inputs):
    model, read = build(dropout=0.5), []
    for block in model.blocks:
        block.dropout.p = 0.0
    model.mean.register_forward_hook(lambda _m, came, _o: read.append(came[0]))
    with torch.no_grad():
        model.eval()(inputs)
        model.train().predict(model.sequence(inputs))
    assert not (read[0] == 0).any()
    struck = read[1] == 0
    assert 0.3 < struck.float().mean() < 0.7
    torch.testing.assert_close(read[1][~struck], 2 * read[0][~struck])


def test_positions_are_added_once_to_the_features(inputs):
    model = build()
    torch.testing.assert_close(model.sequence(inputs) - inputs["front"], model.positions.expand(8, 6, 16))


def test_a_block_is_attention_of_each_head_side_by_side_projected_added_and_normed(inputs):
    block, x = build(attention="full").blocks[0].eval(), inputs["front"]
    with torch.no_grad():
        parts = []
        for head in (slice(0, 8), slice(8, 16)):
            q, k, v = (f(x)[..., head] for f in (block.query, block.key, block.value))
            parts.append((q @ k.transpose(1, 2) / 8**0.5).softmax(-1) @ v)
        total = x + block.out(torch.cat(parts, -1))
        mean, variance = total.mean(-1, keepdim=True), total.var(-1, correction=0, keepdim=True)
        torch.testing.assert_close(block(x)[0], (total - mean) / (variance + 1e-5).sqrt(), rtol=1e-4, atol=1e-5)


def test_the_order_of_magnifications_matters(inputs):
    model = build().eval()
    with torch.no_grad():
        assert not torch.allclose(model(inputs).logits, model({"front": inputs["front"].flip(1)}).logits)


@pytest.mark.parametrize(
    "options", [{}, {"attention": "full"}, {"monte_carlo": 0}, {"feed_forward": 8, "front_size": 16}]
)
def test_gradients_reach_every_parameter(inputs, options):
    assert parameters_without_gradient(build(**options).train(), inputs, LABELS) == []


@pytest.mark.parametrize("monte_carlo", [0, 2])
def test_it_learns_one_batch_of_eight_by_heart(inputs, monte_carlo):
    model = build(monte_carlo=monte_carlo, width=32)
    accuracy = accuracy_after_overfitting(model, inputs, LABELS, steps=60, learning_rate=5e-3, inference=True)
    assert accuracy == 1.0


def test_wrong_inputs_are_refused_by_name(inputs):
    with pytest.raises(MerlibError, match=r"uamrn: input 'front' \(8, 4, 16\)") as short:
        build()({"front": inputs["front"][:, :4]})
    assert "(N, 6, 16)" in str(short.value)
    with pytest.raises(MerlibError, match=r"uamrn: input 'magnified' \(1, 6, 1, 32, 32\)"):
        build(reads="magnified", front_width=4)({"magnified": torch.zeros(1, 6, 1, 32, 32)})
    with pytest.raises(MerlibError, match=r"uamrn: magnified \(6, 3, 32, 32\)"):
        front_features(torch.zeros(6, 3, 32, 32), FrontLayers(width=4))


def test_a_label_without_a_class_is_refused(inputs):
    model = build()
    output = model(inputs)
    with pytest.raises(MerlibError, match="uamrn: 8 labels up to 4 for logits"):
        model.auxiliary_loss(output, LABELS + 2)
    with pytest.raises(MerlibError, match="uamrn: 3 labels"):
        model.auxiliary_loss(UAMRNOutput(*output), LABELS[:3])


def test_unknown_options_and_foreign_weights_are_refused():
    with pytest.raises(MerlibError, match="attention of uamrn"):
        build(attention="dense")
    with pytest.raises(MerlibError, match="input of uamrn"):
        build(reads="flow")
    with pytest.raises(MerlibError, match="width 15 for 2 heads"):
        build(width=15)
    with pytest.raises(MerlibError, match=r"uamrn: tensor 'mean.weight' \(5, 16\)"):
        build().load_weights(build(classes=5).state_dict())
    with pytest.raises(MerlibError, match=r"uamrn \(front layers\): weights without"):
        FrontLayers(width=4).load({})
