"""Action units move the face the way FACS says, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.clips.landmarks68 import MIRROR, canonical_face, crop_grid
from merlib.datasets.twin.action_units import ACTION_UNITS, SIDES, activation_vector, basis, displacement
from merlib.errors import MerlibError

FACE = canonical_face()
LEFT_CORNER, RIGHT_CORNER = 54, 48  # the subject's left lies on the right of the picture


def moved(**activations: float) -> np.ndarray:
    return displacement({code.removeprefix("AU"): value for code, value in activations.items()}, FACE)


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_two_sided_action_unit_is_mirror_symmetric(unit):
    field = displacement({unit: 0.7}, FACE)
    assert np.abs(field).max() > 0.01
    np.testing.assert_allclose(field[MIRROR] * (-1, 1), field, atol=1e-12)


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_right_side_is_the_mirror_image_of_the_left_and_both_make_the_whole(unit):
    left, right = displacement({f"L{unit}": 1.0}, FACE), displacement({f"R{unit}": 1.0}, FACE)
    np.testing.assert_allclose(left[MIRROR] * (-1, 1), right, atol=1e-12)
    np.testing.assert_allclose(left + right, displacement({unit: 1.0}, FACE), atol=1e-12)


def test_no_activation_moves_nothing():
    assert not displacement({}, FACE).any()
    assert not displacement(dict.fromkeys(ACTION_UNITS, 0.0), FACE).any()


def test_displacement_grows_linearly_and_units_add_up():
    both = moved(AU1=0.2, AU12=0.6)
    np.testing.assert_allclose(both, 0.2 * moved(AU1=1.0) + 0.6 * moved(AU12=1.0), atol=1e-12)


def test_smile_pulls_mouth_corners_outward_and_up():
    field = moved(AU12=1.0)
    assert field[LEFT_CORNER, 0] > 0.05
    assert field[RIGHT_CORNER, 0] < -0.05
    assert (field[[LEFT_CORNER, RIGHT_CORNER], 1] < -0.05).all()


def test_one_sided_smile_leaves_the_other_corner_almost_still():
    field = moved(L12=1.0)
    assert np.hypot(*field[LEFT_CORNER]) > 20 * np.hypot(*field[RIGHT_CORNER])


def test_brow_units_raise_lower_and_knit_the_brows():
    inner, outer = [21, 22], [17, 26]
    assert (moved(AU1=1.0)[inner, 1] < -0.08).all()
    assert (moved(AU2=1.0)[outer, 1] < -0.03).all()
    assert np.abs(moved(AU1=1.0)[outer, 1]).max() < 0.01
    lowered = moved(AU4=1.0)
    assert (lowered[17:27, 1] > 0).all()
    assert lowered[21, 0] > 0 > lowered[22, 0]  # towards each other


@pytest.mark.parametrize(
    ("unit", "landmark", "axis", "sign"),
    [
        ("5", 43, 1, -1),  # upper lid up
        ("45", 43, 1, 1),  # upper lid down
        ("6", 45, 0, -1),  # outer eye corner inward
        ("7", 46, 1, -1),  # lower lid up
        ("9", 35, 1, -1),  # nostril up
        ("10", 52, 1, -1),  # upper lip up
        ("14", 54, 0, 1),  # corner outward
        ("15", 54, 1, 1),  # corner down
        ("16", 56, 1, 1),  # lower lip down
        ("17", 57, 1, -1),  # lower lip up
        ("20", 54, 0, 1),  # corner outward
        ("23", 54, 0, -1),  # corner inward
        ("24", 51, 1, 1),  # lips together
        ("24", 57, 1, -1),
        ("25", 51, 1, -1),  # lips apart
        ("25", 57, 1, 1),
        ("26", 8, 1, 1),  # chin down
    ],
)
def test_action_unit_moves_its_landmark_in_the_direction_of_facs(unit, landmark, axis, sign):
    assert sign * displacement({unit: 1.0}, FACE)[landmark, axis] > 0.01


def test_fields_are_local_so_that_a_smile_moves_no_brow_and_a_frown_no_mouth():
    assert not moved(AU12=1.0)[17:27].any()
    assert not moved(AU4=1.0)[48:68].any()


@pytest.mark.long
@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_full_activation_does_not_fold_the_skin(unit):
    shape = (140, 112)
    field = displacement({unit: 1.0}, crop_grid(shape)).reshape(*shape, 2)
    spacing = 2.70 / 140
    (dx_dy, dy_dy), (dx_dx, dy_dx) = np.moveaxis(np.array(np.gradient(field, spacing, axis=(0, 1))), -1, 1)
    assert ((1 + dx_dx) * (1 + dy_dy) - dx_dy * dy_dx).min() > 0.1


def test_basis_has_one_field_a_side_and_agrees_with_displacement():
    fields = basis(FACE)
    assert fields.shape == (len(SIDES), 68, 2)
    np.testing.assert_array_equal(fields[SIDES.index("R12")], displacement({"R12": 1.0}, FACE))


def test_two_sided_code_drives_both_sides():
    vector = activation_vector({"4": 0.5, "L4": 0.25})
    assert vector[SIDES.index("L4")] == 0.75
    assert vector[SIDES.index("R4")] == 0.5
    assert vector.sum() == 1.25


@pytest.mark.parametrize("code", ["99", "L", "", "12L"])
def test_unknown_action_unit_is_an_error_that_names_it(code):
    with pytest.raises(MerlibError, match="action unit"):
        displacement({code: 1.0}, FACE)
