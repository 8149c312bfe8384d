"""Positions are the published sines and cosines."""

from __future__ import annotations

from math import cos, sin

import torch

from merlib.models.blocks.positions import sinusoidal_positions


def test_four_dimensions_by_hand():
    table = sinusoidal_positions(3, 4)
    expected = [[sin(p), cos(p), sin(p / 100), cos(p / 100)] for p in range(3)]  # 10000^(2 / 4) = 100
    torch.testing.assert_close(table, torch.tensor(expected))


def test_a_shift_is_a_rotation_so_the_product_depends_on_the_distance_alone():
    table = sinusoidal_positions(40, 64).double()
    products = table @ table.T
    torch.testing.assert_close(products[0, 7], products[20, 27], rtol=1e-5, atol=1e-5)
    assert products[0, 0] > products[0, 7]


def test_an_odd_width_ends_with_a_sine():
    assert sinusoidal_positions(2, 5).shape == (2, 5)
    torch.testing.assert_close(sinusoidal_positions(2, 5)[1, 4], torch.tensor(sin(10000 ** (-4 / 5))))
