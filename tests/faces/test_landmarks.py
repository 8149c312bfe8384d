"""Faces are found where a person marked them, and a frame without exactly one whole face is named."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.errors import MerlibError
from merlib.faces import find_faces, one_face
from merlib.faces.mesh import BROWS, EYES, JAW_CHAIN, LIPS, NOSE, landmarks_of_mesh

WHERE = "casme2/sub01/EP02_01f frame 46"


def error_of(landmarks: np.ndarray, marked: dict) -> float:
    """Mean distance to the marked points, by the distance of the outer eye corners (NME)."""
    unit = np.hypot(*(marked[45] - marked[36]))
    return float(np.mean([np.hypot(*(landmarks[index] - place)) for index, place in marked.items()])) / unit


def test_the_mesh_finds_the_portraits_landmarks_where_they_were_marked(mesh_weights, portrait, marked):
    faces = find_faces(portrait)
    assert len(faces) == 1
    assert faces[0].landmarks.shape == (68, 2)
    assert faces[0].mesh.shape == (468, 2)
    assert error_of(faces[0].landmarks, marked) <= 0.05


def test_the_landmark_error_would_show_a_shift_of_three_pixels(mesh_weights, portrait, marked):
    landmarks = find_faces(portrait)[0].landmarks
    assert error_of(landmarks + np.float32([3, 0]), marked) > error_of(landmarks, marked) + 0.015


@pytest.mark.parametrize("scale", [0.5, 2.0, 4.0])
def test_landmarks_stay_put_when_the_picture_is_resized(mesh_weights, portrait, marked, scale):
    import cv2

    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    face = one_face(cv2.resize(portrait[:256], None, fx=scale, fy=scale, interpolation=way), WHERE)
    assert error_of((face.landmarks + 0.5) / scale - 0.5, marked) <= 0.05


def test_a_picture_cropped_to_the_face_is_found_too(mesh_weights, portrait, marked):
    face = one_face(portrait[68:185, 172:278], WHERE)
    assert error_of(face.landmarks + np.float32([172, 68]), marked) <= 0.05


def test_a_grey_frame_gives_the_same_face(mesh_weights, portrait, marked):
    grey = portrait.mean(axis=2).astype(np.uint8)
    assert error_of(one_face(grey, WHERE).landmarks, marked) <= 0.05


def test_an_empty_picture_has_no_face_and_the_message_names_the_frame(mesh_weights):
    empty = np.full((280, 340, 3), 128, np.uint8)
    assert find_faces(empty) == []
    with pytest.raises(MerlibError, match=f"{WHERE}: no face"):
        one_face(empty, WHERE)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "coins", "brick"])
def test_a_picture_without_people_has_no_face(mesh_weights, name):
    from skimage import data

    assert find_faces(getattr(data, name)()) == []  # chelsea: the detector alone takes the cat for a person


def test_two_faces_are_both_found_and_the_frame_is_named(mesh_weights, portrait, marked):
    pair = np.concatenate([portrait[:256], portrait[:256]], axis=1)
    faces = sorted(find_faces(pair), key=lambda face: face.box[0])
    assert len(faces) == 2
    assert error_of(faces[0].landmarks, marked) <= 0.05
    assert error_of(faces[1].landmarks - np.float32([512, 0]), marked) <= 0.05
    with pytest.raises(MerlibError, match=f"{WHERE}: 2 faces"):
        one_face(pair, WHERE)


@pytest.mark.parametrize("cut", [np.s_[:150], np.s_[:, 205:], np.s_[:, :240]])
def test_a_face_cut_by_the_border_is_reported_with_clip_and_frame(mesh_weights, portrait, cut):
    with pytest.raises(MerlibError, match=f"{WHERE}: (the face is cut|no face)"):
        one_face(portrait[cut], WHERE)


def test_a_face_cut_below_the_mouth_is_still_seen_and_called_cut(mesh_weights, portrait):
    with pytest.raises(MerlibError, match=r"cut by the border, 0\.[2-9]\d* eye distances"):
        one_face(portrait[:160], WHERE)
    assert one_face(portrait[:160], WHERE, cut=1.0).outside((160, 512)) > 0.2


def test_given_landmarks_are_taken_as_they_are_and_no_weights_are_needed(level_face, monkeypatch, tmp_path):
    monkeypatch.setenv("MERLIB_WEIGHTS", str(tmp_path))
    face = one_face(np.zeros((400, 400), np.uint8), WHERE, backend="given", landmarks=level_face)
    np.testing.assert_array_equal(face.landmarks, level_face)
    assert face.box == pytest.approx((*level_face.min(axis=0), *level_face.max(axis=0)))
    assert len(find_faces(np.zeros((4, 4)), "given", np.stack([level_face, level_face * 2]))) == 2


def test_faces_come_largest_first(level_face):
    faces = find_faces(np.zeros((4, 4)), "given", np.stack([level_face, level_face * 2]))
    assert [round(face.eye_distance) for face in faces] == [160, 80]


def test_landmarks_belong_to_the_given_backend_only(level_face):
    with pytest.raises(MerlibError, match="'mesh' with landmarks"):
        find_faces(np.zeros((4, 4)), "mesh", level_face)
    with pytest.raises(MerlibError, match="'given' without landmarks"):
        find_faces(np.zeros((4, 4)), "given")


def test_an_unknown_backend_suggests_the_nearest():
    with pytest.raises(MerlibError, match="did you mean 'mesh'"):
        find_faces(np.zeros((4, 4)), "mash")


def test_landmarks_are_read_off_the_mesh_in_ibugs_order_from_zero():
    numbered = np.stack([np.arange(468.0), np.zeros(468)], axis=1)
    landmarks = landmarks_of_mesh(numbered)[:, 0]
    assert landmarks[17:].tolist() == [*BROWS, *NOSE, *EYES, *LIPS]
    # 0-based (DUAL-ATME-C14): 36 and 45 are the outer eye corners, 33 and 263 of the mesh; 8 the chin, 33 the nose's
    # base
    assert landmarks[[36, 39, 42, 45]].tolist() == [33, 133, 362, 263]
    assert landmarks[[33, 48, 54, 51, 57]].tolist() == [2, 61, 291, 0, 17]


def test_the_jaw_is_seventeen_points_at_equal_arc_length():
    points = np.zeros((468, 2))
    points[list(JAW_CHAIN), 0] = np.arange(len(JAW_CHAIN)) ** 2  # uneven steps along a line of 22^2 px
    jaw = landmarks_of_mesh(points)[:17]
    np.testing.assert_allclose(jaw[:, 0], np.linspace(0, 22**2, 17), rtol=1e-6)


def test_both_halves_of_the_portraits_face_are_where_their_names_say(mesh_weights, portrait):
    p = find_faces(portrait)[0].landmarks
    assert p[36, 0] < p[39, 0] < p[42, 0] < p[45, 0]
    assert p[0, 0] < p[8, 0] < p[16, 0]
    assert p[19, 1] < p[37, 1] < p[33, 1] < p[51, 1] < p[57, 1] < p[8, 1]
