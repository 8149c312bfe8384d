"""Scores of a map on a known region: by hand, without knowledge, on a planted map, and through random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from merlib.errors import MerlibError
from merlib.explaining.agreement import pointing_game, rank_correlation, region_auc
from merlib.explaining.randomising import randomised
from merlib.models import build_model

REGION = np.array([[[True, True], [False, False]]])


def test_auc_counts_the_pairs_that_are_in_order():
    # inside 3 and 1, outside 2 and 1: 3 > 2, 3 > 1, 1 < 2, 1 = 1 -> (1 + 1 + 0 + 1/2) / 4
    assert region_auc(np.array([[[3.0, 1.0], [2.0, 1.0]]]), REGION).tolist() == [0.625]


def test_the_pointing_game_asks_for_the_highest_place_and_shares_ties():
    maps = np.array([[[3.0, 1.0], [2.0, 1.0]], [[1.0, 2.0], [3.0, 0.0]], [[5.0, 5.0], [5.0, 0.0]]])
    assert pointing_game(maps, np.repeat(REGION, 3, 0)).tolist() == pytest.approx([1.0, 0.0, 2 / 3])


def test_a_constant_map_knows_nothing():
    region = np.zeros((1, 4, 4), bool)
    region[0, 0, :2] = True
    assert region_auc(np.zeros((1, 4, 4)), region).tolist() == [0.5]
    assert pointing_game(np.zeros((1, 4, 4)), region).tolist() == [2 / 16]
    assert rank_correlation(np.zeros((1, 4, 4)), np.ones((1, 4, 4))).tolist() == [0.0]


def test_only_places_within_count():
    within = np.array([[True, False], [True, True]])
    maps = np.array([[[1.0, 9.0], [2.0, 0.0]]])  # the highest place does not count
    assert pointing_game(maps, REGION, within).tolist() == [0.0]
    assert region_auc(maps, REGION, within).tolist() == [0.5]  # inside 1, outside 2 and 0


def test_rank_correlation_sees_order_and_not_size():
    first = np.arange(9.0).reshape(1, 3, 3)
    assert rank_correlation(first, first**3).tolist() == pytest.approx([1.0])
    assert rank_correlation(first, -first).tolist() == pytest.approx([-1.0])


def test_an_empty_region_is_refused():
    for region in (np.zeros((1, 2, 2), bool), np.ones((1, 2, 2), bool)):
        with pytest.raises(MerlibError, match="leave that row out"):
            region_auc(np.ones((1, 2, 2)), region)


def _planted() -> tuple[torch.nn.Module, torch.Tensor, np.ndarray]:
    """Return a network that was taught to look at a moving patch, patches at random places, and where they are."""
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    flow, region = 0.1 * random.standard_normal((48, 3, 28, 28)).astype(np.float32), np.zeros((48, 28, 28), bool)
    labels = np.arange(48) % 2
    for row, label in enumerate(labels):
        top, left = random.integers(2, 18, 2)
        region[row, top : top + 8, left : left + 8] = True
        flow[row, :, top : top + 8, left : left + 8] += 2.0 if label else -2.0
    model = build_model("am3f_flownet", classes=2, filters=(2, 3), dropout=0.0)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    inputs, truth = torch.from_numpy(flow), torch.from_numpy(labels)
    for _ in range(25):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model({"flow": inputs}).logits, truth).backward()
        optimiser.step()
    return model.eval(), inputs, region


@pytest.mark.long
def test_random_weights_lower_what_training_found():
    from merlib.explaining.grad_cam import grad_cam, places

    model, flow, region = _planted()
    torch.manual_seed(1)
    forgotten = randomised(model, build_model("am3f_flownet", classes=2, filters=(2, 3), dropout=0.0)).eval()
    labels = np.arange(48) % 2
    scores = {}
    for name, one in (("trained", model), ("forgotten", forgotten)):
        maps = grad_cam(places(one)["flow"], {"flow": flow}, labels)
        scores[name] = region_auc(maps, region).mean()
    assert scores["trained"] > 0.75
    assert scores["trained"] > scores["forgotten"] + 0.1


def test_only_the_named_parts_forget():
    trained, fresh = (build_model("am3f_flownet", filters=(2, 3)) for _ in range(2))
    half = randomised(trained, fresh, ("classifier",))
    assert torch.equal(half.classifier.weight, fresh.classifier.weight)
    assert torch.equal(half.reweighting.attention.squeeze.weight, trained.reweighting.attention.squeeze.weight)
    assert not torch.equal(half.classifier.weight, trained.classifier.weight), "the trained network stays as it is"
    with pytest.raises(MerlibError, match="part of the network"):
        randomised(trained, fresh, ("clasifier",))
    with pytest.raises(MerlibError, match="options"):
        randomised(trained, build_model("am3f_flownet"))
