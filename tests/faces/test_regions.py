"""HARS's boxes are the paper's by hand, read by DUAL-ATME-C8; the puzzle is laid out as the canonical one."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.clips.puzzle import CANONICAL_BOXES, canonical_puzzle
from merlib.errors import MerlibError
from merlib.faces import (
    cut_box,
    face_puzzle,
    hars_boxes,
    reference_face,
    region_boxes,
)


@pytest.fixture
def landmarks_by_hand(level_face):
    p = level_face.copy()
    p[19], p[37], p[17], p[21] = (30, 10), (30, 30), (10, 12), (50, 12)  # le_h = 20, le_l = 40
    p[24], p[44], p[22], p[26] = (90, 14), (90, 30), (70, 16), (118, 16)  # re_h = 16, re_l = 48
    p[33], p[51], p[48], p[54], p[57] = (64, 70), (64, 82), (44, 90), (84, 90), (64, 104)  # m_h = 12, m_l = 40
    return p


def test_the_three_boxes_are_the_papers(landmarks_by_hand):
    assert hars_boxes(landmarks_by_hand) == {
        "left_eyebrow": (10 - 5, 30 - 5, 10 - 10, 50 + 10),
        "right_eyebrow": (14 - 4, 30 - 4, 70 - 12, 118 + 12),
        "mouth": (82 - 6, 104 + 6, 44 - 10, 84 + 10),
    }


def test_the_left_brow_ends_above_37_as_the_text_says_and_not_at_the_printed_27(landmarks_by_hand):
    before = hars_boxes(landmarks_by_hand)
    landmarks_by_hand[27] += 40
    assert hars_boxes(landmarks_by_hand) == before
    landmarks_by_hand[37] += (0, 4)
    assert hars_boxes(landmarks_by_hand)["left_eyebrow"][1] == 34 - 6


def test_boxes_read_landmarks_from_zero(landmarks_by_hand):
    before = hars_boxes(landmarks_by_hand)
    used = {19, 37, 17, 21, 24, 44, 22, 26, 33, 51, 48, 54, 57}
    for index in {one - 1 for one in used} - used:
        landmarks_by_hand[index] += (9, 9)
    assert hars_boxes(landmarks_by_hand) == before


def test_both_halves_of_a_symmetric_face_have_mirrored_boxes(level_face):
    boxes = region_boxes(level_face)
    for region in ("eyebrows", "eyes", "cheeks"):
        left, right = boxes[region]
        assert right == pytest.approx((left[0], left[1], 300 - left[3], 300 - left[2]), abs=1e-3)


@pytest.mark.parametrize("region", sorted(CANONICAL_BOXES))
def test_landmark_boxes_agree_with_the_canonical_boxes_on_the_maps(region):
    def area(box):
        return max(0, box[1] - box[0]) * max(0, box[3] - box[2])

    for box, canonical in zip(region_boxes(reference_face((28, 28)))[region], CANONICAL_BOXES[region], strict=True):
        both = (
            max(box[0], canonical[0]),
            min(box[1], canonical[1]),
            max(box[2], canonical[2]),
            min(box[3], canonical[3]),
        )
        assert area(both) / (area(box) + area(canonical) - area(both)) > 0.5


@pytest.mark.parametrize("regions", [("eyebrows", "mouth"), ("cheeks", "nose")])
def test_the_puzzle_is_laid_out_as_the_canonical_puzzle(regions):
    """Every region is painted with a number of its own; both puzzles must show the numbers in the same places."""
    boxes = region_boxes(reference_face((280, 280)))
    frame, maps = np.zeros((280, 280), np.float32), np.zeros((1, 3, 28, 28), np.float32)
    # the lower region first: the wings of the nose lie in the boxes of the cheeks, whose middles stay painted over
    for number, (region, side) in enumerate([(r, s) for r in regions[::-1] for s in range(len(boxes[r]))], 1):
        cut_box(frame, boxes[region][side])[:] = number
        top, bottom, left, right = CANONICAL_BOXES[region][side]
        maps[..., top:bottom, left:right] = number
    puzzle = face_puzzle(frame, reference_face((280, 280)), regions, size=28)
    middles = ([6, 6, 20], [4, 23, 14])  # left and right above, one below
    assert puzzle[middles] == pytest.approx(np.array([2, 3, 1]), abs=1e-5)
    assert canonical_puzzle(maps, regions)[0, 0][middles].tolist() == [2, 3, 1]


def test_the_puzzle_fills_its_halves_to_the_edge(level_face):
    frame = np.zeros((340, 300), np.float32)
    boxes = region_boxes(level_face)
    cut_box(frame, boxes["eyebrows"][0])[:] = 1
    cut_box(frame, boxes["eyebrows"][1])[:] = 2
    cut_box(frame, boxes["mouth"][0])[:] = 3
    expected = np.block([[np.full((14, 14), 1.0), np.full((14, 14), 2.0)], [np.full((14, 28), 3.0)]])
    np.testing.assert_allclose(face_puzzle(frame, level_face, size=28), expected, atol=1e-5)


def test_a_colour_puzzle_is_the_puzzle_of_each_channel(level_face):
    frame = np.random.default_rng(0).integers(0, 256, (320, 300, 3), dtype=np.uint8)
    colour = face_puzzle(frame, level_face, size=56)
    assert colour.shape == (56, 56, 3)
    np.testing.assert_allclose(colour[..., 1], face_puzzle(frame[..., 1], level_face, size=56), atol=1e-3)
    assert colour.min() >= 0
    assert colour.max() <= 255


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regions": ("eyebrows", "mouht")}, "did you mean 'mouth'"),
        ({"regions": ("mouth",)}, "two and an even size"),
        ({"size": 27}, "two and an even size"),
        ({"regions": ("full_face",)}, "aligned frame"),
    ],
)
def test_a_puzzle_that_cannot_be_laid_is_refused(level_face, change, message):
    with pytest.raises(MerlibError, match=message):
        face_puzzle(np.zeros((320, 300), np.uint8), level_face, **change)


def test_a_box_outside_the_picture_is_refused_and_one_across_its_edge_is_clipped():
    picture = np.arange(100).reshape(10, 10)
    np.testing.assert_array_equal(cut_box(picture, (-3.2, 2.4, 7.6, 20)), picture[0:2, 8:10])
    with pytest.raises(MerlibError, match=r"nose .* 10 x 10 px"):
        cut_box(picture, (12, 20, 0, 5), "nose")
