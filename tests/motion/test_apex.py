"""Apex spotting on SYNTHETIC clips whose envelope is known, with noise, with and without a blink."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from warped_face import clip, landmarks

from merlib.errors import MerlibError
from merlib.motion.apex import EYES, REGIONS, divide_and_conquer, region_curves, spot_apex

LENGTH = 36
BLINK_AT = {24: 8, 11: 28}


def envelope(apex: int) -> np.ndarray:
    t = np.arange(LENGTH)
    rise = np.clip(t / apex, 0, 1)
    fall = 1 - 0.6 * np.clip((t - apex) / (LENGTH - apex), 0, 1)
    return (3 * rise**2 - 2 * rise**3) * fall


@cache
def film(unit: str, apex: int, blink: bool) -> np.ndarray:
    motions = [({unit: 1.0}, 1.5, envelope(apex))]
    if blink:
        shut = np.exp(-(((np.arange(LENGTH) - BLINK_AT[apex]) / 2.0) ** 2) / 2)
        motions.append(({"45": 1.0}, 3.0, shut * (shut > 0.01)))
    return clip(motions, noise=1.0)


CLIPS = [("12", 24), ("1", 11)]


@pytest.mark.long
@pytest.mark.parametrize("method", ["divide_and_conquer", "exhaustive"])
@pytest.mark.parametrize("blink", [False, True])
def test_the_apex_is_found_within_half_the_middle_rules_error(method, blink):
    errors, middle = [], []
    for unit, apex in CLIPS:
        spotted = spot_apex(film(unit, apex, blink), landmarks(), method)
        errors.append(abs(spotted.index - apex))
        middle.append(abs(spot_apex(film(unit, apex, blink), method="middle").index - apex))
    assert middle == [6, 7]
    assert sum(errors) <= sum(middle) / 2
    assert max(errors) <= 3


def test_the_region_followed_is_where_the_muscle_acts():
    assert spot_apex(film("12", 24, False), landmarks()).region == "mouth"
    assert spot_apex(film("1", 11, False), landmarks()).region in ("left_eye", "right_eye")


def test_a_blink_moves_the_eyes_curve_only_when_the_eyes_are_kept():
    at, jumps = BLINK_AT[24], {}
    for eyes in ("kept", "masked"):
        curves = [region_curves(film("12", 24, blink), landmarks(), eyes) for blink in (False, True)]
        jumps[eyes] = max(abs(curves[1][name][at] - curves[0][name][at]) for name in ("left_eye", "right_eye"))
        assert abs(curves[1]["mouth"][at] - curves[0]["mouth"][at]) < 0.005
    assert jumps["kept"] > 0.02
    assert jumps["masked"] < jumps["kept"] / 5


def test_curves_start_at_the_onset_and_have_one_value_a_frame():
    curves = region_curves(film("12", 24, False), landmarks())
    assert set(curves) == set(REGIONS)
    for curve in curves.values():
        assert curve.shape == (LENGTH,)
        assert curve[0] == pytest.approx(0, abs=1e-12)
        assert (curve[1:] > 0).all()


def test_the_half_whose_peaks_sum_higher_is_kept():
    curve = np.zeros(16)
    curve[[2, 5]] = 0.7, 0.6  # two peaks in the first half outweigh the highest one in the second
    curve[12] = 1.0
    assert divide_and_conquer(curve) == 2
    curve[5] = 0.0
    assert divide_and_conquer(curve) == 12
    assert divide_and_conquer(np.arange(5.0)) == 4  # no inner peak


def test_small_peaks_do_not_vote():
    curve = np.zeros(20)
    curve[1:13:2] = 0.15
    curve[15] = 0.7
    assert divide_and_conquer(curve) == 15


@pytest.mark.parametrize(("length", "index"), [(3, 1), (10, 5), (11, 5)])
def test_the_middle_rule_takes_the_middle(length, index):
    assert spot_apex(np.zeros((length, 32, 32)), method="middle").index == index


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"method": "first"}, "middle"),
        ({"eyes": "shut"}, "masked"),
        ({"landmarks": None}, "no landmarks"),
        ({"landmarks": np.zeros((5, 2))}, r"\(5, 2\)"),
        ({"landmarks": landmarks() + 90}, "outside"),
        ({"landmarks": landmarks() / 8}, "at least"),
    ],
)
def test_bad_input_is_refused(arguments, match):
    with pytest.raises(MerlibError, match=match):
        spot_apex(np.zeros((4, 144, 112)), **{"landmarks": landmarks(), **arguments})
    with pytest.raises(MerlibError, match="three"):
        spot_apex(np.zeros((2, 144, 112)), landmarks())


def test_left_means_one_eye_in_every_room():
    points = np.zeros((68, 2))
    points[:, 0] = np.where(np.isin(np.arange(68), [*range(17, 22), *range(36, 42)]), 10, 90)  # the left of the picture
    points[:, 1] = np.arange(68)
    for indices in (REGIONS["left_eye"], EYES["left_eye"]):
        assert set(points[list(indices), 0]) == {10}
