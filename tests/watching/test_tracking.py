"""Faces keep their numbers: while they move, when they go and come back, and when one passes before another."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_videos import faces, noise

from merlib.datasets.recordings import LongRecording, plan_recording
from merlib.watching.tracking import FaceTracker

pytestmark = pytest.mark.usefixtures("mesh_weights")


def numbers_by_place(recording: LongRecording, step: int = 1) -> list[dict[int, int]]:
    """Follow a recording; in each frame, which number stands at which person's eyes."""
    tracker, seen = FaceTracker(), []
    for index in range(0, len(recording), step):
        frame = np.ascontiguousarray(recording.frame(index)[..., ::-1])
        people = [recording.landmarks(p, index)[36:48].mean(axis=0) for p in range(recording.plan.people)]
        here = {}
        for track in tracker.step(frame, index / recording.plan.fps):
            apart = [np.hypot(*(track.eyes - eyes)) / track.eye_distance for eyes in people]
            if min(apart) < 0.5:
                here[track.number] = int(np.argmin(apart))
        seen.append(here)
    return seen


@pytest.mark.long
def test_a_still_face_is_looked_for_once_and_then_followed():
    tracker = FaceTracker()
    for index, frame in enumerate(faces(1.0)):
        (track,) = tracker.step(np.ascontiguousarray(frame[..., ::-1]), index / 25)
        assert track.number == 1
    assert tracker.looks == 1


def test_where_the_eyes_are_is_known_to_a_few_hundredths_of_their_distance():
    recording = LongRecording(plan_recording(2, 1.0, 25, (240, 192), 1, ("blink",)))
    tracker = FaceTracker()
    for index in range(3):
        (track,) = tracker.step(np.ascontiguousarray(recording.frame(index)[..., ::-1]), index / 25)
    true = recording.landmarks(0, 2)
    assert np.hypot(*(track.eyes - true[36:48].mean(axis=0))) < 0.08 * track.eye_distance


def test_a_picture_without_faces_has_none():
    tracker = FaceTracker()
    assert [tracker.step(frame, i / 25) for i, frame in enumerate(noise(5))] == [[]] * 5


@pytest.mark.long
def test_a_face_that_leaves_and_comes_back_keeps_its_number_beside_one_that_stays():
    away = ((0.0, 0.0, 0.0), (0.6, 0.0, 0.0), (1.4, -0.9, 0.0), (2.6, -0.9, 0.0), (3.4, 0.0, 0.0), (4.4, 0.0, 0.0))
    seen = numbers_by_place(LongRecording(plan_recording(7, 4.4, 10, (400, 240), 2, (), {0: away})))
    first = {person: number for number, person in seen[3].items()}
    assert set(first) == {0, 1}
    assert first[0] not in seen[20]
    assert seen[20] == {first[1]: 1}
    assert seen[-1] == {first[0]: 0, first[1]: 1}


@pytest.mark.long
def test_two_faces_that_cross_keep_their_numbers():
    paths = {0: ((0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (3.5, 0.5, 0.0), (4.5, 0.5, 0.0))}
    paths[1] = ((0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (3.5, -0.5, 0.0), (4.5, -0.5, 0.0))
    seen = numbers_by_place(LongRecording(plan_recording(7, 4.5, 12, (400, 240), 2, (), paths)))
    before, after = seen[4], seen[-1]
    assert len(before) == 2
    assert after == before
    assert max(number for here in seen for number in here) == 2
