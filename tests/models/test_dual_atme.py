"""Dual-ATME: the shapes of the paper, every option's effect and only that, the similarity term by hand."""

from __future__ import annotations

import pytest
import torch

from merlib.errors import MerlibError
from merlib.models import build_model
from merlib.models.dual_atme import TABLE1_OPTIONS, DualATMEOutput

LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("dual_atme", **options)


@pytest.fixture
def inputs():
    random = torch.Generator().manual_seed(7)
    return {name: torch.randn(8, 3, 28, 28, generator=random) for name in ("flow", "puzzle")}


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_every_stage_has_the_shape_of_the_paper(inputs):
    model = build().eval()
    shapes = {}
    for name, branch in model.inceptions.items():
        for stage, inception in enumerate(branch):
            inception.register_forward_hook(
                lambda _m, _i, out, key=(name, stage): shapes.update({key: tuple(out.shape[1:])})
            )
    model.classifier[0].register_forward_hook(
        lambda _m, came, out: shapes.update(fused=tuple(came[0].shape[1:]), hidden=tuple(out.shape[1:]))
    )
    output = model(inputs)
    assert shapes == {
        ("flow", 0): (24, 14, 14),
        ("flow", 1): (48, 7, 7),
        ("puzzle", 0): (24, 14, 14),
        ("puzzle", 1): (48, 7, 7),
        "fused": (96 * 7 * 7,),
        "hidden": (1024,),
    }
    assert output.logits.shape == (8, 3)
    assert output.full_face.shape == output.puzzle.shape == (8, 48, 7, 7)


def test_cbam_has_the_parameters_of_its_formula_with_the_numbers_of_the_code():
    # 2 * 48 * (48 // 16) weights of the shared MLP, one 3x3 convolution of two maps
    assert count(build().attention["flow"]) == 2 * 48 * 3 + 2 * 9


@pytest.mark.parametrize(
    ("row", "inputs_used", "attended"),
    [
        ("HARS", ("puzzle",), []),
        ("AARS", ("flow",), ["flow"]),
        ("HARS with attention + AARS", ("flow", "puzzle"), ["flow", "puzzle"]),
        ("HARS + AARS", ("flow", "puzzle"), ["flow"]),
    ],
)
def test_each_row_of_table_1_reads_and_attends_what_it_says(inputs, row, inputs_used, attended):
    model = build(**TABLE1_OPTIONS[row]).eval()
    assert model.input_names == inputs_used
    assert list(model.attention) == attended
    expected = model(inputs).logits
    for name in ("flow", "puzzle"):
        changed = model({**inputs, name: inputs[name] + 1}).logits
        assert torch.equal(changed, expected) is (name not in inputs_used)


def test_the_default_is_the_last_row_of_table_1(inputs):
    row = build(**TABLE1_OPTIONS["HARS + AARS"]).eval()
    assert torch.equal(build().eval()(inputs).logits, row(inputs).logits)


def test_attention_changes_its_own_branch_and_nothing_else(inputs):
    base, attended = build().eval(), build(hars_attention=True).eval()
    attended.load_state_dict(base.state_dict(), strict=False)
    before, after = base(inputs), attended(inputs)
    assert torch.equal(before.full_face, after.full_face)
    assert not torch.allclose(before.puzzle, after.puzzle)
    assert count(attended) - count(base) == count(base.attention["flow"])

    plain = build(aars_attention=False).eval()
    plain.load_state_dict({k: v for k, v in base.state_dict().items() if not k.startswith("attention")})
    without = plain(inputs)
    assert torch.equal(before.puzzle, without.puzzle)
    assert not torch.allclose(before.full_face, without.full_face)


def test_shared_cbam_is_one_object_whose_gradient_comes_from_both_branches(inputs):
    shared, two = build(shared_cbam=True), build(hars_attention=True)
    assert shared.attention["flow"] is shared.attention["puzzle"]
    assert two.attention["flow"] is not two.attention["puzzle"]
    assert count(two) - count(shared) == count(two.attention["flow"])
    grads = []
    for name in ("flow", "puzzle"):
        shared.zero_grad()
        shared.features(inputs)[name].sum().backward()
        grads.append(shared.attention["flow"].spatial.conv.weight.grad.abs().sum().item())
    assert min(grads) > 0


def test_the_similarity_term_is_one_minus_the_cosine_of_each_row():
    model = build()
    full_face = torch.tensor([[3.0, 4.0], [1.0, 0.0], [1.0, 1.0]]).reshape(3, 2, 1, 1)
    puzzle = torch.tensor([[6.0, 8.0], [0.0, 2.0], [1.0, 0.0]]).reshape(3, 2, 1, 1)
    loss = model.auxiliary_loss(DualATMEOutput(torch.zeros(3, 3), full_face, puzzle), LABELS[:3])
    torch.testing.assert_close(loss, torch.tensor([0.0, 1.0, 1 - 2**-0.5]))


def test_rescaled_features_can_be_opposed_while_raw_ones_cannot():
    views = torch.tensor([[0.0, 1.0, 2.0]]), torch.tensor([[4.0, 2.0, 0.0]])  # to (-1, 0, 1) and (1, 0, -1)
    output = DualATMEOutput(torch.zeros(1, 3), *(view.reshape(1, 3, 1, 1) for view in views))
    torch.testing.assert_close(build(rescale=True).auxiliary_loss(output, LABELS[:1]), torch.tensor([2.0]))
    raw = 1 - 2 / (5**0.5 * 20**0.5)
    torch.testing.assert_close(build().auxiliary_loss(output, LABELS[:1]), torch.tensor([raw]))


def test_the_similarity_term_pulls_on_both_branches_and_not_on_the_classifier(inputs):
    model = build(hars_attention=True)
    model.auxiliary_loss(model(inputs), LABELS).mean().backward()
    pulled = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    assert pulled == {"inceptions", "attention"}
    assert all(p.grad.abs().sum() > 0 for p in model.inceptions.parameters() if p.dim() > 1)


@pytest.mark.parametrize("branch", ["hars", "aars"])
def test_a_single_branch_has_no_similarity_term(inputs, branch):
    model = build(branches=branch)
    assert model.auxiliary_loss(model(inputs), LABELS).tolist() == [0.0] * 8


def test_filters_and_hidden_set_the_widths(inputs):
    model = build(filters=(2, 3), hidden=5, classes=7).eval()
    output = model(inputs)
    assert output.full_face.shape == (8, 12, 7, 7)
    assert output.logits.shape == (8, 7)
    assert model.classifier[0].weight.shape == (5, 24 * 49)


def test_contradictory_options_are_refused():
    with pytest.raises(MerlibError, match="branches of dual_atme"):
        build(branches="left")
    with pytest.raises(MerlibError, match="shared_cbam"):
        build(branches="aars", shared_cbam=True)


def test_weights_of_other_classes_or_lacking_a_tensor_are_refused_and_change_nothing():
    model = build(seed=1)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(MerlibError, match=r"dual_atme: tensor 'classifier.4.weight' \(5, 1024\)") as wrong:
        model.load_weights(build(classes=5).state_dict())
    assert "'classifier.4.weight' (3, 1024)" in str(wrong.value)
    with pytest.raises(MerlibError, match="dual_atme: weights without"):
        model.load_weights({})
    with pytest.raises(MerlibError, match=r"dual_atme: unknown tensor 'attention\.puzzle"):
        model.load_weights(build(hars_attention=True).state_dict())
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    donor = build(seed=2)
    model.load_weights(donor.state_dict())
    assert all(torch.equal(donor.state_dict()[k], v) for k, v in model.state_dict().items())
