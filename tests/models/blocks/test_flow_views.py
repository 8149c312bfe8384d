"""Views of a flow map against fields whose directions and derivatives are known."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.models.blocks.flow_views import blurred, cleaned, derivatives, directions, exact, mirrored, signed_root

Y, X = np.mgrid[:28, :28] - 13.5


@pytest.mark.parametrize(("direction", "u", "v"), [(0, 1, 0), (1, 0, 1), (2, -1, 0), (3, 0, -1)])
def test_a_constant_flow_fills_the_bin_of_its_direction_alone(direction, u, v):
    flow = np.stack([np.full((28, 28), 4.0 * u), np.full((28, 28), 4.0 * v)])
    bins = directions(flow, 1.2, 3)
    assert bins.shape == (4, 9, 9)
    np.testing.assert_allclose(bins[direction], 2.0)  # the root of the magnitude
    np.testing.assert_allclose(np.delete(bins, direction, 0), 0, atol=1e-7)


def test_a_flow_between_two_directions_counts_half_to_each():
    bins = directions(np.full((2, 28, 28), 2**0.5), 2.0, 4)  # 45 degrees, magnitude 2
    assert bins.shape == (4, 7, 7)
    np.testing.assert_allclose(bins[:2], 1.0)
    np.testing.assert_allclose(bins[2:], 0, atol=1e-7)


@pytest.mark.parametrize(
    ("u", "v", "expected"),
    [(X, Y, (2, 0, 0, 0)), (-Y, X, (0, 2, 0, 0)), (X, -Y, (0, 0, 2, 0)), (Y, X, (0, 0, 0, 2))],
)
def test_expansion_rotation_and_both_shears_are_told_apart(u, v, expected):
    inner = derivatives(np.stack([u, v]), 1.0)[:, 10:18, 10:18]
    np.testing.assert_allclose(inner, np.broadcast_to(np.reshape(expected, (4, 1, 1)), inner.shape), atol=1e-3)


def test_cleaning_the_mirrored_map_mirrors_the_cleaned_map():
    maps = np.random.default_rng(0).uniform(0, 255, (3, 28, 28))
    turned = maps[..., ::-1].copy()
    turned[0] = 255 - turned[0]
    for degree in (0, 1, 2):
        np.testing.assert_allclose(cleaned(turned, degree), mirrored(cleaned(maps, degree)), atol=1e-9)


def test_cleaned_channels_have_a_root_mean_square_of_one_and_roots_keep_the_sign():
    clean = cleaned(np.random.default_rng(1).uniform(0, 255, (3, 28, 28)), 1)
    np.testing.assert_allclose((clean**2).mean((1, 2)), 1, rtol=1e-6)
    np.testing.assert_array_equal(signed_root(np.array([-4.0, 0.0, 9.0])), [-2, 0, 3])
    np.testing.assert_array_equal(blurred(clean, 0), clean)
    np.testing.assert_allclose(exact(clean), clean.ravel(), atol=2**-21)
