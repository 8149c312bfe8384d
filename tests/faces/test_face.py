"""What a picture and 68 landmarks must be, and what a face says about itself."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.faces.face import Face, box_of, check_landmarks, rgb_picture


def test_eyes_and_their_distance_follow_from_the_landmarks(level_face):
    face = Face(box_of(level_face), level_face)
    np.testing.assert_allclose(face.eyes.mean(axis=0), [150, 120], atol=0.5)
    assert face.eye_distance == pytest.approx(80, abs=1)
    assert face.eyes[0, 0] < face.eyes[1, 0]


def test_a_face_knows_how_far_it_reaches_out_of_the_picture(level_face):
    face = Face(box_of(level_face), level_face)
    chin = level_face[:, 1].max()
    assert face.outside((400, 400, 3)) == 0
    assert face.outside((int(chin) - 39, 400)) == pytest.approx((chin - (int(chin) - 40)) / face.eye_distance)
    assert face.outside((400, 150)) > 0.5


def test_grey_and_floating_point_pictures_are_read_as_rgb():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = np.stack([grey] * 3, axis=2)
    for picture in (grey, grey[..., None], grey / 255.0, expected, (expected / 255).astype(np.float32)):
        np.testing.assert_array_equal(rgb_picture(picture), expected)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((0, 10), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((4, 4), np.int64),
        np.full((4, 4), 255.0),
        np.full((4, 4), np.nan),
    ],
)
def test_a_picture_of_another_form_is_refused(picture):
    with pytest.raises(MerlibError, match="hand over one frame"):
        rgb_picture(picture)


@pytest.mark.parametrize("spoil", [lambda p: p[:67], lambda p: p.T, lambda p: p * np.nan, lambda p: p * 0])
def test_landmarks_that_cannot_be_a_face_are_refused(level_face, spoil):
    with pytest.raises(MerlibError):
        check_landmarks(spoil(level_face))
