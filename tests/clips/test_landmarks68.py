"""The canonical face is a face: symmetric, in its own unit, and where the crop says it is."""

from __future__ import annotations

import numpy as np

from merlib.clips.landmarks68 import (
    CROP,
    MIRROR,
    canonical_face,
    crop_grid,
    face_to_map,
    inside_face,
    map_to_face,
)


def test_face_has_68_points_and_is_its_own_mirror_image():
    face = canonical_face()
    assert face.shape == (68, 2)
    assert np.isfinite(face).all()
    np.testing.assert_array_equal(face[MIRROR] * (-1, 1), face)
    assert sorted(MIRROR) == list(range(68))


def test_unit_is_the_distance_between_eye_centres_and_origin_lies_between_them():
    face = canonical_face()
    right, left = face[36:42].mean(axis=0), face[42:48].mean(axis=0)
    np.testing.assert_allclose(left - right, (1.0, 0.0), atol=1e-12)
    np.testing.assert_allclose(left + right, (0.0, 0.0), atol=1e-12)


def test_parts_follow_the_order_of_ibug_from_brows_down_to_chin():
    face = canonical_face()
    heights = [face[part, 1].mean() for part in (range(17, 27), range(36, 48), [30], range(48, 68), [8])]
    assert heights == sorted(heights)
    assert face[36, 0] < face[39, 0] < 0 < face[42, 0] < face[45, 0]  # outer, inner, inner, outer corner
    assert face[48, 0] < face[60, 0] < 0 < face[64, 0] < face[54, 0]  # inner lip inside outer
    assert (np.diff(face[:17, 0]) > 0).all()


def test_crop_maps_there_and_back_and_its_corner_pixels_touch_its_borders():
    face = canonical_face()
    np.testing.assert_allclose(map_to_face(face_to_map(face, (70, 56)), (70, 56)), face, atol=1e-12)
    left, top, width, height = CROP
    corners = face_to_map(np.array([(left, top), (left + width, top + height)]))
    np.testing.assert_allclose(corners, [(-0.5, -0.5), (27.5, 27.5)])


def test_grid_runs_row_by_row_over_pixel_centres():
    grid = crop_grid((3, 2))
    pixels = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]
    np.testing.assert_allclose(face_to_map(grid, (3, 2)), pixels, atol=1e-12)


def test_brows_eyes_and_mouth_lie_in_the_crop_and_its_lower_corners_do_not_belong_to_the_face():
    inner = face_to_map(canonical_face()[17:])
    assert ((inner > 0) & (inner < 27)).all()
    assert (inside_face(canonical_face()[17:]) > 0.8).all()
    assert (inside_face(np.array([(-1.05, 1.9), (1.05, 1.9)])) < 0.01).all()
