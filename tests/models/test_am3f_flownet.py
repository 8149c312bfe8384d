"""AM3F-FlowNet: the shapes of its docstring, parameters by formula, every option's effect and only that."""

from __future__ import annotations

import pytest
import torch

from merlib.errors import MerlibError
from merlib.models import am3f_flownet, build_model
from merlib.models.am3f_flownet import Fusion, Reweighting

LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
VARIANTS = {
    "full": {},
    "no multi-scale": {"multi_scale": False},
    "no MSFF": {"msff": False},
    "no MOFRW": {"mofrw": False},
}


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("am3f_flownet", **options)


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


def shapes(model) -> dict[str, tuple]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


@pytest.fixture
def inputs():
    return {"flow": torch.randn(8, 3, 28, 28, generator=torch.Generator().manual_seed(7))}


def test_every_stage_has_the_shape_its_docstring_names(inputs):
    model, seen = build().eval(), {}

    def note(name):
        return lambda _m, came, out: seen.update({name: (tuple(came[0].shape), tuple(getattr(out, "shape", ())))})

    for flow, branch in model.branches.items():
        for stage in ("low", "high", "fusion"):
            getattr(branch, stage).register_forward_hook(note((flow, stage)))
    model.reweighting.register_forward_hook(note("MOFRW"))
    model.classifier.register_forward_hook(note("classifier"))
    output = model(inputs)
    for flow in ("u", "v", "os"):
        assert seen[flow, "low"] == ((8, 1, 28, 28), (8, 24, 14, 14))
        assert seen[flow, "high"] == ((8, 24, 14, 14), (8, 64, 7, 7))
        assert seen[flow, "fusion"] == ((8, 24, 14, 14), (8, 88, 7, 7))
    assert seen["MOFRW"] == ((8, 3, 88, 7, 7), (8, 3, 88, 7, 7))
    assert seen["classifier"] == ((8, 264 * 49), (8, 3))
    assert output.logits.shape == (8, 3)
    assert output.features.shape == (8, 264, 7, 7)


def inception(inputs: int, filters: int) -> int:
    # four 1x1 from the input, one 3x3 and one 5x5; a bias, a scale and a shift for each of six convolutions
    return 4 * inputs * filters + (9 + 25) * filters**2 + 6 * 3 * filters


@pytest.mark.parametrize(("name", "total"), list(zip(VARIANTS, [75931, 64391, 75343, 75051], strict=True)))
def test_parameters_are_those_of_the_formula(name, total):
    options = VARIANTS[name]
    channels = 64 if name == "no multi-scale" else 88
    attention = 0 if name in ("no multi-scale", "no MSFF") else 2 * 2 * 49
    branch = inception(1, 6) + inception(24, 16) + attention
    reweighting = 0 if name == "no MOFRW" else 2 * channels * (channels // 16)
    formula = 3 * branch + reweighting + 3 * channels * 49 * 3 + 3
    assert formula == total
    assert count(build(**options)) == formula


def test_filters_and_classes_set_the_widths(inputs):
    model = build(filters=[2, 3], classes=5).eval()
    assert model(inputs).features.shape == (8, 3 * (8 + 12), 7, 7)
    assert model(inputs).logits.shape == (8, 5)


def test_each_option_removes_its_own_tensors_and_nothing_else():
    full = shapes(build())
    without_msff, without_mofrw = shapes(build(msff=False)), shapes(build(mofrw=False))
    assert without_msff == {k: v for k, v in full.items() if ".fusion." not in k}
    assert without_mofrw == {k: v for k, v in full.items() if not k.startswith("reweighting.")}
    single = shapes(build(multi_scale=False))
    assert set(single) == set(without_msff)
    changed = {k.split(".")[0] for k in single if single[k] != full[k]}
    assert changed == {"reweighting", "classifier"}


def test_without_multi_scale_there_is_nothing_to_fuse(inputs):
    a, b = (build(multi_scale=False, msff=msff).eval() for msff in (True, False))
    assert shapes(a) == shapes(b)
    assert torch.equal(a(inputs).logits, b(inputs).logits)
    assert "MSFF is off too" in am3f_flownet.__doc__


def test_without_msff_both_levels_are_joined_as_they_are():
    low, high = torch.randn(2, 4, 14, 14), torch.randn(2, 6, 7, 7)
    joined = Fusion(attention=False)(low, high)
    assert torch.equal(joined[:, :4], torch.nn.functional.max_pool2d(low, 2))
    assert torch.equal(joined[:, 4:], high)


def test_msff_with_kernels_of_zero_weighs_everywhere_by_one_half():
    fusion = Fusion()
    for parameter in fusion.parameters():
        torch.nn.init.zeros_(parameter)
    low, high = torch.randn(2, 4, 14, 14), torch.randn(2, 6, 7, 7)
    fused = fusion(low, high)
    pooled = torch.nn.functional.max_pool2d(low, 2)
    torch.testing.assert_close(fused[:, :4], pooled + 0.5 * pooled)  # low + SAM(low) * low
    torch.testing.assert_close(fused[:, 4:], 0.5 * high)  # SAM(high) * high


def test_mofrw_weights_compete_across_flows_for_each_channel():
    torch.manual_seed(0)
    weights = Reweighting(32).weights(torch.randn(4, 3, 32, 7, 7))
    assert weights.shape == (4, 3, 32, 1, 1)
    torch.testing.assert_close(weights.sum(1), torch.ones(4, 32, 1, 1))
    assert weights.std(1).min() > 0


def test_mofrw_by_hand():
    # one channel, the attention replaced by the mean: Z = ln 1, ln 2, ln 5 -> weights 1/8, 2/8, 5/8
    reweighting = Reweighting(1)
    reweighting.attention = torch.nn.AdaptiveAvgPool2d(1)
    features = torch.tensor([1.0, 2.0, 5.0]).log().reshape(1, 3, 1, 1, 1).expand(1, 3, 1, 2, 2)
    factor = torch.tensor([9 / 8, 10 / 8, 13 / 8]).reshape(1, 3, 1, 1, 1)
    torch.testing.assert_close(reweighting(features), features * factor)


def test_equal_scores_give_every_flow_a_third():
    reweighting = Reweighting(16)
    torch.nn.init.zeros_(reweighting.attention.excite.weight)
    features = torch.randn(2, 3, 16, 7, 7)
    torch.testing.assert_close(reweighting(features), features * (1 + 1 / 3))


def test_without_mofrw_the_features_are_the_branches_side_by_side(inputs):
    model = build(mofrw=False).eval()
    parts = [branch(inputs["flow"][:, i : i + 1]) for i, branch in enumerate(model.branches.values())]
    assert torch.equal(model(inputs).features, torch.cat(parts, 1))


def test_mofrw_changes_the_features_by_its_weights_and_nothing_before_them(inputs):
    full, plain = build().eval(), build(mofrw=False).eval()
    plain.load_state_dict({k: v for k, v in full.state_dict().items() if not k.startswith("reweighting.")})
    before = plain(inputs).features.reshape(8, 3, 88, 7, 7)
    torch.testing.assert_close(full(inputs).features.reshape(8, 3, 88, 7, 7), full.reweighting(before))


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_each_branch_reads_its_own_flow(inputs, channel):
    model = build(mofrw=False).eval()
    changed = inputs["flow"].clone()
    changed[:, channel] += 1
    difference = (model({"flow": changed}).features - model(inputs).features).abs().reshape(8, 3, -1).sum((0, 2))
    assert [d > 0 for d in difference.tolist()] == [i == channel for i in range(3)]


def test_branches_share_no_weight_and_mofrw_shares_one_attention():
    names = [name for name, _ in build().named_parameters()]
    per_branch = [{n.split(".", 2)[2] for n in names if n.startswith(f"branches.{flow}.")} for flow in ("u", "v", "os")]
    assert per_branch[0] == per_branch[1] == per_branch[2]
    assert len([n for n in names if n.startswith("reweighting.")]) == 2


def test_dropout_is_before_the_classifier_and_off_at_inference(inputs):
    model = build(dropout=1.0)
    torch.testing.assert_close(model(inputs).logits, model.classifier.bias.expand(8, 3))
    assert model.eval()(inputs).logits.std(0).min() > 0


def test_an_unknown_option_lists_the_valid_ones():
    with pytest.raises(MerlibError, match=r"unknown option of am3f_flownet 'mofr'") as caught:
        build(mofr=False)
    for option in ("multi_scale", "msff", "mofrw", "filters", "dropout"):
        assert option in caught.value.expected
