"""MMNet: stated size, a mask that only narrows, no motion without a difference, positions from the onset alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from merlib.errors import MerlibError
from merlib.models import build_model
from merlib.models.baselines.mmnet import DROP_PATH, ContinuousAttention, TransformerBlock


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("mmnet", **{"width": 4, "stem": 6, "size": 32, **options})


@pytest.fixture
def inputs():
    return {"onset_apex": torch.randn(4, 2, 3, 32, 32, generator=torch.Generator().manual_seed(7))}


def test_full_size_has_the_stated_parameters_and_shapes():
    with torch.device("meta"):
        model, five = build_model("mmnet"), build_model("mmnet", classes=5)
        frames = torch.empty(1, 2, 3, 224, 224)
    assert sum(p.numel() for p in model.parameters()) == 9_241_719
    assert sum(p.numel() for p in five.parameters()) == 9_442_425
    motion, masks = model.motion(frames[:, 1])
    assert motion.shape == model.position(frames[:, 0]).shape == (1, 512, 14, 14)
    assert [tuple(mask.shape) for mask in masks] == [(1, 1, side, side) for side in (112, 56, 28, 14)]
    assert model({"onset_apex": frames}).shape == (1, 3)


def test_a_mask_never_lets_more_through_than_the_mask_before():
    torch.manual_seed(0)
    model = build().eval()
    _, masks = model.motion(torch.randn(3, 3, 32, 32))
    for before, after in pairwise(masks):
        allowed = torch.nn.functional.max_pool2d(before, 3, stride=2, padding=1)
        assert (after < allowed).all()
        assert (after > 0).all()


def test_a_block_by_hand():
    torch.manual_seed(0)
    block, x, before = ContinuousAttention(3, 4, 2).eval(), torch.randn(2, 3, 8, 8), torch.rand(2, 1, 8, 8)
    output, mask = block(x, before)
    residual = (block.residual(x) + block.shortcut(x)).relu()
    w_mean, w_max = block.score[0].weight[0, :, 0, 0]
    score = block.score[1](w_mean * residual.mean(1, keepdim=True) + w_max * residual.amax(1, keepdim=True))
    pooled = torch.nn.functional.max_pool2d(before, 3, stride=2, padding=1)
    torch.testing.assert_close(mask, score.sigmoid() * pooled)
    torch.testing.assert_close(output, residual * mask)
    assert torch.equal(ContinuousAttention(3, 3, 1).shortcut(x), x)


def test_the_motion_branch_reads_the_difference_and_the_positions_the_onset(inputs):
    model, read = build().eval(), {}
    model.stem.register_forward_hook(lambda _m, came, _o: read.update(motion=came[0]))
    model.patches.register_forward_hook(lambda _m, came, _o: read.update(position=came[0]))
    model(inputs)
    onset, apex = inputs["onset_apex"].unbind(1)
    assert torch.equal(read["motion"], apex - onset)
    small = onset.reshape(4, 3, 2, 16, 2, 16).mean((3, 5))
    torch.testing.assert_close(read["position"], small)


def test_both_branches_are_summed_before_the_classifier(inputs):
    model = build().eval()
    onset, apex = inputs["onset_apex"].unbind(1)
    total = model.motion(apex - onset)[0] + model.position(onset)
    torch.testing.assert_close(model(inputs), model.classifier(total.flatten(1)))


def test_a_transformer_block_is_that_of_pytorch():
    torch.manual_seed(0)
    ours = TransformerBlock(8, 2, 0.0)
    theirs = torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", 1e-6, batch_first=True, norm_first=True)
    pairs = {
        "self_attn.in_proj_weight": ours.queries_keys_values.weight,
        "self_attn.in_proj_bias": ours.queries_keys_values.bias,
        "self_attn.out_proj.weight": ours.out.weight,
        "self_attn.out_proj.bias": ours.out.bias,
    }
    for number, layer in ((1, ours.perceptron[0]), (2, ours.perceptron[2])):
        pairs |= {f"linear{number}.weight": layer.weight, f"linear{number}.bias": layer.bias}
    for number, norm in enumerate(ours.norms, start=1):
        pairs |= {f"norm{number}.weight": norm.weight, f"norm{number}.bias": norm.bias}
    theirs.load_state_dict({name: value.detach() for name, value in pairs.items()})
    x = torch.randn(3, 5, 8)
    torch.testing.assert_close(ours(x), theirs(x))


def test_samples_skip_the_last_blocks_at_random_while_training_and_never_after():
    assert [block.drop for block in build().transformer] == [0.0, DROP_PATH / 2, DROP_PATH]
    torch.manual_seed(0)
    block, x = TransformerBlock(8, 2, 0.5), torch.randn(200, 5, 8)
    skipped = (block.train()(x) == x).flatten(1).all(1).float().mean().item()
    assert skipped == pytest.approx(0.25, abs=0.12)  # both parts, each with one half
    assert torch.equal(block.eval()(x), block(x))
    assert not (block(x) == x).flatten(1).all(1).any()


@pytest.mark.parametrize("options", [{"size": 40}, {"size": 0}, {"heads": 3}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(MerlibError, match="mmnet"):
        build(**options)
