"""Balanced kernel ridge regression against a case worked out by hand."""

from __future__ import annotations

import numpy as np

from merlib.models.blocks.kernel_ridge import gaussian_kernel, ridge_weights, typical_distance


def test_without_likeness_a_row_weighs_its_target_over_its_own_penalty():
    # classes of 1 and 3 rows: weights 4 / (2 * 1) = 2 and 4 / (2 * 3) = 2/3, penalties .15 and .45
    weights = ridge_weights(np.eye(4), np.array([0, 1, 1, 1]), 2)
    np.testing.assert_allclose(weights[0], [0.5 / 1.15, -0.5 / 1.15])
    np.testing.assert_allclose(weights[1:], [[-0.5 / 1.45, 0.5 / 1.45]] * 3)


def test_the_width_is_the_median_between_different_rows():
    distances = np.array([[0.0, 1, 4], [1, 0, 9], [4, 9, 0]])
    assert typical_distance(distances) == 4
    np.testing.assert_allclose(gaussian_kernel(distances, 4.0)[0], np.exp([0, -1 / 8, -1 / 2]))
