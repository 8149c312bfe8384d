"""Optical strain on fields whose derivatives are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.datasets.twin import flow as twin_flow
from merlib.errors import MerlibError
from merlib.motion.strain import strain_magnitude, strain_ststnet8, strain_tensor


def linear(ux, uy, vx, vy, shape=(9, 12)):
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    return np.stack([ux * x + uy * y, vx * x + vy * y], axis=-1)


@pytest.mark.parametrize(
    ("field", "magnitude"),
    [
        ((0, -0.03, 0.03, 0), 0.0),  # rotation
        ((0.04, 0, 0, 0), 0.04),  # stretch along x
        ((0, 0, 0, -0.04), 0.04),  # squeeze along y
        ((0.03, 0, 0, 0.04), 0.05),  # 3-4-5
        ((0, 0.02, 0, 0), np.sqrt(0.0002)),  # simple shear: (uy + vx)^2 / 2
        ((0, 0.02, 0.02, 0), np.sqrt(0.0008)),  # pure shear
    ],
)
def test_magnitude_on_linear_fields_is_the_one_worked_out_by_hand(field, magnitude):
    assert strain_magnitude(linear(*field) + np.array([5.0, -2.0])) == pytest.approx(magnitude, abs=1e-12)


def test_tensor_has_the_derivatives_in_their_places():
    tensor = strain_tensor(linear(0.01, 0.02, 0.04, 0.05))
    assert tensor.shape == (9, 12, 2, 2)
    np.testing.assert_allclose(tensor, np.broadcast_to([[0.01, 0.03], [0.03, 0.05]], tensor.shape), atol=1e-12)


def test_magnitude_is_the_norm_of_the_tensor():
    flow = np.random.default_rng(0).normal(size=(3, 8, 7, 2))
    np.testing.assert_allclose(strain_magnitude(flow), np.linalg.norm(strain_tensor(flow), axis=(-2, -1)))


def test_strain_does_not_change_with_a_rotation_of_the_picture():
    flow = np.random.default_rng(0).normal(size=(8, 8, 2))
    quarter = np.rot90(flow)  # the picture turns anticlockwise: right becomes up
    quarter = np.stack([quarter[..., 1], -quarter[..., 0]], axis=-1)
    np.testing.assert_allclose(strain_magnitude(quarter), np.rot90(strain_magnitude(flow)), atol=1e-12)


def test_the_variant_of_ststnet_8_is_the_published_recipe_and_counts_a_rotation():
    flow = np.random.default_rng(1).normal(size=(8, 7, 2))
    du_rows, du_columns = np.gradient(flow[..., 0])
    dv_rows, dv_columns = np.gradient(flow[..., 1])
    expected = np.sqrt(du_rows**2 + dv_columns**2 + 0.25 * (du_columns + dv_rows) ** 2)
    np.testing.assert_allclose(strain_ststnet8(flow), expected)
    assert strain_ststnet8(linear(0, -0.03, 0.03, 0)) == pytest.approx(0.03 * np.sqrt(2))
    assert strain_ststnet8(linear(0.04, 0, 0, 0)) == pytest.approx(0.02)  # a stretch counts half


def test_the_synthetic_twin_takes_the_same_strain():
    flow = np.random.default_rng(2).normal(size=(8, 7, 2))
    np.testing.assert_allclose(strain_magnitude(flow), twin_flow.optical_strain(flow[..., 0], flow[..., 1]))


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (1, 8, 2)])
def test_what_is_no_flow_is_refused(shape):
    with pytest.raises(MerlibError, match="flow"):
        strain_magnitude(np.zeros(shape))
