"""Long recordings show what their truth says, when it says so, and are the same whenever they are drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from merlib.datasets.recordings import LongRecording, plan_recording, write_recording
from merlib.datasets.recordings.courses import person_course
from merlib.datasets.recordings.head import depth, turned
from merlib.errors import MerlibError

SIZE = (160, 128)


@pytest.fixture(scope="module")
def recording() -> LongRecording:
    return LongRecording(plan_recording(5, seconds=20, fps=25, size=SIZE, kinds=("micro", "macro", "blink")))


def test_every_muscle_rests_outside_the_planted_events(recording):
    course, events = person_course(recording.plan, 0), recording.events()
    quiet = np.ones(len(recording), bool)
    for event in events.itertuples():
        quiet[event.onset + 1 : event.offset] = False
    assert quiet.sum() > 50
    assert np.abs(course.muscles[quiet]).max() == 0
    for event in events.itertuples():
        assert np.abs(course.muscles[event.apex]).max() > 0.02, event


def test_micro_expressions_last_at_most_half_a_second_and_macro_expressions_longer():
    events = [event for seed in range(4) for event in plan_recording(seed, seconds=120, people=2).events]
    lengths = {kind: [e.offset - e.onset for e in events if e.kind == kind] for kind in ("micro", "macro")}
    assert len(lengths["micro"]) > 40
    assert max(lengths["micro"]) <= 0.5 < min(lengths["macro"])


def test_expressions_of_one_person_never_overlap():
    plan = plan_recording(3, seconds=300, people=2)
    for person in (0, 1):
        spans = [(e.onset, e.offset) for e in plan.events if e.person == person and e.kind in ("micro", "macro")]
        assert all(first[1] + 1 < second[0] for first, second in pairwise(spans))


def test_leaving_a_kind_out_changes_no_other():
    whole = plan_recording(7, seconds=60, kinds=("micro", "macro", "blink", "turn", "speech")).events
    fewer = plan_recording(7, seconds=60, kinds=("micro", "turn")).events
    assert fewer == tuple(event for event in whole if event.kind in ("micro", "turn"))


def test_a_frame_is_the_same_whenever_it_is_drawn(recording):
    again = LongRecording(recording.plan)
    last, first = again.frame(60), again.frame(3)
    np.testing.assert_array_equal(first, recording.frame(3))
    np.testing.assert_array_equal(last, recording.frame(60))
    assert first.dtype == np.uint8
    assert first.shape == (*SIZE[::-1], 3)


def test_what_is_drawn_moves_as_the_landmarks_say():
    import cv2

    recording = LongRecording(plan_recording(5, seconds=30, fps=25, size=(320, 256), kinds=("macro",)))
    event = recording.events().iloc[0]
    frames = [cv2.cvtColor(recording.frame(int(i)), cv2.COLOR_RGB2GRAY) for i in (event.onset, event.apex)]
    before, after = (recording.landmarks(0, int(i)) for i in (event.onset, event.apex))
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*frames, None)
    inner = np.r_[17:27, 31:36, 48:60]
    at = np.rint(before[inner]).astype(int)
    seen, true = flow[at[:, 1], at[:, 0]], (after - before)[inner]
    assert np.hypot(*true.T).max() > 2
    assert np.median(np.hypot(*(seen - true).T)) < 0.5


def test_a_turn_moves_the_nose_farther_than_the_cheeks_and_nothing_far_away():
    points = np.array([[0.0, 0.6], [0.9, 0.6], [3.0, 0.6]])
    nose, cheek, away = turned(points, depth(points), 0.3, 0.0)[:, 0]
    assert nose > 2 * abs(cheek) > 0
    assert abs(away) < 1e-2


@pytest.mark.long
def test_people_on_a_path_leave_the_frame():
    paths = {0: ((0.0, 0.0, 0.0), (2.0, 1.5, 0.0))}
    recording = LongRecording(plan_recording(1, seconds=2.2, fps=10, size=SIZE, kinds=(), paths=paths))
    here, gone = recording.frame(0).astype(int), recording.frame(21).astype(int)
    assert np.abs(here - here[:4].mean(axis=(0, 1))).max() > 60
    assert np.abs(gone - gone.mean(axis=(0, 1))).max() < 45  # the wall, its shade and noise


def test_the_file_holds_every_frame_and_the_truth_lies_beside_it(tmp_path, recording):
    import cv2

    plan = plan_recording(5, seconds=6, fps=25, size=SIZE, kinds=("micro", "blink"))
    truth = write_recording(LongRecording(plan), tmp_path / "long.avi")
    film = cv2.VideoCapture(str(tmp_path / "long.avi"))
    shown = []
    while (answer := film.read())[0]:
        shown.append(answer[1])
    assert len(shown) == 150
    assert np.abs(shown[40][..., ::-1].astype(int) - LongRecording(plan).frame(40)).mean() < 3
    assert truth.read_text().startswith("# SYNTHETIC\n")
    pd.testing.assert_frame_equal(
        pd.read_csv(truth, comment="#", keep_default_na=False), LongRecording(plan).events(), check_dtype=False
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.avi", "long.truth.csv"]


def test_another_kind_of_file_and_impossible_numbers_are_refused(tmp_path, recording):
    with pytest.raises(MerlibError, match="rename"):
        write_recording(recording, tmp_path / "long.gif")
    with pytest.raises(MerlibError, match="1 to 4 people"):
        plan_recording(1, people=5)
    with pytest.raises(MerlibError, match="kind of event"):
        plan_recording(1, kinds=("yawn",))
