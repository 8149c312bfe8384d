"""The twin's maps follow their plan, their unit and physics."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from merlib.clips.landmarks68 import CROP, crop_grid
from merlib.datasets import open_samples
from merlib.datasets.twin.action_units import displacement
from merlib.datasets.twin.flow import (
    GRID,
    PIXELS_PER_UNIT,
    estimation_noise,
    flow_maps,
    minmax255,
    optical_strain,
    true_motion,
    twin_samples,
)
from merlib.datasets.twin.population import HeadMotion, plan_population
from merlib.errors import MerlibError

STILL = HeadMotion(0.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def plan():
    """A two-sided smile, nothing else, on the average face."""
    return replace(plan_population("smic")[0], action_units={"12": 0.3}, head=STILL, shape=(0.0, 0.0, 0.0, 0.0))


def test_strain_of_a_linear_field_is_the_one_worked_out_by_hand():
    y, x = np.mgrid[:6, :8].astype(float)
    u, v = 0.3 * x + 0.1 * y, 0.5 * x - 0.4 * y  # ux .3, uy .1, vx .5, vy -.4
    expected = np.sqrt(0.09 + 0.16 + 0.36 / 2)  # (uy + vx)^2 / 2 = .18
    np.testing.assert_allclose(optical_strain(u, v), expected)


def test_strain_ignores_translation_and_rotation_but_not_shear_or_growth():
    y, x = np.mgrid[:6, :8].astype(float)
    assert optical_strain(2.0 - 0.01 * y, -1.0 + 0.01 * x).max() < 1e-12
    np.testing.assert_allclose(optical_strain(0.02 * y, 0.0 * x), 0.02 / np.sqrt(2))
    np.testing.assert_allclose(optical_strain(0.02 * x, 0.02 * y), 0.02 * np.sqrt(2))


def test_grid_has_square_pixels():
    assert CROP[2] / GRID[1] == pytest.approx(CROP[3] / GRID[0])


def test_motion_is_the_action_units_displacement_in_grid_pixels(plan):
    motion = true_motion([plan])[0]
    expected = PIXELS_PER_UNIT * displacement({"12": 0.3}, crop_grid(GRID))
    np.testing.assert_allclose(motion.reshape(2, -1).T, expected, atol=1e-5)
    assert 0.3 < np.abs(motion).max() < 3  # a micro-expression moves a pixel or so at this resolution


def test_motion_of_a_symmetric_smile_is_its_own_mirror_image(plan):
    u, v = true_motion([plan])[0]
    np.testing.assert_allclose(u[:, ::-1], -u, atol=1e-5)
    np.testing.assert_allclose(v[:, ::-1], v, atol=1e-5)


def test_head_moves_rigidly_on_the_face_and_not_at_all_on_the_background(plan):
    shifted = replace(plan, action_units={}, head=HeadMotion(0.02, -0.01, 0.0, 0.0))
    u, v = true_motion([shifted])[0]
    assert u[20, 28] == pytest.approx(0.02 * PIXELS_PER_UNIT, rel=0.01)
    assert v[20, 28] == pytest.approx(-0.01 * PIXELS_PER_UNIT, rel=0.01)
    assert abs(u[-1, 0]) < 0.02 * u[20, 28]
    assert optical_strain(u, v)[15:40, 15:41].max() < 0.002


def test_head_turns_about_the_mouth_and_grows_away_from_it(plan):
    turned = replace(plan, action_units={}, head=HeadMotion(0.0, 0.0, 0.02, 0.0))
    grown = replace(plan, action_units={}, head=HeadMotion(0.0, 0.0, 0.0, 0.02))
    above, mouth = 5, round((1.0 - CROP[1]) / CROP[3] * GRID[0] - 0.5)
    assert true_motion([turned])[0, 0, above, 28] > 0.5  # x towards y: the forehead goes right
    assert np.abs(true_motion([turned])[0, :, mouth, 28]).max() < 0.02
    assert true_motion([grown])[0, 1, above, 28] < -0.5  # the forehead goes up
    assert np.abs(true_motion([grown])[0, :, mouth, 28]).max() < 0.02


def test_face_that_sits_lower_in_the_crop_moves_lower(plan):
    low = replace(plan, shape=(0.0, 2 * CROP[3] / GRID[0], 0.0, 0.0))  # two rows
    np.testing.assert_allclose(true_motion([low])[0, :, 2:], true_motion([plan])[0, :, :-2], atol=1e-5)


def test_noise_has_the_level_of_its_recording_and_is_strongest_in_the_noisiest_data_set():
    plans = plan_population("megc2019-flow")
    noise = estimation_noise(plans)
    rms = {d: np.sqrt((noise[[p.dataset == d for p in plans]] ** 2).mean()) for d in ("casme2", "samm", "smic")}
    assert rms["smic"] > rms["samm"] > rms["casme2"] > 0
    double = estimation_noise([replace(plans[0], noise=2 * plans[0].noise)])
    np.testing.assert_allclose(double[0], 2 * noise[0], rtol=1e-5)


def test_minmax_stretches_each_channel_of_each_map_to_whole_numbers_0_to_255():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(3, 2, 4, 5)) * np.array([1.0, 50.0])[:, None, None]
    stretched = minmax255(maps)
    assert stretched.dtype == np.float32
    np.testing.assert_array_equal(stretched.min(axis=(2, 3)), 0)
    np.testing.assert_array_equal(stretched.max(axis=(2, 3)), 255)
    np.testing.assert_array_equal(stretched, np.rint(stretched))
    np.testing.assert_array_equal(minmax255(np.array([[0.0, 1.0, 4.0]])), [[0, 64, 255]])
    assert not minmax255(np.full((1, 1, 3, 3), 7.0)).any()


@pytest.mark.long
def test_units_show_the_same_maps_stretched_or_in_pixels():
    px, stretched = twin_samples("samm", unit="px"), twin_samples("samm")
    assert (px.unit, stretched.unit) == ("px", "minmax255")
    np.testing.assert_array_equal(minmax255(px.inputs["flow"]), stretched.inputs["flow"])
    assert (px.inputs["flow"][:, 2] >= 0).all()
    assert (px.inputs["flow"][:, :2] < 0).any()
    assert px.inputs["flow"][:, 2].max() < 1  # strain is dimensionless


@pytest.mark.long
def test_samples_are_synthetic_and_shaped_by_the_contract():
    samples = twin_samples("megc2019-flow")
    assert samples.synthetic is True
    assert "SYNTHETIC" in samples.notes[0]
    assert samples.inputs["flow"].shape == (442, 3, 28, 28)
    assert samples.inputs["flow"].dtype == np.float32
    assert samples.name == "megc2019-flow"
    assert np.bincount(samples.labels).tolist() == [250, 109, 83]
    assert samples.classes == ("negative", "positive", "surprise")
    assert len(set(samples.groups)) == 68


@pytest.mark.long
def test_map_does_not_depend_on_the_order_or_the_presence_of_other_clips():
    plans = plan_population("samm")
    maps = flow_maps(plans)
    np.testing.assert_array_equal(flow_maps(plans[::-1])[::-1], maps)
    np.testing.assert_array_equal(flow_maps(plans[40:41])[0], maps[40])


def test_macro_intensity_makes_larger_motion_than_micro():
    micro, macro = (true_motion(plan_population("smic", intensity=i)) for i in (1.0, 4.0))
    assert np.median(np.abs(macro).max(axis=(1, 2, 3)) / np.abs(micro).max(axis=(1, 2, 3))) > 2
    assert np.abs(macro).max() < 6  # and still no more than a full expression and the head


@pytest.mark.long
def test_another_process_draws_the_same_samples_and_another_seed_others():
    code = "from merlib.datasets.twin.flow import twin_samples as t; print(t('samm', seed=2).digest)"
    env = {"PYTHONHASHSEED": "7", "PATH": "", "OMP_NUM_THREADS": "1"}
    other = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == twin_samples("samm", seed=2).digest
    assert twin_samples("samm", seed=1).digest != twin_samples("samm", seed=2).digest


@pytest.mark.long
def test_what_one_caller_writes_into_the_twin_no_other_sees():
    first, again = open_samples("smic", {}), open_samples("smic", {})
    first.inputs["flow"][:] = 0
    first.labels[:] = 0
    drawn = twin_samples("smic")
    for one in (again, open_samples("smic", {})):
        np.testing.assert_array_equal(one.inputs["flow"], drawn.inputs["flow"])
        np.testing.assert_array_equal(one.labels, drawn.labels)
        assert (one.digest, one.kept_as, one.notes) == (drawn.digest, drawn.kept_as, drawn.notes)


def test_unknown_unit_or_data_set_is_an_error_that_lists_the_valid_ones():
    with pytest.raises(MerlibError, match="minmax255"):
        twin_samples("smic", unit="inches")
    with pytest.raises(MerlibError, match="megc2019-flow"):
        twin_samples("megc2019")
