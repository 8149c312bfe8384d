"""Dense flow: direction, sign, order of components and accuracy on known warps (SYNTHETIC)."""

from __future__ import annotations

import numpy as np
import pytest
from warped_face import pair, portrait

from merlib.errors import MerlibError
from merlib.motion.flow import METHODS, check_flow, dense_flow, end_point_error, unknown_pixels

WITHOUT_WEIGHTS = [m for m in METHODS if m != "liteflownet"]


def shifted(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Two crops of one picture: what is at (x, y) in the first is at (x + columns, y + rows) in the second."""
    image = portrait()
    first = image[20:116, 10:90]
    second = image[20 - rows : 116 - rows, 10 - columns : 90 - columns]
    return first, second


@pytest.mark.parametrize("method", WITHOUT_WEIGHTS)
@pytest.mark.parametrize(("columns", "rows"), [(2, 0), (-2, 0), (0, 2), (0, -2), (2, -1)])
def test_flow_points_from_first_to_second_right_and_down(method, columns, rows):
    flow = dense_flow(*shifted(columns, rows), method=method)
    assert flow.shape == (96, 80, 2)
    assert flow.dtype == np.float32
    middle = np.median(flow[16:-16, 16:-16], axis=(0, 1))
    assert middle == pytest.approx([columns, rows], abs=0.25)


@pytest.mark.parametrize("method", WITHOUT_WEIGHTS)
def test_two_equal_frames_do_not_move(method):
    image = portrait()
    inside = dense_flow(image, image, method=method)[8:-8, 8:-8]  # OpenCV's Farneback errs at the border
    assert np.abs(inside).max() < 0.01


# Bounds: at most these parts of a zero field's error, where the skin moves more than a quarter of a pixel.
@pytest.mark.long
@pytest.mark.parametrize(("method", "part"), [("tvl1", 0.20), ("dis", 0.35), ("farneback", 0.40)])
@pytest.mark.parametrize("units", [{"12": 1.0}, {"1": 1.0, "2": 1.0}])
def test_error_on_a_facial_motion_is_a_small_part_of_the_motion(method, part, units):
    first, second, truth = pair(units, peak=1.5, scale=1.5, noise=1.0)
    error, zero_field = end_point_error(dense_flow(first, second, method=method), truth, above=0.25)
    assert 0.25 < zero_field < 1.5
    assert error <= part * zero_field


def share_of_the_motion(peak, **options):
    """Error of four expressions' flow over that of a zero field, with noise of one grey level (SYNTHETIC)."""
    shares = []
    for units in ({"12": 1.0}, {"1": 1.0, "2": 1.0}, {"4": 1.0}, {"14": 1.0}):
        first, second, truth = pair(units, peak=peak, scale=1.25, noise=1.0)
        error, zero_field = end_point_error(dense_flow(first, second, **options), truth, above=0.25)
        shares.append(error / zero_field)
    return np.mean(shares)


@pytest.mark.slow  # rests on constants that hardly ever change
def test_the_defaults_of_tvl1_are_the_most_accurate_where_motion_is_small_and_more_warps_where_it_is_large():
    default = share_of_the_motion(1.2)
    assert default < share_of_the_motion(1.2, attachment=15)
    assert default < share_of_the_motion(1.2, num_warp=15)
    assert share_of_the_motion(5.0, num_warp=15) < share_of_the_motion(5.0)


def test_colour_and_its_grey_give_the_same_flow():
    first, second, _ = pair({"12": 1.0}, peak=1.5)
    luma = [f / 255.0 @ np.array([0.299, 0.587, 0.114]) for f in (first, second)]
    np.testing.assert_allclose(dense_flow(first, second, "dis"), dense_flow(*luma, "dis"), atol=0.05)


def test_options_reach_the_method():
    first, second, _ = pair({"12": 1.0}, peak=1.5)
    coarse = dense_flow(first, second, method="dis", preset="fast")
    assert not np.array_equal(coarse, dense_flow(first, second, method="dis", preset="medium"))
    stiff = dense_flow(first, second, attachment=0.1, num_warp=2)
    assert np.ptp(stiff[..., 0]) < np.ptp(dense_flow(first, second)[..., 0])


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"method": "tvl2"}, "tvl1"),
        ({"method": "dis", "preset": "slow"}, "medium"),
        ({"method": "tvl1", "preset": "fast"}, "num_warp"),
    ],
)
def test_unknown_names_are_refused_with_the_valid_ones(options, match):
    image = portrait()
    with pytest.raises(MerlibError, match=match):
        dense_flow(image, image, **options)


@pytest.mark.parametrize(
    ("second", "match"),
    [
        (np.zeros((144, 111, 3), np.uint8), "same height and width"),
        (np.zeros((144, 112, 3), np.int32), "int32"),
        (np.full((144, 112, 3), 200.0), "0..1"),
        (np.full((144, 112, 3), np.nan), "finite"),
        (np.zeros((144, 112, 4), np.uint8), "shape"),
        (np.zeros((144, 8, 3), np.uint8), "16"),
    ],
)
def test_frames_that_cannot_be_read_are_refused(second, match):
    with pytest.raises(MerlibError, match=match):
        dense_flow(portrait(), second)


def test_end_point_error_is_the_mean_distance_where_something_moves():
    truth = np.zeros((4, 4, 2))
    truth[0, 0] = 3, 4  # 5 px
    truth[0, 1] = 0, 1
    flow = np.zeros((4, 4, 2))
    flow[0, 0] = 3, 3
    assert end_point_error(flow, truth, above=0.25) == (1.0, 3.0)
    assert end_point_error(flow, truth, above=2.0) == (1.0, 5.0)
    with pytest.raises(MerlibError, match="no pixel"):
        end_point_error(flow, truth, above=5.0)


@pytest.mark.parametrize("where", ["flow", "truth"])
def test_end_point_error_leaves_out_pixels_of_unknown_motion(where):
    flows = {"flow": np.zeros((4, 4, 2)), "truth": np.zeros((4, 4, 2))}
    flows["truth"][0, :2] = (3, 4)  # 5 px
    flows[where][0, 0] = 1.666666752e9
    assert end_point_error(**flows, above=0.25) == (5.0, 5.0)
    flows[where][..., 0] = 1.666666752e9
    with pytest.raises(MerlibError, match="no pixel"):
        end_point_error(**flows, above=0.25)


def test_unknown_motion_is_no_number_to_compute_with():
    flow = np.zeros((4, 4, 2))
    flow[1, 2, 1] = -1.666666752e9
    with pytest.raises(MerlibError, match="1 pixels of unknown motion"):
        check_flow(flow)
    assert np.argwhere(unknown_pixels(flow)).tolist() == [[1, 2]]
