"""LBP-TOP and LBP-SIP on volumes whose codes are known by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from merlib.errors import MerlibError
from merlib.models.handcrafted.lbp_sip import LBPSIP, six_point_codes
from merlib.models.handcrafted.lbp_top import LBPTOP
from merlib.models.handcrafted.local_patterns import PLANES, plane_codes, uniform_labels

PATCH = np.array([[9, 0, 11], [20, 10, 20], [9, 0, 11]])
#   bit 3 2 1        The points between two pixels are interpolated: with 20 and 0 beside it, a corner counts when it
#       4 . 0        is not darker than the centre's 10. So bits 0, 1, 4, 7.
#       5 6 7
CODE = 1 + 2 + 16 + 128


def lying_in(plane: str, patch: np.ndarray, size: int = 3) -> np.ndarray:
    """A volume (T, H, W) in which every slice of that plane is the patch."""
    right, up = PLANES[plane]
    return np.moveaxis(np.broadcast_to(patch, (size, *patch.shape)), (0, 1, 2), (3 - right - up, up, right))


def clips(n=2, frames=10, size=22, seed=0):
    return np.random.default_rng(seed).random((n, frames, 3, size, size)).astype(np.float32)


@pytest.mark.parametrize("plane", PLANES)
def test_the_code_of_a_hand_made_patch(plane):
    codes = plane_codes(lying_in(plane, PATCH), plane, (1, 1, 1), 8)
    assert codes.shape == (1, 1, 1)
    assert codes.item() == CODE


@pytest.mark.parametrize(("plane", "radii"), [("xt", (1, 2, 3)), ("yt", (2, 1, 3)), ("xy", (1, 3, 2))])
def test_a_ramp_has_the_code_of_its_direction_on_an_ellipse(plane, radii):
    # Four greys brighter for each step to the right and one for each step down, on an ellipse of radii 1 and 3: the
    # point at an angle differs by 4 cos - 3 sin, which is positive at 0, 45, 270 and 315 degrees. With the greys
    # exchanged it differs by cos - 12 sin, positive at 0, 225, 270 and 315 degrees.
    right, up = PLANES[plane]
    grid = np.indices((9, 9, 9))
    codes = plane_codes((4 * grid[right] + grid[up]).astype(np.int16), plane, radii, 8)
    assert set(codes.ravel()) == {1 + 2 + 64 + 128}
    turned = plane_codes((grid[right] + 4 * grid[up]).astype(np.int16), plane, radii, 8)
    assert set(turned.ravel()) == {sum(1 << i for i in (0, 5, 6, 7))}


@pytest.mark.parametrize("plane", ["xt", "yt"])
def test_an_ellipse_of_four_points_is_a_circle_in_every_second_frame(plane):
    volume = np.random.default_rng(0).integers(0, 256, (9, 7, 7))
    wide = plane_codes(volume, plane, (1, 1, 2), 4)[::2]
    np.testing.assert_array_equal(wide, plane_codes(volume[::2], plane, (1, 1, 1), 4))


def test_the_same_voxels_are_centres_in_all_planes():
    volume = np.random.default_rng(0).integers(0, 256, (11, 9, 8))
    for radii in ((1, 1, 1), (1, 2, 4), (2, 1, 2)):
        for plane in PLANES:
            left = np.subtract(volume.shape, 2 * np.array(radii[::-1]))
            assert plane_codes(volume, plane, radii, 8).shape == tuple(left)


@pytest.mark.parametrize(("neighbours", "labels"), [(8, 59), (4, 15)])
def test_uniform_codes_are_kept_apart_and_the_others_share_a_label(neighbours, labels):
    found = uniform_labels(neighbours)
    assert len(set(found)) == labels
    assert found.max() == labels - 1
    assert found[0b0101] == found[0b1010] == labels - 1 or neighbours == 8
    assert (found == labels - 1).sum() == 2**neighbours - (labels - 1)


def test_labels_divide_the_codes_as_scikit_image_does():
    image = np.random.default_rng(0).integers(0, 256, (200, 200))
    codes = local_binary_pattern(image, 8, 1, "default")[1:-1, 1:-1].astype(int)
    theirs = local_binary_pattern(image, 8, 1, "nri_uniform")[1:-1, 1:-1].astype(int)
    pairs = set(zip(uniform_labels(8)[codes].ravel(), theirs.ravel(), strict=True))
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) == 59


def test_each_histogram_of_lbp_top_counts_all_inner_voxels():
    method = LBPTOP(blocks=3, radii=(1, 2, 4))
    counts = method.counts(method.check(clips(1))[0])
    assert counts.shape == (9, 3, 59)
    assert (counts.sum(axis=(0, 2)) == (10 - 8) * (22 - 4) * (22 - 2)).all()
    assert (counts.sum(axis=2) == counts.sum(axis=2)[:, :1]).all()


def test_the_lengths_are_those_of_the_published_settings_and_every_histogram_sums_to_one():
    top, sip = LBPTOP().transform(clips()), LBPSIP().transform(clips())
    assert top.shape == (2, 4425)
    assert sip.shape == (2, 500)
    np.testing.assert_allclose(top.reshape(2, 75, 59).sum(2), 1)
    np.testing.assert_allclose(sip.reshape(2, 25, 20)[..., :16].sum(2), 1)
    np.testing.assert_allclose(sip.reshape(2, 25, 20)[..., 16:].sum(2), 1)


def test_exactly_six_points_decide_the_codes_of_lbp_sip():
    bits = {(1, 1, 2): (1, 0), (1, 0, 1): (2, 0), (1, 1, 0): (4, 0), (1, 2, 1): (8, 0)}
    bits |= {(2, 1, 1): (0, 1), (0, 1, 1): (0, 2)}
    for point in product(range(3), repeat=3):
        volume = np.zeros((3, 3, 3), int)
        volume[1, 1, 1] = 5
        volume[point] = max(volume[point], 5)
        if point != (1, 1, 1):
            assert tuple(code.item() for code in six_point_codes(volume, (1, 1, 1))) == bits.get(point, (0, 0)), point


def test_the_points_of_lbp_sip_lie_a_radius_away():
    volume = np.zeros((9, 5, 7), int)
    volume[4, 2, 3] = 5
    volume[4, 2, 3 + 3] = volume[4 - 4, 2, 3] = 5
    assert [code.item() for code in six_point_codes(volume, (3, 2, 4))] == [1, 2]


def test_lbp_sip_of_a_still_and_of_a_brightening_clip():
    still = np.repeat(clips(1)[:, :1] / 2, 10, axis=1)
    brightening = still + np.linspace(0, 0.4, 10).astype(np.float32)[:, None, None, None]
    assert (LBPSIP().transform(still).reshape(25, 20)[:, 16 + 3] == 1).all()  # both points as bright
    assert (LBPSIP().transform(brightening).reshape(25, 20)[:, 16 + 1] == 1).all()  # the later one brighter


def test_a_mirrored_clip_has_mirrored_blocks_and_left_and_right_exchanged():
    rows = clips(1)
    plain, mirrored = (LBPSIP().transform(x).reshape(5, 5, 20) for x in (rows, rows[..., ::-1]))
    code = np.arange(16)
    swapped = (code & 0b1010) | (code & 1) << 2 | (code & 4) >> 2
    np.testing.assert_allclose(mirrored[..., :16], plain[:, ::-1][..., swapped])
    np.testing.assert_allclose(mirrored[..., 16:], plain[:, ::-1, 16:])


@pytest.mark.parametrize("method", [LBPTOP(), LBPSIP()])
@pytest.mark.parametrize(
    "wrong",
    [
        clips()[:, 0],  # one frame
        clips()[:, :, :2],  # two channels
        clips(frames=8),  # too short for radius 4
        clips(size=6),  # smaller than its blocks
        clips() * 255,  # not in 0..1
    ],
)
def test_clips_that_cannot_be_read_are_refused(method, wrong):
    with pytest.raises(MerlibError):
        method.transform(wrong)
    assert np.isfinite(method.transform(clips(frames=9, size=7))).all()  # what the message says is enough
