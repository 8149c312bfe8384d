"""Events are found where regions leave their rest and come back; what is none is set aside."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.watching.motion import face_regions, followed_points, head_pose, less_affine
from merlib.watching.spotting import BLINK, MACRO, MICRO, SPEECH, TURN, Rules, Spotted, peaks, spot

FPS, REGIONS = 30, face_regions()
BROWS, LIDS, CORNERS = REGIONS.members("upper"), REGIONS.members("lids"), [10, 11]


def quiet(seconds: float = 16.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the motion of a face at rest, which trembles and drifts, and its pose."""
    rng, count = np.random.default_rng(seed), round(seconds * FPS)
    drift = 0.004 * np.sin(2 * np.pi * 0.1 * np.arange(count) / FPS)
    moved = 0.0004 * rng.standard_normal((count, len(REGIONS.names), 2)) + drift[:, None, None]
    return moved, 0.001 * rng.standard_normal((count, 2))


def bump(moved: np.ndarray, regions: list[int], onset: int, apex: int, offset: int, size: float) -> None:
    t = np.arange(len(moved))
    x = np.clip(np.minimum((t - onset) / (apex - onset), (offset - t) / (offset - apex)), 0, 1)
    moved[:, regions, 1] += (size * x * x * (3 - 2 * x))[:, None]


def found(moved: np.ndarray, poses: np.ndarray, times: np.ndarray | None = None) -> list:
    frames = np.arange(len(moved))
    return spot(frames, frames / FPS if times is None else times, moved, poses, REGIONS, Rules())


def test_nothing_is_found_in_a_face_at_rest():
    for seed in range(5):
        assert found(*quiet(seed=seed)) == []


@pytest.mark.parametrize(("length", "kind"), [(10, MICRO), (14, MICRO), (40, MACRO), (80, MACRO)])
def test_length_tells_macro_from_micro_and_the_ends_are_known_to_a_frame_or_two(length, kind):
    moved, poses = quiet()
    onset, apex, offset = 200, 200 + length // 3, 200 + length
    bump(moved, BROWS[:2], onset, apex, offset, 0.02)
    (event,) = found(moved, poses)
    assert event.kind == kind
    assert abs(event.onset - onset) <= max(2, length // 10)
    assert abs(event.offset - offset) <= max(2, length // 10)
    assert abs(event.apex - apex) <= 2
    assert event.region in REGIONS.names[:2]


def test_a_movement_that_stays_is_no_event():
    moved, poses = quiet()
    moved[240:, BROWS] += 0.02
    assert [event for event in found(moved, poses) if event.kind == MICRO] == []


def test_lids_alone_are_a_blink():
    moved, poses = quiet()
    bump(moved, LIDS, 200, 203, 208, 0.05)
    bump(moved, BROWS, 200, 203, 208, 0.01)
    assert {event.kind for event in found(moved, poses)} == {BLINK}


def test_what_happens_while_the_head_turns_is_set_aside():
    moved, poses = quiet()
    bump(moved, CORNERS, 200, 205, 212, 0.03)
    turned = poses.copy()
    turned[195:215, 0] += np.linspace(0, 0.2, 20)
    turned[215:, 0] += 0.2
    assert [event.kind for event in found(moved, poses)] == [MICRO]
    assert {event.kind for event in found(moved, turned)} == {TURN}


def test_a_row_of_movements_of_the_mouth_is_speech_and_one_of_the_brows_is_not():
    moved, poses = quiet()
    for onset in range(150, 240, 9):
        bump(moved, CORNERS, onset, onset + 3, onset + 7, 0.03)
    bump(moved, BROWS[:2], 350, 355, 362, 0.03)
    kinds = [event.kind for event in found(moved, poses)]
    assert kinds[-1] == MICRO
    assert set(kinds[:-1]) == {SPEECH}


def test_a_weak_movement_ends_where_it_ends_although_the_face_never_lies_quite_still():
    t, rng = np.arange(300), np.random.default_rng(0)
    x = np.clip(np.minimum((t - 100) / 6, (112 - t) / 6), 0, 1)
    activity = 1.3 + 0.2 * rng.standard_normal(300) + 2.5 * x * x * (3 - 2 * x)
    (onset, apex, offset), *others = peaks(activity, 3.2, 0.35, float(np.median(activity)))
    assert others == []
    assert (abs(onset - 100) <= 2, abs(apex - 106) <= 1, abs(offset - 112) <= 2) == (True, True, True)


def test_a_macro_expression_is_told_once_although_a_blink_in_it_settled_first(monkeypatch):
    from merlib.watching.window import FaceWindow, Moment

    blink, macro = Spotted(BLINK, 240, 244, 249, 5.0, "lid, left"), Spotted(MACRO, 200, 215, 290, 30.0, "chin")
    window, told = FaceWindow(REGIONS, Rules()), []
    window._since = 0.0
    monkeypatch.setattr(
        "merlib.watching.window.spot", lambda frames, *_: [e for e in (macro, blink) if e.offset < frames[-1]]
    )
    for i in range(420):
        window.moments.append(Moment(i, i / FPS, np.zeros((len(REGIONS.names), 2)), np.zeros(2)))
        told += window._settled(i / FPS) if i % 12 == 0 else []
    assert told == [blink, macro]


def test_times_decide_not_frame_numbers():
    moved, poses = quiet()
    bump(moved, BROWS[:2], 200, 205, 212, 0.02)
    slow = np.arange(len(moved)) / 10.0  # ten frames a second: the same frames last 1.2 s
    assert [event.kind for event in found(moved, poses)] == [MICRO]
    assert [event.kind for event in found(moved, poses, slow)] == [MACRO]


def test_flanks_of_a_smooth_rise_are_drawn_out_to_its_beginning():
    t = np.arange(100)
    x = np.clip(np.minimum((t - 30) / 12, (70 - t) / 28), 0, 1)
    ((onset, apex, offset),) = peaks(10 * x * x * (3 - 2 * x), 4, 0.35)
    assert (abs(onset - 30) <= 1, apex, abs(offset - 70) <= 1) == (True, 42, True)


def test_an_affine_motion_is_taken_out_and_what_a_few_points_do_besides_is_left():
    rng = np.random.default_rng(1)
    points = rng.uniform(5, 100, (120, 2))
    affine = np.array([1.5, -0.7]) + points @ np.array([[0.02, 0.01], [-0.01, 0.03]])
    own = np.zeros_like(points)
    own[:10, 1] = 2.0
    rest, head = less_affine(affine + own, points, np.ones(120, bool))
    np.testing.assert_allclose(rest, own, atol=0.05)
    np.testing.assert_allclose(head, affine, atol=0.05)


def test_every_region_has_five_points_inside_the_cut_and_the_pose_follows_the_nose():
    from merlib.clips.landmarks68 import canonical_face, face_to_map

    points = face_to_map(canonical_face(), (140, 112))
    followed = followed_points(REGIONS, points, (140, 112))
    assert len(followed) > 5 * len(REGIONS.names)
    assert (followed >= 0).all()
    assert (followed < (112, 140)).all()
    turned = points.copy()
    turned[30, 0] += 0.1 * np.hypot(*(points[42:48].mean(axis=0) - points[36:42].mean(axis=0)))
    np.testing.assert_allclose(head_pose(turned) - head_pose(points), [0.1, 0], atol=1e-6)
