"""Magnification: what `factor` means, what each method reaches on known motion (SYNTHETIC), how one is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from warped_face import as_uint8, pair, portrait, true_flow, warp

from merlib.errors import MerlibError
from merlib.motion.flow import dense_flow
from merlib.motion.magnification import choose_method, factor_sequence, magnify
from merlib.motion.magnification.eulerian import collapse, laplacian_pyramid, magnify_band
from merlib.motion.magnification.lagrangian import fold_fraction, warp_by_flow
from merlib.motion.magnification.magnify import magnifier_sentence
from merlib.sources.weights import FOLDER_VARIABLE, weights_state

BROWS = {"1": 1.0, "2": 1.0}


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TORCH_HOME", raising=False)
    return tmp_path


def gain(first: np.ndarray, magnified: np.ndarray, truth: np.ndarray) -> float:
    """Measured motion as a multiple of the true one, over the pixels that move most."""
    size = np.linalg.norm(truth, axis=-1)
    moving = size > 0.25 * size.max()
    measured = dense_flow(first, magnified)
    return float((measured * truth)[moving].sum() / (truth**2)[moving].sum())


@pytest.mark.long
@pytest.mark.parametrize("factor", [2, 5, 12])
def test_lagrangian_motion_is_the_factor_times_the_motion(factor, no_weights):
    first, second, truth = pair(BROWS, peak=0.6, scale=1.2)
    result = magnify((first, second), factor, "lagrangian")
    assert gain(first, result.frames[1], truth) == pytest.approx(factor, rel=0.10)
    assert result.method == "lagrangian"
    assert result.details["flow"] == "tvl1"


def test_a_warp_by_the_true_flow_is_the_face_moved_further():
    truth = true_flow({"12": 1.0}, peak=1.0)
    first = portrait()
    further = warp(first, 4 * truth)
    drawn = warp_by_flow(warp(first, truth), truth, 4)
    assert np.abs(drawn - further)[4:-4, 4:-4].mean() < 0.15 * np.abs(first - further)[4:-4, 4:-4].mean()


@pytest.mark.parametrize("factor", [0, 1])
def test_factor_one_changes_nothing_and_factor_zero_undoes_the_motion(factor, no_weights):
    first, second, truth = pair(BROWS, peak=1.0)
    for method in ("lagrangian", "eulerian"):
        drawn = magnify((first, second), factor, method).frames[1]
        if factor:
            assert np.abs(drawn.astype(int) - second).max() <= 1
        else:
            assert abs(gain(first, drawn, truth)) < 0.25


def test_eulerian_motion_grows_with_the_factor_and_never_beyond_it(no_weights):
    first, second, truth = pair(BROWS, peak=0.5)
    gains = [gain(first, magnify((first, second), k, "eulerian").frames[1], truth) for k in (1, 2, 3, 4)]
    assert gains == sorted(gains)
    assert gains[2] > 1.8
    assert all(g < 1.1 * k for g, k in zip(gains, (1, 2, 3, 4), strict=True))


def test_eulerian_attenuates_the_finest_bands_most():
    rng = np.random.default_rng(0)
    flat, noise = np.full((64, 64), 0.5), rng.normal(0, 0.01, (64, 64))
    waves = 0.01 * np.sin(np.arange(64) * 2 * np.pi / 32) * np.ones((64, 1))
    growth = {}
    for name, change in (("noise", noise), ("waves", waves)):
        drawn = magnify((flat, flat + change), 5, "eulerian", cutoff=16.0).frames[1] - 0.5
        growth[name] = drawn.std() / change.std()
    assert growth["waves"] == pytest.approx(5, rel=0.1)
    assert growth["noise"] < 0.6 * growth["waves"]


def test_a_laplacian_pyramid_collapses_to_its_picture():
    image = portrait()[:101, :77]
    np.testing.assert_allclose(collapse(laplacian_pyramid(image, 3)), image, atol=1e-5)


def test_the_temporal_band_pass_magnifies_what_lies_in_its_band_only():
    fps, seconds = 100.0, 4.0
    time = np.arange(int(fps * seconds)) / fps
    swing = {hz: 0.02 * np.sin(2 * np.pi * hz * time)[:, None, None] * np.ones((1, 16, 16)) for hz in (2.0, 0.05, 40.0)}
    inside = slice(100, 300)
    for hz, clip in swing.items():
        drawn = magnify_band(0.5 + clip, 3.0, fps, band=(0.5, 8.0))[inside] - 0.5
        growth = float((drawn * clip[inside]).sum() / (clip[inside] ** 2).sum())
        assert growth == pytest.approx(3.0, rel=0.15) if hz == 2.0 else growth < 1.25


def test_the_band_is_chosen_by_the_frame_rate(no_weights):
    frames = np.stack([portrait()[:32, :32]] * 6)
    assert magnify(frames, 3, "eulerian", fps=100.0).details["temporal"] == "band-pass"
    assert "first frame" in magnify(frames, 3, "eulerian").details["temporal"]
    with pytest.raises(MerlibError, match="Hz"):
        magnify(frames, 3, "eulerian", fps=100.0, band=(60.0, 80.0))


def test_fold_fraction_counts_where_the_scaled_flow_turns_the_picture_over():
    y, x = np.mgrid[:10, :10].astype(float)
    squeeze = np.stack([-0.3 * x, 0 * y], axis=-1)  # 1 + k ux = 1 - 0.3 k
    assert fold_fraction(squeeze, 3) == 0.0
    assert fold_fraction(squeeze, 4) == 1.0


def test_auto_takes_the_network_when_its_weights_are_there_and_says_so(no_weights):
    assert choose_method() == "eulerian"
    frames = np.stack([as_uint8(portrait())] * 2)
    assert magnify(frames, 3).method == "eulerian"
    assert magnifier_sentence(choose_method()) == "eulerian"


@pytest.mark.parametrize("place", ["weights", "cache/merlib/weights", "cache/torch/hub/checkpoints"])
def test_weights_listed_as_here_are_the_ones_that_are_used_and_a_wrong_file_stops_the_run(no_weights, place):
    assert weights_state("magnet") == "fetchable"
    (no_weights / place).mkdir(parents=True)
    (no_weights / place / "learning_based_mag.pth.tar").write_bytes(b"damaged")
    assert weights_state("magnet").startswith("damaged")
    assert choose_method() == "magnet"
    with pytest.raises(MerlibError, match="other content"):  # never a silent second choice
        magnify(np.stack([as_uint8(portrait())] * 2), 3)


def test_frames_keep_shape_type_and_the_first_one(no_weights):
    first, second, _ = pair(BROWS, peak=1.0)
    for method in ("lagrangian", "eulerian"):
        result = magnify(np.stack([first, second, second]), 3, method)
        assert (result.frames.shape, result.frames.dtype) == ((3, *first.shape), np.uint8)
        np.testing.assert_array_equal(result.frames[0], first)
        np.testing.assert_array_equal(result.frames[1], result.frames[2])
        as_float = magnify((first / 255.0, second / 255.0), 3, method).frames
        assert as_float.dtype == np.float32
        assert as_float.min() >= 0
        assert as_float.max() <= 1


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (((portrait(), portrait()), -1), "ratio"),
        (((portrait(), portrait()), np.nan), "ratio"),
        (((portrait(),), 3), "two frames"),
        (((portrait(), portrait()[:-1]), 3), "same height"),
        (((portrait(), portrait()), 3, "phase"), "lagrangian"),
        (((portrait(), portrait()), 3, "magnet"), "learning_based_mag"),
    ],
)
def test_bad_input_is_refused(arguments, match, no_weights):
    with pytest.raises(MerlibError, match=match):
        magnify(*arguments)


def test_an_unknown_option_is_refused(no_weights):
    with pytest.raises(MerlibError, match="strength"):
        magnify((portrait(), portrait()), 3, "eulerian", strength=2)


def test_the_factors_of_uamrn_run_from_two_to_twelve():
    factors = factor_sequence()
    assert (len(factors), factors[0], factors[-1]) == (32, 2.0, 12.0)
    np.testing.assert_allclose(np.diff(factors), 10 / 31)
    np.testing.assert_array_equal(factor_sequence(3), [2, 7, 12])
    with pytest.raises(MerlibError):
        factor_sequence(0)
