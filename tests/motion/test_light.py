"""Light that goes up and down is evened out and nothing else is touched."""

import numpy as np
import pytest

from merlib.motion.light import even_light


def test_a_flickering_clip_becomes_the_first_frame_again():
    rng = np.random.default_rng(0)
    face = rng.uniform(0.1, 0.7, (8, 9, 3))
    clip = np.stack([face, 1.2 * face, 0.8 * face])
    np.testing.assert_allclose(even_light(clip), np.stack([face] * 3), atol=1e-6)


def test_a_steady_clip_of_bytes_keeps_its_values_as_shares():
    clip = np.random.default_rng(0).permutation(
        np.arange(200, dtype=np.uint8).reshape(1, 20, 10).repeat(2, axis=0), axis=0
    )
    np.testing.assert_allclose(even_light(clip), clip / 255, atol=1e-6)


def test_black_stays_black_and_nothing_exceeds_white():
    clip = np.stack([np.full((4, 4), 0.9), np.zeros((4, 4)), np.linspace(0, 1, 16).reshape(4, 4)])
    lit = even_light(clip)
    assert (lit[1] == 0).all()
    assert lit.max() == pytest.approx(1.0)
