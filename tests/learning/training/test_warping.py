"""Rotation and crop: where a pixel goes, and where its motion points then."""

from __future__ import annotations

import math

import pytest
import torch

from merlib.errors import MerlibError
from merlib.learning.training.augmentation import augment, augment_inputs
from merlib.learning.training.warping import ANGLE, PADDING, SMALLEST, warp

QUARTER = torch.tensor([math.pi / 2])
WHOLE, MIDDLE = torch.ones(1), torch.zeros(1, 2)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def field(matrix, height=21, width=21):
    """Flow (1, 3, H, W) that is `matrix` times the place, measured from the centre in pixels; strain 1."""
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    u, v = (matrix[row][0] * x + matrix[row][1] * y for row in (0, 1))
    return torch.stack([u, v, torch.ones_like(u)])[None].float()


def test_a_quarter_turn_moves_the_top_to_the_right():
    picture = torch.zeros(1, 3, 5, 5)
    picture[..., 0, 2] = 1.0  # top centre
    turned = warp(picture, QUARTER, WHOLE, MIDDLE, "picture")
    expected = torch.zeros(1, 3, 5, 5)
    expected[..., 2, 4] = 1.0  # right centre
    torch.testing.assert_close(turned, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(turned, picture.rot90(-1, (-2, -1)), atol=1e-5, rtol=0)


def test_motion_to_the_right_points_down_after_a_quarter_turn_clockwise():
    flow = torch.tensor([2.0, 0.0, 7.0]).reshape(1, 3, 1, 1).expand(1, 3, 5, 5)
    turned = warp(flow, QUARTER, WHOLE, MIDDLE, "flow", "px")
    torch.testing.assert_close(turned[0, :, 2, 2], torch.tensor([0.0, 2.0, 7.0]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(21, 21), (15, 31)])
def test_a_turned_flow_is_the_flow_of_the_turned_face(size):
    # A face whose points move by A p moves, once turned by R, by R A R^-1 p.
    a = torch.tensor([[0.03, -0.02], [0.05, 0.01]])
    angle = torch.tensor([0.15])
    c, s = angle.cos().item(), angle.sin().item()
    r = torch.tensor([[c, -s], [s, c]])
    turned = warp(field(a, *size), angle, WHOLE, MIDDLE)
    expected = field(r @ a @ r.T, *size)
    torch.testing.assert_close(turned[..., 4:-4, 4:-4], expected[..., 4:-4, 4:-4], atol=1e-4, rtol=0)


def test_a_face_drawn_larger_moves_further_and_its_strain_stays():
    a = torch.tensor([[0.03, -0.02], [0.05, 0.01]])
    enlarged = warp(field(a), torch.zeros(1), torch.tensor([0.8]), MIDDLE)
    torch.testing.assert_close(enlarged, field(a), atol=1e-4, rtol=0)  # linear: twice the place, twice the motion
    constant = warp(torch.full((1, 3, 8, 8), 1.0), torch.zeros(1), torch.tensor([0.8]), MIDDLE)
    torch.testing.assert_close(constant[0, :, 4, 4], torch.tensor([1.25, 1.25, 1.0]))


def test_nothing_to_do_changes_nothing():
    flow = torch.randn(4, 10, 3, 8, 8, generator=chance())
    same = warp(flow, torch.zeros(4), torch.ones(4), torch.zeros(4, 2))
    torch.testing.assert_close(same, flow, atol=1e-5, rtol=1e-5)


def test_no_motion_comes_in_over_the_border_and_a_picture_goes_on():
    ones = torch.ones(1, 3, 9, 9)
    eighth = torch.tensor([math.pi / 4])
    assert warp(ones, eighth, WHOLE, MIDDLE, "flow")[0, 2, 0, 0] == 0.0
    torch.testing.assert_close(warp(ones, eighth, WHOLE, MIDDLE, "picture"), ones)


def test_stretched_flow_cannot_be_turned_but_can_be_cropped():
    flow = 255 * torch.rand(4, 3, 8, 8, generator=chance())
    with pytest.raises(MerlibError, match="rotation of flow stretched"):
        augment(flow, ("rotate",), "minmax255", chance())
    cropped = augment(flow, ("crop",), "minmax255", chance())
    assert cropped.min() >= flow.min()
    assert cropped.max() <= flow.max()


def test_rows_turn_by_their_own_angle_within_the_limit():
    right = torch.zeros(64, 3, 5, 5)
    right[:, 0] = 1.0
    turned = augment(right, ("rotate",), "px", chance())[:, :2, 2, 2]
    angles = torch.rad2deg(torch.atan2(turned[:, 1], turned[:, 0]))
    assert angles.abs().max() <= ANGLE + 1e-3
    assert angles.min() < -ANGLE / 2
    assert angles.max() > ANGLE / 2
    torch.testing.assert_close(turned.norm(dim=1), torch.ones(64))


def test_crops_lie_within_the_row_and_enlarge_by_the_limit_at_most():
    ramp = torch.linspace(0, 1, 40).expand(64, 3, 40, 40)
    cropped = augment(ramp, ("crop",), "px", chance(), "picture")
    spans = cropped[:, 0, 0, -1] - cropped[:, 0, 0, 0]
    assert spans.min() > SMALLEST * 0.97
    assert spans.max() <= 1.0
    assert len({round(v, 4) for v in cropped[:, 0, 0, 0].tolist()}) > 30  # places differ


def test_padding_is_white_and_at_most_four_pixels_come_in():
    frames = torch.zeros(32, 3, 12, 12)
    moved = augment_inputs({"frames": frames}, ("pad_crop",), "px", chance())["frames"]
    assert moved.shape == frames.shape
    assert set(moved.unique().tolist()) == {0.0, 1.0}
    columns = moved[:, 0].amin(1).sum(1)  # white through and through
    assert columns.max() <= PADDING
    assert (augment(torch.zeros(4, 3, 6, 6), ("pad_crop",), "px", chance()) == 0).all()
