"""The local weighted mean reproduces what it must, reaches the reference face and does not fold the picture."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.faces import LocalWeightedMean, normalise_clip, one_face, reference_face


@pytest.fixture
def scattered() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 100, (68, 2))


def bent(points: np.ndarray) -> np.ndarray:
    x, y = points.T
    return np.stack([3 + x + 0.004 * x * y, 1 + 0.9 * y - 0.003 * x**2], axis=1)


def test_a_polynomial_of_second_order_is_reproduced_between_the_points(scattered):
    inside = np.random.default_rng(1).uniform(20, 80, (200, 2))
    mapped = LocalWeightedMean(scattered, bent(scattered))(inside)
    np.testing.assert_allclose(mapped, bent(inside), atol=1e-6)
    assert np.abs(mapped - inside).max() > 10


def test_an_affine_map_is_reproduced_everywhere_and_far_outside(scattered):
    matrix = np.array([[1.1, 0.2], [-0.1, 0.8]])
    outside = np.array([[-500.0, 50], [50, 900], [110, 110]])
    mapped = LocalWeightedMean(scattered, scattered @ matrix.T + (5, 7))(outside)
    np.testing.assert_allclose(mapped, outside @ matrix.T + (5, 7), atol=1e-6)


def test_the_map_has_no_steps_where_the_affine_takes_over(scattered):
    mapped = LocalWeightedMean(scattered, bent(scattered))
    line = np.stack([np.linspace(-60, 160, 4401), np.full(4401, 40.0)], axis=1)  # steps of .05 px
    assert np.hypot(*np.diff(mapped(line), axis=0).T).max() < 1.0


def test_one_moved_point_moves_only_its_neighbourhood():
    rows, columns = np.mgrid[0:100:10, 0:100:10]
    grid = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(float)
    values = grid.copy()
    values[0] += (4, 0)  # the corner at (0, 0)
    moved = LocalWeightedMean(grid, values, 9)(np.array([[0.0, 0], [80, 80]])) - [[0, 0], [80, 80]]
    assert moved[0, 0] > 1
    np.testing.assert_allclose(moved[1], 0, atol=1e-9)


@pytest.mark.parametrize(("points", "neighbours"), [(5, 6), (68, 5), (68, 69)])
def test_too_few_points_are_refused(points, neighbours):
    places = np.random.default_rng(0).uniform(size=(points, 2))
    with pytest.raises(MerlibError, match="neighbours"):
        LocalWeightedMean(places, places, neighbours)


def test_coinciding_control_points_are_refused(scattered):
    scattered[3] = scattered[4]
    with pytest.raises(MerlibError, match="coincide"):
        LocalWeightedMean(scattered, scattered)


def test_a_face_that_is_the_reference_is_left_as_it_is():
    frame = np.random.default_rng(2).integers(0, 256, (120, 96, 3), dtype=np.uint8)
    clip = normalise_clip([frame], size=(120, 96), backend="given", landmarks=reference_face((120, 96)))
    np.testing.assert_allclose(clip.frames[0], frame, atol=1)
    assert clip.residual < 1e-6


def test_eyes_of_every_face_come_to_the_same_place_level(level_face):
    reference = reference_face((224, 224))
    assert reference[36, 1] == pytest.approx(reference[45, 1])
    clip = normalise_clip(np.zeros((3, 340, 300), np.uint8), backend="given", landmarks=level_face * 1.1 + 4)
    assert clip.frames.shape == (3, 224, 224)
    np.testing.assert_array_equal(clip.landmarks, reference)


def test_the_portraits_marked_points_come_to_the_reference_face(mesh_weights, portrait, marked):
    landmarks = one_face(portrait, "portrait").landmarks
    back = LocalWeightedMean(reference_face((224, 224)), landmarks)
    read = back(reference_face((224, 224))[list(marked)])
    unit = np.hypot(*(marked[45] - marked[36]))
    assert np.hypot(*(read - np.array([*marked.values()])).T).mean() / unit < 0.05
    assert normalise_clip([portrait], "portrait").residual < 0.04


def test_the_portrait_is_not_folded_over(mesh_weights, portrait):
    back = LocalWeightedMean(reference_face((170, 140)), one_face(portrait, "portrait").landmarks)
    rows, columns = np.mgrid[:170, :140]
    places = back(np.column_stack([columns.ravel(), rows.ravel()])).reshape(170, 140, 2)
    along, down = np.diff(places, axis=1)[:-1], np.diff(places, axis=0)[:, :-1]
    assert (along[..., 0] * down[..., 1] - along[..., 1] * down[..., 0]).min() > 0


def test_a_clip_without_frames_is_named():
    with pytest.raises(MerlibError, match="sub01/x: no frames"):
        normalise_clip([], "sub01/x")
