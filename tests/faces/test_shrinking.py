"""Pictures are made smaller by averaging, so that nothing fine turns into a pattern of its own."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.faces.normalisation import normalise_clip, reference_face
from merlib.faces.shrinking import shrink


def grating(shape, period, shift=0.0):
    x = np.arange(shape[1]) - shift
    row = np.rint(127.5 + 100 * np.sin(2 * np.pi * x / period)).astype(np.uint8)
    return np.repeat(row[None], shape[0], axis=0)


def test_each_new_pixel_is_the_mean_of_the_old_ones_it_covers():
    picture = np.arange(24, dtype=np.float32).reshape(4, 6)
    np.testing.assert_allclose(shrink(picture, (2, 3)), [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]])
    np.testing.assert_allclose(shrink(picture, (4, 2)), picture.reshape(4, 2, 3).mean(axis=2))
    taller = shrink(picture, (8, 3))  # averaged along the row, interpolated along the column
    np.testing.assert_allclose(taller[0], picture[0].reshape(3, 2).mean(axis=1))


def test_dtype_and_channels_stay():
    assert shrink(np.zeros((8, 8, 3), np.uint8), (4, 5)).shape == (4, 5, 3)
    assert shrink(np.zeros((8, 8, 3), np.uint8), (4, 5)).dtype == np.uint8


def test_a_size_without_pixels_is_refused():
    with pytest.raises(MerlibError, match="rows and columns"):
        shrink(np.zeros((4, 4)), (0, 4))


def test_a_fine_grating_fades_where_reading_single_pixels_makes_a_coarse_one():
    fine = grating((240, 240), 2.5)
    assert fine[::3, ::3].std() > 60  # what reading every third pixel would give
    assert shrink(fine, (80, 80)).std() < 15


def test_a_normalised_face_shows_no_grating_finer_than_its_pixels():
    size, times = (56, 56), 3
    points = reference_face(tuple(times * side for side in size))  # the same face, three times as large
    frame = grating((168, 168), 3.3)
    normal = normalise_clip([frame], size=size, onset=frame, backend="given", landmarks=points).frames[0]
    assert frame[1::times, 1::times].std() > 60  # what a warp straight onto the coarse grid reads
    assert normal.std() < 15


def test_what_moves_by_a_coarse_pixel_still_moves_by_one():
    size, times = (56, 56), 3
    points = reference_face(tuple(times * side for side in size))
    frames = [grating((168, 168), 36, shift) for shift in (0, times)]
    first, second = normalise_clip(frames, size=size, onset=frames[0], backend="given", landmarks=points).frames
    np.testing.assert_allclose(second[:, 1:-1].astype(float), first[:, :-2], atol=6)
