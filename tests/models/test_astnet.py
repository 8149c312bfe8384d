"""ASTNet: the layers of Table 1, the variants of Tables 6 to 8, order of time."""

from __future__ import annotations

import pytest
import torch

from merlib.errors import MerlibError
from merlib.models import build_model
from merlib.models.astnet import TABLE1_MODULES

LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("astnet", **{"width": 4, **options})


@pytest.fixture
def inputs():
    return {"flow_sequence": torch.randn(8, 10, 3, 64, 64, generator=torch.Generator().manual_seed(1))}


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_every_layer_of_table_1_has_its_shape_at_full_size():
    with torch.device("meta"):
        model, flows = build_model("astnet").eval(), torch.empty(2, 10, 3, 224, 224)
    shapes = {}
    for layer, modules in TABLE1_MODULES.items():
        model.get_submodule(modules[-1]).register_forward_hook(
            lambda _m, _i, out, layer=layer: shapes.update({layer: tuple(out.shape)})
        )
    model.convlstm.register_forward_hook(lambda _m, _i, out: shapes.update(convlstm=tuple(out.shape)))
    output = model({"flow_sequence": flows})
    assert shapes == {
        "Layer 1": (20, 64, 56, 56),
        "Layer 2": (20, 64, 56, 56),
        "Layer 3": (20, 128, 28, 28),
        "Layer 4": (20, 256, 14, 14),
        "Layer 5": (20, 512, 7, 7),
        "Layer 6": (20, 512, 7, 7),
        "convlstm": (2, 10, 256, 7, 7),
        "Layer 7": (2, 3),
    }
    assert output.features.shape == (2, 256, 7, 7)


def test_table_1_lists_every_parameter_once():
    model = build()
    listed = [id(p) for names in TABLE1_MODULES.values() for n in names for p in model.get_submodule(n).parameters()]
    assert sorted(listed) == sorted(map(id, model.parameters()))


def test_attention_rows_of_table_6_add_exactly_their_part():
    parts = {name: count(build(attention=name).attention) for name in ("none", "spatial", "channel", "cbam")}
    # 32 channels at width 4, reduction 16: two 1x1 convolutions of 2 * 32; one 7x7 convolution of two maps
    assert parts == {"none": 0, "spatial": 98, "channel": 128, "cbam": 226}


@pytest.mark.parametrize("attention", ["none", "spatial", "channel"])
def test_each_attention_changes_what_comes_behind_resnet_and_not_resnet(inputs, attention):
    base, variant = build().eval(), build(attention=attention).eval()
    variant.load_state_dict(base.state_dict(), strict=False)
    shared = {"flow_sequence": inputs["flow_sequence"][:2]}
    resnet = {}
    for name, model in (("base", base), ("variant", variant)):
        model.resnet.layer4.register_forward_hook(lambda _m, _i, out, name=name: resnet.update({name: out}))
    with torch.no_grad():
        assert not torch.allclose(base(shared).logits, variant(shared).logits)
    assert torch.equal(resnet["base"], resnet["variant"])


@pytest.mark.parametrize(("position", "channels"), [(1, 4), (2, 4), (3, 8), (4, 16), (5, 32)])
def test_cbam_sits_behind_the_layer_that_table_7_names(inputs, position, channels):
    model = build(cbam_position=position).eval()
    order = []
    names = ["resnet.maxpool", *(f"resnet.layer{k}" for k in (1, 2, 3, 4)), "attention", "convlstm"]
    for name in names:
        model.get_submodule(name).register_forward_hook(lambda _m, _i, _o, name=name: order.append(name))
    with torch.no_grad():
        model({"flow_sequence": inputs["flow_sequence"][:1]})
    assert order.index("attention") == position
    assert count(model.attention) == 2 * channels * max(1, channels // 16) + 98


def test_the_order_of_frames_matters(inputs):
    model = build().eval()
    backwards = {"flow_sequence": inputs["flow_sequence"].flip(1)}
    with torch.no_grad():
        assert not torch.allclose(model(inputs).logits, model(backwards).logits)


def test_aggregation_takes_the_last_state_or_the_mean_of_all(inputs):
    last, mean = build().eval(), build(aggregate="mean").eval()
    states = {}
    last.convlstm.register_forward_hook(lambda _m, _i, out: states.update(all=out))
    with torch.no_grad():
        torch.testing.assert_close(last(inputs).features, states["all"][:, 9])
        torch.testing.assert_close(mean(inputs).features, states["all"].mean(1))


def test_hidden_kernel_and_classes_set_the_sizes(inputs):
    model = build(hidden=6, kernel_size=5, classes=5).eval()
    with torch.no_grad():
        output = model(inputs)
    assert output.logits.shape == (8, 5)
    assert output.features.shape == (8, 6, 2, 2)
    assert count(model.convlstm) == 4 * 6 * ((32 + 6) * 25 + 1)
    assert build().convlstm.hidden == 16


def test_the_classifier_reads_the_average_over_the_map(inputs):
    model = build().eval()
    with torch.no_grad():
        output = model(inputs)
        means = output.features.flatten(2).sum(-1) / 4  # a map of 2 x 2
        torch.testing.assert_close(output.logits, model.classifier(means))


def test_reduction_narrows_cbam_and_dropout_strikes_elements_before_the_convlstm_in_training_alone(inputs):
    assert count(build(reduction=4).attention) - count(build(reduction=16).attention) == 2 * 32 * (8 - 2)
    model, seen = build(dropout=0.5), []
    model.convlstm.register_forward_hook(lambda _m, came, _o: seen.append(came[0]))
    with torch.no_grad():
        model.eval()(inputs)
        model.train()(inputs)
    whole, struck = ((one == 0).float().mean().item() for one in seen)
    assert whole < 0.5 * struck
    torch.testing.assert_close(struck, 0.5 + 0.5 * whole, rtol=0, atol=0.1)


def test_unknown_options_are_refused():
    with pytest.raises(MerlibError, match="attention of astnet"):
        build(attention="temporal")
    with pytest.raises(MerlibError, match="cbam_position 6"):
        build(cbam_position=6)
    with pytest.raises(MerlibError, match="aggregate of astnet"):
        build(aggregate="sum")


def test_weights_load_whole_or_for_resnet_alone_or_without_the_classifier():
    model, donor = build(), build(seed=1, classes=7)
    model.load_pretrained(donor.state_dict())
    assert torch.equal(model.convlstm.from_input.weight, donor.convlstm.from_input.weight)
    with pytest.raises(MerlibError, match=r"astnet: tensor 'classifier.weight' \(7, 16\)"):
        model.load_weights(donor.state_dict())
    other = build(seed=2)
    torchvision_like = {**other.resnet.state_dict(), "fc.weight": torch.zeros(1000, 32), "fc.bias": torch.zeros(1000)}
    model.load_resnet(torchvision_like)
    assert torch.equal(model.resnet.conv1.weight, other.resnet.conv1.weight)
    with pytest.raises(MerlibError, match=r"astnet \(ResNet-18\): weights without"):
        model.load_resnet({})
