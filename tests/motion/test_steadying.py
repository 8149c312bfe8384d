"""The head's affine motion is found although parts of the face move otherwise, and taken out of the frames."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.motion.steadying import affine_field, affine_motion, face_mask, steadied

HEAD = np.array([[0.8, 0.004, -0.01], [-0.5, 0.012, 0.006]])


def moving_brows(shape=(60, 50)):
    flow = affine_field(HEAD, shape)
    flow[10:20, 10:40] += (0.0, -1.5)  # a sixth of the face goes its own way
    return flow


def test_muscles_do_not_pull_the_head():
    np.testing.assert_allclose(affine_motion(moving_brows()), HEAD, atol=2e-3)
    rest = moving_brows() - affine_field(affine_motion(moving_brows()), (60, 50))
    np.testing.assert_allclose(rest[10:20, 10:40], np.broadcast_to((0.0, -1.5), (10, 30, 2)), atol=0.05)


def test_only_the_face_counts():
    flow, face = affine_field(HEAD, (60, 50)), np.zeros((60, 50), bool)
    face[20:40, 15:35] = True
    flow[~face] = 0.0  # the wall stands still
    np.testing.assert_allclose(affine_motion(flow, face), HEAD, atol=1e-5)
    assert np.abs(affine_motion(flow) - HEAD).max() > 0.01


def test_too_small_a_face_is_refused():
    with pytest.raises(MerlibError, match="mask"):
        affine_motion(np.zeros((20, 20, 2), np.float32), np.zeros((20, 20), bool))


def test_the_mask_is_the_hull_of_the_landmarks():
    square = np.array([[5, 5], [14, 5], [14, 10], [5, 10]] * 17, np.float32)
    mask = face_mask(square, (20, 20))
    assert mask.sum() == 10 * 6
    assert mask[5:11, 5:15].all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_frames_of_a_swaying_head_come_to_rest(dtype):
    import cv2

    rng = np.random.default_rng(0)
    first = cv2.GaussianBlur(rng.random((96, 96, 3)).astype(np.float32), (0, 0), 2.5)
    first = (first - first.min()) / np.ptp(first)
    forth = np.array([[1.004, -0.01, 1.2], [0.01, 0.998, -0.7]])
    second = cv2.warpAffine(first, forth, (96, 96), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).clip(0, 1)
    pair = np.stack([first, second])
    pair = (np.rint(255 * pair) if dtype == np.uint8 else pair).astype(dtype)
    still = steadied(pair)
    scale, inner = (255 if dtype == np.uint8 else 1), np.s_[8:-8, 8:-8]
    assert still.dtype == dtype
    np.testing.assert_array_equal(still[0], pair[0])
    before = np.abs(pair[1][inner] / scale - pair[0][inner] / scale).mean()
    after = np.abs(still[1][inner] / scale - still[0][inner] / scale).mean()
    assert after < 0.2 * before
