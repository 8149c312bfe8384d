"""Augmentation: a mirrored face moves the other way, chance is reproducible, originals stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlib.errors import MerlibError
from merlib.learning.training.augmentation import augment, augment_inputs, deviations, mirror


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def flow():
    return torch.randint(0, 256, (16, 3, 4, 5), generator=chance(1)).float()


@pytest.mark.parametrize("unit", ["px", "minmax255"])
def test_mirroring_twice_changes_nothing(flow, unit):
    assert not torch.equal(mirror(flow, unit), flow)
    assert torch.equal(mirror(mirror(flow, unit), unit), flow)
    assert np.array_equal(mirror(mirror(flow.numpy(), unit), unit), flow.numpy())


def test_a_mirrored_face_moves_the_other_way_in_u_only():
    one = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]])  # u, v, strain, each 1 x 2
    assert mirror(one, "px").tolist() == [[[-2.0, -1.0]], [[4.0, 3.0]], [[6.0, 5.0]]]
    assert mirror(one, "minmax255").tolist() == [[[253.0, 254.0]], [[4.0, 3.0]], [[6.0, 5.0]]]
    assert mirror(one.numpy(), "px").tolist() == mirror(one, "px").tolist()


def test_mirroring_leaves_the_original_alone(flow):
    before = flow.clone()
    mirror(flow, "px")
    mirror(flow.numpy(), "px")
    assert torch.equal(flow, before)


def test_flip_mirrors_about_half_the_rows_and_leaves_the_others(flow):
    turned = augment(flow, ("flip",), "px", chance())
    mirrored = [torch.equal(a, mirror(b, "px")) for a, b in zip(turned, flow, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(turned, flow, strict=True)]
    assert [a != b for a, b in zip(mirrored, same, strict=True)] == [True] * 16
    assert 3 <= sum(mirrored) <= 13


def test_plain_flip_keeps_the_sign_of_u(flow):
    plain, turned = (augment(flow, (step,), "px", chance()) for step in ("flip_plain", "flip"))
    assert torch.equal(plain[:, 1:], turned[:, 1:])
    assert torch.equal(plain[:, 0].sum((1, 2)), flow[:, 0].sum((1, 2)))
    assert not torch.equal(plain[:, 0], turned[:, 0])


@pytest.mark.parametrize(("unit", "centre", "span"), [("px", 0.0, 1.0), ("minmax255", 127.5, 127.5)])
def test_jitter_changes_contrast_and_brightness_by_a_tenth_at_most(unit, centre, span):
    flat, bright = torch.full((64, 3, 2, 2), centre), torch.full((64, 3, 2, 2), centre + span)
    shift = augment(flat, ("jitter",), unit, chance()) - centre
    gain = augment(bright, ("jitter",), unit, chance()) - centre - shift
    assert 0.05 * span < shift.abs().max() <= 0.1 * span + 1e-4
    assert 0.05 < (gain / span - 1).abs().max() <= 0.1 + 1e-4
    assert torch.equal(shift[..., :1, :1].expand_as(shift), shift)  # one value a channel of a row


def test_jitter_of_flow_in_pixels_is_a_tenth_of_each_channel_s_own_deviation():
    # u deviates by 1 px, v by 2 px, strain by .01: a brightness of .1 px would be ten deviations of strain
    scale = torch.tensor([1.0, 2.0, 0.01]).reshape(1, 3, 1, 1)
    maps = scale * torch.tensor([-1.0, 1.0]).repeat(32).reshape(32, 1, 1, 2)
    spread = deviations({"flow": maps, "points": torch.zeros(32, 5)}, ("flip", "jitter"), "px")
    assert list(spread) == ["flow"]
    assert spread["flow"].shape == (1, 3, 1, 1)
    torch.testing.assert_close(spread["flow"], scale, rtol=0.02, atol=0)
    resting = torch.zeros(256, 3, 2, 2)
    moved = augment_inputs({"flow": resting}, ("jitter",), "px", chance(), spread)["flow"].abs().amax((0, 2, 3))
    assert (moved <= 0.1 * scale.flatten() * 1.02).all()
    assert (moved >= 0.08 * scale.flatten()).all()


@pytest.mark.parametrize(("steps", "unit"), [(("jitter",), "minmax255"), (("flip",), "px")])
def test_no_deviation_is_taken_where_none_is_needed(flow, steps, unit):
    assert deviations({"flow": flow}, steps, unit) == {}


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(flow):
    steps = ("flip", "jitter")
    assert torch.equal(augment(flow, steps, "px", chance(3)), augment(flow, steps, "px", chance(3)))
    assert not torch.equal(augment(flow, steps, "px", chance(3)), augment(flow, steps, "px", chance(4)))


@pytest.mark.parametrize("step", ["flip", "flip_plain", "jitter"])
def test_original_rows_stay_as_they_are(flow, step):
    before = flow.clone()
    assert not torch.equal(augment(flow, (step,), "px", chance()), before)
    assert torch.equal(flow, before)


def test_a_row_mirrored_in_one_input_is_mirrored_in_all(flow):
    inputs = {"puzzle": flow + 1, "flow": flow}
    turned = augment_inputs(inputs, ("flip",), "minmax255", chance())
    assert list(turned) == ["puzzle", "flow"]
    changed = [(turned[name] != inputs[name]).flatten(1).any(1) for name in inputs]
    assert torch.equal(*changed)
    assert 3 <= int(changed[0].sum()) <= 13


def test_one_input_draws_the_same_chance_alone_as_in_a_dictionary(flow):
    alone = augment(flow, ("flip", "jitter"), "px", chance())
    assert torch.equal(augment_inputs({"flow": flow}, ("flip", "jitter"), "px", chance())["flow"], alone)


def test_successive_batches_draw_new_chance(flow):
    random = chance()
    first, second = (augment_inputs({"flow": flow}, ("jitter",), "px", random)["flow"] for _ in range(2))
    assert not torch.equal(first, second)


def test_an_unknown_step_lists_the_valid_ones(flow):
    with pytest.raises(MerlibError, match="flip, flip_plain, flip_vertical, jitter"):
        augment(flow, ("spin",), "px", chance())


@pytest.mark.parametrize("name", ["frames", "magnified", "apex", "onset_apex"])
@pytest.mark.parametrize("step", ["flip", "flip_plain", "flip_vertical"])
def test_pictures_are_mirrored_without_turning_a_channel(flow, step, name):
    pictures = flow / 255
    turned = augment_inputs({name: pictures}, (step,), "px", chance())[name]
    axis = -2 if step == "flip_vertical" else -1
    same = [torch.equal(a, b) for a, b in zip(turned, pictures, strict=True)]
    mirrored = [torch.equal(a, b.flip(axis)) for a, b in zip(turned, pictures, strict=True)]
    assert [a != b for a, b in zip(mirrored, same, strict=True)] == [True] * 16
    assert 3 <= sum(mirrored) <= 13


def test_a_face_upside_down_moves_the_other_way_in_v_only():
    one = torch.tensor([[1.0], [3.0], [5.0]]).reshape(1, 3, 1, 1).repeat(16, 1, 1, 1)
    values = augment(one, ("flip_vertical",), "px", chance()).reshape(16, 3)
    assert {tuple(row) for row in values.tolist()} == {(1.0, 3.0, 5.0), (1.0, -3.0, 5.0)}


@pytest.mark.parametrize("step", ["flip", "jitter", "rotate", "crop"])
@pytest.mark.parametrize("name", ["flow_sequence", "magnified"])
def test_every_picture_of_a_sequence_is_changed_alike(step, name):
    row = torch.rand((8, 1, 3, 6, 6), generator=chance(1)).expand(8, 5, 3, 6, 6)
    changed = augment_inputs({name: row}, (step,), "px", chance())[name]
    assert changed.shape == row.shape
    assert not torch.equal(changed, row)
    assert torch.equal(changed, changed[:, :1].expand_as(changed))


def test_vectors_stay_and_draw_no_chance():
    front, flow = torch.rand(6, 4, 8, generator=chance(1)), torch.rand(6, 3, 5, 5, generator=chance(2))
    alone, both = chance(), chance()
    for _ in range(2):  # the second batch as well: the state goes on from the flow's
        expected = augment_inputs({"flow": flow}, ("flip", "rotate"), "px", alone)["flow"]
        changed = augment_inputs({"front": front, "flow": flow}, ("flip", "rotate"), "px", both)
        assert torch.equal(changed["front"], front)
        assert torch.equal(changed["flow"], expected)


def test_pictures_jitter_about_grey():
    grey = augment(torch.full((64, 3, 2, 2), 0.5), ("jitter",), "minmax255", chance(), "picture") - 0.5
    assert 0.02 < grey.abs().max() <= 0.05 + 1e-6


def test_drawn_flow_is_mirrored_as_a_picture():
    drawn = {"flow_sequence": torch.rand(6, 2, 3, 4, 4)}
    mirrored = augment_inputs(drawn, ("flip",), "rgb", chance())["flow_sequence"]
    same = (mirrored == drawn["flow_sequence"]).flatten(1).all(1)
    turned = (mirrored == drawn["flow_sequence"].flip(-1)).flatten(1).all(1)
    assert (same | turned).all()
    assert turned.any()
