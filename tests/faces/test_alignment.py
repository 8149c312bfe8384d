"""Eyes become level, the cut has the paper's edges (signs: DUAL-ATME-C8), and one cut serves the whole clip."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.faces import FaceCrop, align_clip, crop_box, eye_angle, plan_crop
from merlib.faces.alignment import rotation


def turned(points: np.ndarray, degrees: float, about: tuple[float, float]) -> np.ndarray:
    """Turn points so that what lay to the right lies lower, written out independently of the code under test."""
    turn = np.radians(degrees)
    x, y = (points - about).T
    return np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1) + about


@pytest.fixture
def landmarks_by_hand(level_face):
    points = level_face.copy()
    points[1], points[15], points[8] = (10, 90), (110, 90), (60, 150)
    points[19, 1], points[20, 1], points[38, 1], points[23, 1], points[43, 1] = 40, 42, 62, 44, 60
    return points


def test_theta_is_the_angle_of_the_outer_eye_corners(level_face):
    points = level_face.copy()
    points[36], points[45] = (100, 100), (200, 200)
    assert eye_angle(points) == pytest.approx(45)
    points[45] = (200, 0)
    assert eye_angle(points) == pytest.approx(-45)


@pytest.mark.parametrize("degrees", [-15, -3, 0, 15, 40])
def test_turning_by_minus_theta_makes_the_eyes_level(level_face, degrees):
    slanted = turned(level_face, degrees, (150, 120))
    assert eye_angle(slanted) == pytest.approx(degrees, abs=1e-4)
    matrix = rotation(eye_angle(slanted), (150, 120))
    np.testing.assert_allclose(slanted @ matrix[:, :2].T + matrix[:, 2], level_face, atol=1e-3)


def test_the_box_has_the_papers_edges_and_its_top_lies_above_the_brow(landmarks_by_hand):
    # d = ((62 - 42) + (60 - 44)) / 2 = 18; top = 40 - 18, not the printed 40 + 18 (DUAL-ATME-C8)
    assert crop_box(landmarks_by_hand) == (10, 22, 110, 150)


def test_the_box_reads_landmarks_from_zero(landmarks_by_hand):
    others = landmarks_by_hand.copy()
    for one_based in (0, 14, 7, 18, 37, 22, 42):  # what 1-based reading would take for 1, 15, 8, 19, 38, 23, 43
        others[one_based] += (13, 17)
    assert crop_box(others) == crop_box(landmarks_by_hand)


def test_a_face_upside_down_has_no_box(level_face):
    with pytest.raises(MerlibError, match="an upright face"):
        crop_box(level_face * (-1, -1))


def test_a_cut_along_whole_pixels_is_a_slice():
    frame = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    np.testing.assert_array_equal(FaceCrop(0.0, (3, 4), (1.5, 2.5, 21.5, 32.5)).apply(frame), frame[3:33, 2:22])


@pytest.mark.parametrize("degrees", [-12, 0, 25])
def test_landmarks_follow_the_cut_to_its_edges(level_face, degrees):
    points = turned(level_face, degrees, (140, 130))
    crop = plan_crop(points)
    on_cut = crop.points(points, (170, 140))
    assert on_cut[1, 0] == pytest.approx(-0.5, abs=1e-3)  # edges of the picture, not centres of pixels
    assert on_cut[15, 0] == pytest.approx(139.5, abs=1e-3)
    assert on_cut[8, 1] == pytest.approx(169.5, abs=1e-3)
    assert eye_angle(on_cut) == pytest.approx(0, abs=1e-3)


def test_what_lies_at_a_landmark_is_found_at_the_mapped_landmark(level_face):
    rows, columns = np.mgrid[:320, :320]
    x, y = turned(level_face, 10, (150, 120))[30]
    spot = (255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18)).astype(np.uint8)
    crop = plan_crop(turned(level_face, 10, (150, 120)))
    cut = crop.apply(spot, (200, 160)).astype(float)
    rows, columns = np.mgrid[:200, :160]
    centre = np.array([(columns * cut).sum(), (rows * cut).sum()]) / cut.sum()
    np.testing.assert_allclose(centre, crop.points(np.array([[x, y]]), (200, 160))[0], atol=0.1)


def test_the_onset_s_cut_is_used_for_every_frame_so_motion_stays(level_face):
    rng = np.random.default_rng(1)
    onset = rng.integers(0, 256, (340, 300, 3), dtype=np.uint8)
    moved = np.roll(onset, 3, axis=1)
    clip = align_clip([onset, moved], "clip", backend="given", landmarks=level_face)
    np.testing.assert_allclose(clip.frames[1][:, 3:], clip.frames[0][:, :-3], atol=1)
    assert (clip.frames[1] != clip.frames[0]).mean() > 0.9


@pytest.mark.parametrize("size", [(170, 140), (224, 224), (28, 28)])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_frames_get_the_size_that_is_asked_for(level_face, size, channels):
    frames = np.zeros((2, 340, 300, *channels), np.uint8)
    clip = align_clip(frames, "clip", size, backend="given", landmarks=level_face)
    assert clip.frames.shape == (2, *size, *channels)
    assert clip.frames.dtype == np.uint8


def test_without_a_size_the_cut_keeps_the_frames_resolution(level_face):
    clip = align_clip(np.zeros((1, 340, 300), np.uint8), "clip", backend="given", landmarks=level_face)
    left, top, right, bottom = crop_box(level_face)
    assert clip.frames.shape[1:] == (round(bottom - top), round(right - left))


def test_frames_of_two_shapes_and_clips_without_frames_are_named(level_face):
    given = {"backend": "given", "landmarks": level_face}
    with pytest.raises(MerlibError, match="sub01/x: no frames"):
        align_clip([], "sub01/x", **given)
    with pytest.raises(MerlibError, match="sub01/x: frames of"):
        align_clip([np.zeros((340, 300), np.uint8), np.zeros((340, 301), np.uint8)], "sub01/x", **given)


@pytest.mark.parametrize("degrees", [-15, 0, 15])
def test_a_turned_portrait_is_level_after_alignment(mesh_weights, portrait, marked, degrees):
    import cv2

    matrix = cv2.getRotationMatrix2D((225, 120), -degrees, 1)  # OpenCV counts the other way round
    frame = cv2.warpAffine(portrait, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    marks = np.array([marked[36], marked[45]]) @ matrix[:, :2].T + matrix[:, 2]
    before = np.degrees(np.arctan2(*(marks[1] - marks[0])[::-1]))
    assert before == pytest.approx(degrees + 2.7, abs=0.2)
    clip = align_clip([frame], "portrait", (170, 140))
    assert clip.crop.angle == pytest.approx(before, abs=2)
    level = clip.crop.points(marks)  # at the frame's own proportions
    assert abs(np.degrees(np.arctan2(*(level[1] - level[0])[::-1]))) < 2
    assert abs(eye_angle(clip.landmarks)) < 1.5


def test_the_portraits_cut_holds_the_marked_face_and_little_else(mesh_weights, portrait, marked):
    clip = align_clip([portrait], "portrait", (170, 140))
    places = clip.crop.points(np.array([*marked.values()]), (170, 140))
    assert places.min() > -2
    assert (places.max(axis=0) < (142, 174)).all()
    assert clip.crop.points(marked[8][None], (170, 140))[0, 1] > 160  # the chin is at the lower edge


def test_no_face_on_the_onset_names_the_clip(mesh_weights):
    with pytest.raises(MerlibError, match="samm/006/006_1_2, onset: no face"):
        align_clip(np.zeros((2, 200, 200, 3), np.uint8), "samm/006/006_1_2")
