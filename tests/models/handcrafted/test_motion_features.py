"""Bi-WOOF, HOOF and MDMO on fields of motion whose features are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.models.handcrafted.bi_woof import BiWOOF
from merlib.models.handcrafted.hoof import HOOF
from merlib.models.handcrafted.mdmo import MDMO, main_direction
from merlib.models.handcrafted.motion_fields import directions

METHODS = [BiWOOF(), HOOF(), MDMO()]


def constant(u, v, strain=1.0, size=12):
    """One map (1, 3, size, size) that moves alike everywhere."""
    return np.ones((1, 3, size, size)) * np.array([u, v, strain])[:, None, None]


def at_angle(degrees, length=2.0, **size):
    return constant(length * np.cos(np.deg2rad(degrees)), length * np.sin(np.deg2rad(degrees)), **size)


def random_maps(n=2, size=20, seed=0):
    maps = np.random.default_rng(seed).normal(size=(n, 3, size, size))
    maps[:, 2] = np.abs(maps[:, 2])
    return maps


def mirrored(maps):
    turned = maps[..., ::-1].copy()
    turned[:, 0] *= -1
    return turned


def turned_by_90_degrees(maps):
    """The picture turned from right to down, and the vectors with it."""
    turned = np.rot90(maps, -1, axes=(-2, -1)).copy()
    turned[:, 0], turned[:, 1] = -turned[:, 1].copy(), turned[:, 0].copy()
    return turned


def test_directions_fill_half_open_bins_from_the_start():
    angle = np.deg2rad([-180, -170, -135, -1, 0, 44, 45, 179, 180])
    np.testing.assert_array_equal(directions(np.cos(angle), np.sin(angle), 8), [0, 0, 1, 3, 4, 4, 5, 7, 0])
    np.testing.assert_array_equal(directions(np.array([1, -1, 0.0]), np.array([0, 0, -1.0]), 8, start=0.0), [0, 4, 6])


# --- HOOF ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("degrees", "bin_number"), [(-170, 0), (-100, 1), (-10, 3), (10, 4), (100, 6), (170, 7)])
def test_a_constant_flow_puts_all_mass_into_the_bin_of_its_direction(degrees, bin_number):
    np.testing.assert_allclose(HOOF(mirrored=False).transform(at_angle(degrees))[0], np.eye(8)[bin_number])


@pytest.mark.parametrize(
    ("degrees", "bin_number"), [(-90, 0), (-100, 0), (-80, 0), (-10, 3), (-170, 3), (10, 4), (170, 4), (90, 7)]
)
def test_the_primary_angle_does_not_tell_left_from_right(degrees, bin_number):
    np.testing.assert_allclose(HOOF().transform(at_angle(degrees))[0], np.eye(8)[bin_number])


def test_vectors_count_by_their_length():
    maps = np.zeros((1, 3, 1, 3))
    maps[0, :2, 0, 0] = 3, 0.1
    maps[0, :2, 0, 1] = 0.1, -1
    found = HOOF(mirrored=False).transform(maps)[0]
    long, short = np.hypot(3, 0.1), np.hypot(0.1, 1)
    np.testing.assert_allclose(found[[4, 2]], [long / (long + short), short / (long + short)])


def test_each_field_of_a_clip_has_a_histogram_of_its_own():
    clip = np.stack([at_angle(10), at_angle(100), constant(0, 0)], axis=1)
    found = HOOF(mirrored=False).transform(clip).reshape(3, 8)
    np.testing.assert_allclose(found, [np.eye(8)[4], np.eye(8)[6], np.zeros(8)])


def test_hoof_of_mirrored_and_of_turned_motion():
    maps = random_maps()
    np.testing.assert_allclose(HOOF().transform(mirrored(maps)), HOOF().transform(maps))
    whole = HOOF(mirrored=False)
    np.testing.assert_allclose(whole.transform(turned_by_90_degrees(maps)), np.roll(whole.transform(maps), 2, axis=1))


# --- MDMO ---------------------------------------------------------------------------------------------------------


def test_the_main_direction_of_a_constant_flow_is_that_flow():
    np.testing.assert_allclose(main_direction(np.full(9, 3.0), np.full(9, 4.0)), [3, 4])
    found = MDMO().transform(constant(3, 4))[0]
    np.testing.assert_allclose(found[:36], 0.8)
    np.testing.assert_allclose(found[36:], 0.2 * np.arctan2(4, 3))


def test_the_main_direction_is_that_of_most_vectors_not_of_the_longest():
    u, v = np.array([1, 2, 3, -50, -50.0]), np.array([0.5, 0.5, 0.5, 1, 1])
    np.testing.assert_allclose(main_direction(u, v), [2, 0.5])


def test_of_equally_full_bins_the_one_that_moves_most_counts():
    v = np.array([0.5, 0.5])
    np.testing.assert_allclose(main_direction(np.array([1.2, -0.8]), v), [1.2, 0.5])
    np.testing.assert_allclose(main_direction(np.array([0.8, -1.2]), v), [-1.2, 0.5])


def test_what_does_not_move_has_no_direction_and_is_not_counted():
    u, v = np.array([0, 0, 0, 0, 0, -1.0]), np.zeros(6)
    np.testing.assert_allclose(main_direction(u, v), [-1, 0])
    np.testing.assert_array_equal(main_direction(np.zeros(4), np.zeros(4)), [0, 0])
    assert not MDMO().transform(constant(0, 0)).any()


def test_regions_are_averaged_over_frames_and_divided_by_the_strongest():
    clip = np.zeros((1, 2, 3, 4, 8))
    clip[0, :, 0, :, :4] = np.array([1, 3])[:, None, None]  # left half: 2 to the right on average
    clip[0, :, 1, :, 4:] = np.array([8, 0])[:, None, None]  # right half: 4 down on average
    found = MDMO(regions=[(0, 1, 0, 0.5), (0, 1, 0.5, 1)], magnitude_weight=0.5).transform(clip)[0]
    np.testing.assert_allclose(found, [0.5 * 2 / 4, 0.5, 0, 0.5 * np.pi / 2])


def test_mdmo_of_a_mirrored_face():
    maps = random_maps(size=24)
    plain, turned = MDMO().transform(maps), MDMO().transform(mirrored(maps))
    cells = np.arange(36).reshape(6, 6)[:, ::-1].ravel()
    np.testing.assert_allclose(turned[:, :36], plain[:, cells])
    angle, other = plain[:, 36 + cells] / 0.2, turned[:, 36:] / 0.2
    np.testing.assert_allclose(np.exp(1j * other), -np.exp(-1j * angle), atol=1e-6)


@pytest.mark.parametrize("region", [(0, 1, 0, 12), (0.5, 0.5, 0, 1), (0.1, 0.11, 0, 1), (-0.1, 1, 0, 1)])
def test_a_region_outside_the_face_or_without_pixels_is_refused(region):
    with pytest.raises(MerlibError, match="region"):
        MDMO(regions=[region]).transform(constant(1, 1))


# --- Bi-WOOF ------------------------------------------------------------------------------------------------------


def test_both_weights_of_two_by_two_blocks_by_hand():
    maps = np.zeros((1, 3, 2, 4))
    # bins of 90 degrees from -180 on. Upper left block: 3 px right (bin 2), 1 px up (bin 1), mean strain 2
    maps[0, :, 0, 0], maps[0, :, 0, 1] = (3, 0, 1), (0, -1, 3)
    # upper right: 2 px left (bin 0), and a still pixel, which weighs nothing; mean strain 4
    maps[0, :, 0, 2], maps[0, :, 0, 3] = (-2, 0, 0), (0, 0, 8)
    # lower left: strain, but no motion. Lower right: both at 45 degrees (bin 2), mean strain 1
    maps[0, :, 1, 0], maps[0, :, 1, 2], maps[0, :, 1, 3] = (0, 0, 5), (1, 1, 1), (2, 2, 1)
    weighted = np.array([[0, 0.25 * 2, 0.75 * 2, 0], [4, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]])
    found = BiWOOF(blocks=2, bins=4).transform(maps)[0]
    np.testing.assert_allclose(found, weighted.ravel() / np.sqrt(0.25 + 2.25 + 16 + 1))


def test_bi_woof_has_two_hundred_values_of_length_one_whatever_the_units():
    maps = random_maps()
    found = BiWOOF().transform(maps)
    assert found.shape == (2, 200)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    np.testing.assert_allclose(BiWOOF().transform(maps * np.array([3, 3, 7])[:, None, None]), found)
    assert not BiWOOF().transform(constant(0, 0)).any()


def test_blocks_of_unequal_size_weigh_alike():
    # 28 pixels make blocks of five and of six; strain that is the same everywhere must favour none of them
    found = BiWOOF().transform(constant(1, 0.5, size=28))[0].reshape(25, 8)
    np.testing.assert_allclose(found.max(axis=1), 1 / 5)


def test_bi_woof_of_mirrored_and_of_turned_motion():
    maps = random_maps()
    plain = BiWOOF().transform(maps).reshape(2, 5, 5, 8)
    other = BiWOOF().transform(mirrored(maps)).reshape(2, 5, 5, 8)
    np.testing.assert_allclose(other, plain[:, :, ::-1][..., [3, 2, 1, 0, 7, 6, 5, 4]])
    turned = BiWOOF().transform(turned_by_90_degrees(maps)).reshape(2, 5, 5, 8)
    np.testing.assert_allclose(turned, np.roll(np.rot90(plain, -1, axes=(1, 2)), 2, axis=-1))


def test_more_blocks_than_pixels_are_refused():
    with pytest.raises(MerlibError, match="blocks"):
        BiWOOF(blocks=13).transform(constant(1, 1))


# --- stretched maps -----------------------------------------------------------------------------------------------


def stretched(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (3, 3, 28, 28)).astype(float)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_the_zero_of_a_stretched_map_is_its_median(method):
    method = type(method)(still="median")
    maps, moved = stretched(), stretched()
    moved[:, :2] += 17
    np.testing.assert_allclose(method.transform(moved), method.transform(maps))
    centred = maps.copy()
    centred[:, :2] -= np.median(maps[:, :2], axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(type(method)(still="zero").transform(centred), method.transform(maps))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_stretched_maps_are_not_taken_for_pixels(method):
    with pytest.raises(MerlibError, match="median"):
        method.transform(stretched())
    with pytest.raises(MerlibError, match="zero"):
        type(method)(still="mean").transform(stretched())


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
@pytest.mark.parametrize("wrong", [np.zeros((4, 784)), np.zeros((4, 2, 28, 28)), np.zeros((2, 4, 9, 3, 28, 28))])
def test_another_shape_is_refused(method, wrong):
    with pytest.raises(MerlibError, match="shape"):
        method.transform(wrong)
