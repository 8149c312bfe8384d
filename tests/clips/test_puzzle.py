"""The puzzle shows the regions it names, where the paper lays them, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.clips.puzzle import CANONICAL_BOXES, REGION_PAIRS, assemble_puzzle, canonical_puzzle, with_puzzle
from merlib.errors import MerlibError


def painted(**values: float) -> np.ndarray:
    """One map of zeros with whole regions painted; left and right of a pair as name_0, name_1."""
    flow = np.zeros((1, 3, 28, 28), np.float32)
    for name, value in values.items():
        region, side = name.rsplit("_", 1)
        top, bottom, left, right = CANONICAL_BOXES[region][int(side)]
        flow[:, :, top:bottom, left:right] = value
    return flow


def test_eyebrows_fill_the_upper_quarters_and_the_mouth_the_lower_half():
    puzzle = canonical_puzzle(painted(eyebrows_0=1, eyebrows_1=2, mouth_0=-3))
    assert puzzle.shape == (1, 3, 28, 28)
    np.testing.assert_allclose(puzzle[..., :14, :14], 1)
    np.testing.assert_allclose(puzzle[..., :14, 14:], 2)
    np.testing.assert_allclose(puzzle[..., 14:, :], -3)


def test_what_lies_outside_the_boxes_never_reaches_the_puzzle():
    flow = np.full((1, 3, 28, 28), 99, np.float32)
    for box in (*CANONICAL_BOXES["eyebrows"], *CANONICAL_BOXES["mouth"]):
        flow[..., box[0] : box[1], box[2] : box[3]] = 0
    assert not canonical_puzzle(flow).any()


def test_each_pair_of_table_4_cuts_its_own_regions():
    flow = painted(eyebrows_0=1, eyebrows_1=1, cheeks_0=2, cheeks_1=2, nose_0=0, mouth_0=0)
    flow[..., 18:25, 9:19] = 4  # the mouth below the nose, between the cheeks
    upper = {pair: canonical_puzzle(flow, REGION_PAIRS[pair])[0, 0, 0, 0] for pair in REGION_PAIRS}
    assert upper == {"E.&N.": 1, "E.&M.": 1, "F.&N.": 2, "F.&M.": 2, "Full-face": 0}
    lower = {pair: canonical_puzzle(flow, REGION_PAIRS[pair])[0, 0, -1, 14] for pair in REGION_PAIRS}
    assert lower == {"E.&N.": 0, "E.&M.": 4, "F.&N.": 0, "F.&M.": 4, "Full-face": 0}


def test_full_face_is_the_map_itself():
    flow = np.random.default_rng(0).normal(size=(2, 3, 28, 28)).astype(np.float32)
    np.testing.assert_array_equal(canonical_puzzle(flow, REGION_PAIRS["Full-face"]), flow)


def test_mirrored_boxes_make_the_puzzle_of_a_mirrored_face_the_mirrored_puzzle():
    flow = np.random.default_rng(1).normal(size=(2, 3, 28, 28)).astype(np.float32)
    for pair in REGION_PAIRS.values():
        mirrored = canonical_puzzle(flow[..., ::-1], pair)
        np.testing.assert_allclose(mirrored, canonical_puzzle(flow, pair)[..., ::-1], atol=1e-5)


def test_values_keep_sign_unit_and_channel():
    flow = np.random.default_rng(2).uniform(-3, 5, size=(3, 3, 28, 28)).astype(np.float32)
    puzzle = canonical_puzzle(flow)
    assert puzzle.dtype == np.float32
    assert puzzle.min() >= flow.min()
    assert puzzle.max() <= flow.max()
    np.testing.assert_allclose(canonical_puzzle(2 * flow), 2 * puzzle, rtol=1e-5, atol=1e-5)
    only_u = flow.copy()
    only_u[:, 1:] = 0
    assert not canonical_puzzle(only_u)[:, 1:].any()
    np.testing.assert_allclose(canonical_puzzle(only_u)[:, 0], puzzle[:, 0], atol=1e-6)


def test_rows_do_not_influence_each_other():
    flow = np.random.default_rng(3).normal(size=(4, 3, 28, 28)).astype(np.float32)
    one_by_one = np.concatenate([canonical_puzzle(row[None]) for row in flow])
    np.testing.assert_allclose(canonical_puzzle(flow), one_by_one, atol=1e-6)


def test_resizing_doubles_a_ramp_linearly():
    ramp = np.array([[0.0, 1.0]], np.float32)  # pixel centres .5 and 1.5 seen at .25, .75, 1.25, 1.75
    whole = assemble_puzzle([ramp], [ramp], size=4)
    np.testing.assert_allclose(whole[0], [0, 0.25, 0.75, 1], atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 28, 28), (1, 2, 28, 28), (1, 3, 56, 56)])
def test_another_grid_is_refused(shape):
    with pytest.raises(MerlibError, match=r"\(N, 3, 28, 28\)"):
        canonical_puzzle(np.zeros(shape))


def test_an_unknown_region_is_refused_with_the_nearest_name():
    with pytest.raises(MerlibError, match="did you mean 'mouth'"):
        canonical_puzzle(np.zeros((1, 3, 28, 28)), ("eyebrows", "mouht"))
    with pytest.raises(MerlibError, match="1 regions"):
        canonical_puzzle(np.zeros((1, 3, 28, 28)), ("mouth",))


def test_samples_with_a_puzzle_keep_their_rows_and_say_that_boxes_were_canonical():
    from merlib.clips import Samples

    flow = (255 * np.random.default_rng(0).random((3, 3, 28, 28))).astype(np.float32)
    people, clips = ["a", "b", "c"], ["1", "2", "3"]
    samples = Samples({"flow": flow}, [0, 1, 0], ("x", "y"), people, ["smic"] * 3, clips, "toy", True)
    puzzled = with_puzzle(samples)
    assert np.array_equal(puzzled.inputs["puzzle"], canonical_puzzle(flow))
    assert puzzled.inputs["flow"] is samples.inputs["flow"]
    assert "canonical boxes" in puzzled.notes[-1]
    assert puzzled.digest != samples.digest
