"""OFF-ApexNet and Dual-Inception: the published sizes; each stream reads a flow of its own, and none reads strain."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from merlib.models import build_model

NETWORKS = pytest.mark.parametrize("name", ["off_apexnet", "dual_inception"])


def build(name, seed=0, **options):
    torch.manual_seed(seed)
    return build_model(name, **options)


@pytest.fixture
def inputs():
    return {"flow": torch.randn(4, 3, 28, 28, generator=torch.Generator().manual_seed(7))}


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_off_apexnet_has_the_2_66_million_parameters_that_are_stated():
    stream = (25 + 1) * 6 + (25 * 6 + 1) * 16
    linear = (2 * 16 * 7 * 7 + 1) * 1024 + (1024 + 1) * 1024 + (1024 + 1) * 3
    assert count(build_model("off_apexnet")) == 2 * stream + linear == 2_664_475


def test_dual_inception_has_the_6_45_million_parameters_that_are_stated():
    def inception(inputs, filters):  # four 1x1 from the input, a 3x3 and a 5x5, six biases, no norm
        return 4 * inputs * filters + (9 + 25) * filters**2 + 6 * filters

    streams = 2 * (inception(1, 6) + inception(24, 16))
    linear = (2 * 64 * 7 * 7 + 1) * 1024 + (1024 + 1) * 3
    assert count(build_model("dual_inception")) == streams + linear == 6_449_867


@NETWORKS
def test_strain_is_not_read_and_each_stream_reads_its_own_flow(name, inputs):
    model, read = build(name, hidden=8).eval(), {}
    for flow, stream in model.streams.items():
        stream.register_forward_hook(lambda _m, came, _o, flow=flow: read.update({flow: came[0]}))
    before = model(inputs)
    assert torch.equal(read["u"], inputs["flow"][:, :1])
    assert torch.equal(read["v"], inputs["flow"][:, 1:2])
    strained = inputs["flow"].clone()
    strained[:, 2] += 1
    assert torch.equal(model({"flow": strained}), before)


@NETWORKS
def test_streams_share_no_weights_and_feed_the_classifier_side_by_side(name, inputs):
    model, maps, read = build(name, hidden=8).eval(), [], []
    for stream in model.streams.values():
        stream.register_forward_hook(lambda _m, _i, out: maps.append(out))
    model.classifier.register_forward_hook(lambda _m, came, _o: read.append(came[0]))
    model(inputs)
    assert not set(model.streams["u"].parameters()) & set(model.streams["v"].parameters())
    channels = {"off_apexnet": 16, "dual_inception": 64}[name]
    assert [tuple(each.shape) for each in maps] == [(4, channels, 7, 7)] * 2
    assert torch.equal(read[0], torch.cat([each.flatten(1) for each in maps], 1))


def test_dual_inceptions_block_is_the_shared_one_without_norms_relu_behind_every_convolution(inputs):
    block = build("dual_inception", hidden=8).streams["u"][0]
    assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in block.modules())
    x = inputs["flow"][:, :1]
    one, (low3, high3), (low5, high5) = block.scale1[0], block.scale3, block.scale5
    by_hand = [
        one(x).relu(),
        high3[0](low3[0](x).relu()).relu(),
        high5[0](low5[0](x).relu()).relu(),
        block.pooled[1][0](functional.max_pool2d(x, 3, 1, 1)).relu(),
    ]
    torch.testing.assert_close(block(x), functional.max_pool2d(torch.cat(by_hand, 1), 2))


def test_off_apexnets_dropout_is_behind_both_linear_layers_and_off_at_inference(inputs):
    model = build("off_apexnet", hidden=8, dropout=1.0)
    torch.testing.assert_close(model(inputs), model.classifier[-1].bias.expand(4, 3))
    assert model.eval()(inputs).std(0).min() > 0
    assert [type(layer).__name__ for layer in model.classifier].count("Dropout") == 2
