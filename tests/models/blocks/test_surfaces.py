"""Robust surfaces: what is a surface goes, what moves differently stays."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.models.blocks.surfaces import surface_terms, without_surface

X, Y = np.meshgrid(np.linspace(-1, 1, 28), np.linspace(-1, 1, 28))


@pytest.mark.parametrize(("degree", "terms"), [(0, 1), (1, 3), (2, 6)])
def test_a_surface_of_its_degree_goes_whole(degree, terms):
    assert surface_terms(degree, 28, 28).shape == (784, terms)
    surface = 0.5 + (0.2 * X - 0.1 * Y) * (degree > 0) + (0.1 * X * Y - 0.05 * Y**2) * (degree > 1)
    np.testing.assert_allclose(without_surface(surface, degree), 0, atol=1e-12)
    if degree:
        assert np.abs(without_surface(surface, degree - 1)).max() > 0.02


def test_a_face_that_moves_differently_does_not_pull_the_surface_with_it():
    head = 0.4 + 0.1 * X - 0.05 * Y
    mouth = np.zeros((28, 28))
    mouth[18:24, 8:20] = 0.5  # 72 of 784 pixels
    left = without_surface(head + mouth, 1)
    np.testing.assert_allclose(left, mouth, atol=1e-12)
    terms = surface_terms(1, 28, 28)
    plain = (head + mouth).ravel() - terms @ np.linalg.lstsq(terms, (head + mouth).ravel(), rcond=None)[0]
    assert np.abs(plain.reshape(28, 28) - mouth).max() > 0.05  # least squares follows both
