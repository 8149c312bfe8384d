"""The rendered people: told apart, found by a face detector, shown on a sheet."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlib.datasets.twin.rendering.contact_sheet import contact_sheet
from merlib.datasets.twin.rendering.identity import base_landmarks, person_landmarks
from merlib.datasets.twin.rendering.rendered import true_landmarks, twin_clips
from merlib.errors import MerlibError
from merlib.sources.counts import subject_counts


def _face(row) -> np.ndarray:
    """The onset's face brought to the same eyes and mouth, grey, without its mean and contrast."""
    points = true_landmarks(row, row.onset)[[*range(36, 48), 48, 54]]
    target = (base_landmarks(False) * 32 + (48, 40))[[*range(36, 48), 48, 54]].astype(np.float32)
    matrix, _ = cv2.estimateAffinePartial2D(points, target, method=cv2.LMEDS)
    grey = cv2.cvtColor(row.source.read(row.onset), cv2.COLOR_RGB2GRAY).astype(np.float32)
    face = cv2.GaussianBlur(cv2.warpAffine(grey, matrix, (96, 104)), (0, 0), 1.5)
    return (face - face.mean()) / face.std()


@pytest.mark.long
def test_two_people_differ_more_than_two_clips_of_one():
    table = twin_clips("smic", blinks=False)
    pairs = [list(group.head(2).itertuples()) for _, group in table.groupby("subject") if len(group) > 1][:4]
    faces = np.array([[_face(row) for row in pair] for pair in pairs])
    within = np.sqrt(((faces[:, 0] - faces[:, 1]) ** 2).mean(axis=(1, 2)))
    between = [
        np.sqrt(((faces[i, 0] - faces[j, 1]) ** 2).mean())
        for i in range(len(faces))
        for j in range(len(faces))
        if i != j
    ]
    assert min(between) > 1.5 * max(within)


def test_everybody_has_a_face_of_their_own_that_is_a_face():
    people = subject_counts("megc2019_cd", "polarity3")["subject"].unique()
    faces = np.stack([person_landmarks(0, *name.split("/")) for name in people])
    gaps = np.linalg.norm(faces[:, None] - faces[None], axis=-1).mean(axis=-1) + 9 * np.eye(len(faces))
    assert gaps.min() > 0.02
    assert (np.diff(faces[:, :17, 0], axis=1) > -0.03).all()  # the jaw runs from ear to ear
    brows, eyes = faces[:, 17:27, 1].max(axis=1), faces[:, [37, 38, 43, 44], 1].min(axis=1)
    assert (brows < eyes).all()
    assert (faces[:, 33, 1] < faces[:, 51, 1] - 0.05).all()  # nose above mouth
    assert (faces[:, 57, 1] < faces[:, 8, 1] - 0.2).all()  # mouth above chin


@pytest.mark.long
@pytest.mark.parametrize("people", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_mesh_backend_finds_the_rendered_faces(mesh_weights, people):
    from merlib.faces import find_faces

    errors = []
    for name in ("casme2", "samm", "smic"):
        for row in twin_clips(name).drop_duplicates("subject").iloc[3:12:6].head(people).itertuples():
            for index in (row.onset, row.source.true_apex):
                truth = true_landmarks(row, index)
                found = find_faces(row.source.read(index))
                assert len(found) == 1, (name, row.subject, index)
                unit = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
                errors.append(np.linalg.norm(found[0].landmarks - truth, axis=1).mean() / unit)
    assert np.mean(errors) < 0.07  # .048 measured on all


@pytest.mark.long
def test_a_contact_sheet_holds_a_tile_for_each_person():
    sheet = contact_sheet("smic", subjects=3, columns=2, width=56)
    assert (sheet.shape, sheet.dtype) == ((136, 112, 3), np.uint8)
    assert sheet[:68, :56].std() > 20
    assert not sheet[68:, 56:].any()
    with pytest.raises(MerlibError, match="tile"):
        contact_sheet("smic", subjects=0)
