"""BlazeFace's answers are decoded and merged as worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.faces.detection import anchors, decode, detect, merge


def boxed(left, top, right, bottom):
    points = np.zeros((8, 2))
    points[:2] = (left, top), (right, bottom)
    return points


def test_anchors_are_the_centres_of_both_grids_row_by_row():
    places = anchors()
    assert places.shape == (896, 2)
    np.testing.assert_allclose(places[[0, 1, 2]], [[1 / 32, 1 / 32], [1 / 32, 1 / 32], [3 / 32, 1 / 32]])
    np.testing.assert_allclose(places[[512, 517, 518]], [[1 / 16, 1 / 16], [1 / 16, 1 / 16], [3 / 16, 1 / 16]])
    np.testing.assert_allclose(places[-1], [15 / 16, 15 / 16])


def test_an_answer_is_read_as_offsets_from_its_anchor_in_pixels_of_the_input():
    regressors, logits = np.zeros((896, 16)), np.full(896, -50.0)
    regressors[512, :6] = 16, 0, 32, 64, -8, 4  # centre +16, +0; 32 x 64; first keypoint -8, +4
    logits[512] = np.log(3)  # score 3 / 4
    points, scores = decode(regressors, logits, 0.5)
    assert scores.tolist() == pytest.approx([0.75])
    # anchor (8, 8) px: centre (24, 8), corners (8, -24) and (40, 40), keypoint (0, 12)
    np.testing.assert_allclose(points[0, :3] * 128, [[8, -24], [40, 40], [0, 12]])


def test_overlapping_boxes_are_one_face_at_their_weighted_mean_and_others_stay():
    points = np.stack([boxed(0, 0, 10, 10), boxed(100, 0, 110, 10), boxed(2, 0, 12, 10)])
    faces = merge(points, np.array([0.6, 0.8, 0.9]))
    assert [score for _, score in faces] == [0.9, 0.8]
    np.testing.assert_allclose(faces[0][0][0], [(0.9 * 2 + 0.6 * 0) / 1.5, 0])
    np.testing.assert_allclose(faces[1][0][:2], [[100, 0], [110, 10]])


def test_boxes_that_barely_touch_are_two_faces():
    points = np.stack([boxed(0, 0, 10, 10), boxed(6, 0, 16, 10)])  # 40 / 160 = .25
    assert len(merge(points, np.array([0.9, 0.8]))) == 2


def test_the_box_follows_the_picture_when_it_is_moved_and_scaled(mesh_weights, portrait):
    import cv2

    small = portrait[:256, 96:352]
    whole = detect(small)[0].box
    moved = detect(np.pad(small, ((40, 0), (0, 40), (0, 0))))[0].box - [0, 40, 0, 40]
    large = (detect(cv2.resize(small, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC))[0].box + 0.5) / 5 - 0.5
    side = whole[2] - whole[0]
    np.testing.assert_allclose(moved, whole, atol=0.08 * side)
    np.testing.assert_allclose(large, whole, atol=0.03 * side)
