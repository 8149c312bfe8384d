"""Flow drawn around the colour wheel: hue is direction, strength is speed."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.motion.colour_wheel import draw_flow


def drawn(u, v, **options):
    return draw_flow(np.array([u, v], float)[:, None, None], **options)[:, 0, 0]


def test_right_is_red_rest_is_white_and_half_the_speed_half_as_strong():
    np.testing.assert_allclose(drawn(2, 0, largest=2), [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(drawn(0, 0, largest=2), [1, 1, 1], atol=1e-6)
    np.testing.assert_allclose(drawn(1, 0, largest=2), [1, 0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(drawn(9, 0, largest=2), [1, 0, 0], atol=1e-6)


def test_hues_follow_the_wheel_s_uneven_steps():
    # 55 steps: a quarter turn is step 13.75 of the 15 from red to yellow, a half 27.5, between cyan (25) and blue (36)
    np.testing.assert_allclose(drawn(0, 1), [1, 13.75 / 15, 0], atol=1e-6)
    np.testing.assert_allclose(drawn(-1, 1e-12), [0, 1 - 2.5 / 11, 1], atol=1e-6)


def test_a_sequence_keeps_one_scale_and_further_channels_are_not_drawn():
    flow = np.zeros((2, 3, 4, 4))
    flow[0, 0], flow[1, 0], flow[:, 2] = 1.0, 4.0, 100.0
    pictures = draw_flow(flow)
    assert pictures.shape == (2, 3, 4, 4)
    np.testing.assert_allclose(1 - pictures[:, 1, 0, 0], [0.25, 1.0], atol=1e-6)


def test_no_motion_at_all_is_white():
    assert (draw_flow(np.zeros((2, 5, 5))) == 1).all()


def test_flow_without_two_channels_is_refused():
    with pytest.raises(MerlibError, match="channels"):
        draw_flow(np.zeros((5, 5)))
