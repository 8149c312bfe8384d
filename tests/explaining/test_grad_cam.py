"""Grad-CAM is the formula, read at the place that the papers name, and the network is left as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from merlib.errors import MerlibError
from merlib.explaining.grad_cam import AfterMOFRW, Place, grad_cam, places
from merlib.models import build_model

CHANNELS = torch.tensor([[[1.0, 0.0], [0.0, 2.0]], [[0.0, 3.0], [1.0, 0.0]]])  # two channels of 2 x 2


class OneHead(nn.Module):
    """A linear head over two given channels: class c scores the sum of w_ck A_k over places."""

    def __init__(self):
        super().__init__()
        self.maps, self.head = nn.Identity(), nn.Linear(8, 2, bias=False)
        weights = torch.tensor([[2.0] * 4 + [-1.0] * 4, [0.0] * 4 + [1.0, 0.0, 0.0, 0.0]])
        self.head.weight = nn.Parameter(weights)

    def forward(self, inputs):
        return self.head(self.maps(inputs["flow"]).flatten(1))


def test_it_is_the_value_worked_out_by_hand():
    model = OneHead().train()
    found = grad_cam(Place(model, model.maps), {"flow": torch.stack([CHANNELS, CHANNELS])}, [0, 1], size=(2, 2))
    # class 0: weights 2 and -1, so relu(2 A_0 - A_1); class 1: weights 0 and 1/4
    np.testing.assert_allclose(found[0], [[2.0, 0.0], [0.0, 4.0]])
    np.testing.assert_allclose(found[1], [[0.0, 0.75], [0.25, 0.0]])
    assert model.training, "the mode is restored"


def test_a_map_is_drawn_larger_bilinearly():
    model = OneHead()
    found = grad_cam(Place(model, model.maps), {"flow": CHANNELS[None]}, [1], size=(4, 4))[0]
    assert found[0].tolist() == pytest.approx([0.0, 0.1875, 0.5625, 0.75])


def test_am3f_is_read_behind_mofrw_with_one_weight_a_channel_of_the_joined_maps():
    torch.manual_seed(0)
    model, flow = build_model("am3f_flownet", classes=3, filters=(2, 3)).eval(), torch.randn(2, 3, 28, 28)
    split = AfterMOFRW(model).eval()
    torch.testing.assert_close(split({"flow": flow}), model({"flow": flow}).logits)
    features = model({"flow": flow}).features.detach()
    heights = []
    for label in range(3):  # the head is linear: its gradient is its weight
        weights = model.classifier.weight[label].detach().reshape(features.shape[1:]).mean((1, 2))
        by_hand = (features * weights[:, None, None]).sum(1).relu()
        found = grad_cam(places(model)["flow"], {"flow": flow}, [label, label], size=(7, 7))
        np.testing.assert_allclose(found, by_hand.numpy(), atol=1e-6)
        heights.append(found.max())
    assert max(heights) > 0, "maps that are zero everywhere would agree with anything"


def test_dual_atme_is_read_in_both_branches_behind_its_attention():
    model = build_model("dual_atme", filters=(2, 3), hidden=8)
    found = places(model)
    assert list(found) == ["flow", "puzzle"]
    assert found["flow"].layer is model.attention["flow"]
    assert found["puzzle"].layer is model.inceptions["puzzle"]
    inputs = {name: torch.rand(3, 3, 28, 28) for name in ("flow", "puzzle")}
    assert grad_cam(found["puzzle"], inputs, [0, 1, 2]).shape == (3, 28, 28)


def test_unknown_networks_and_missing_classes_are_refused():
    with pytest.raises(MerlibError, match="Place"):
        places(build_model("ststnet"))
    model = OneHead()
    with pytest.raises(MerlibError, match="one for each row"):
        grad_cam(Place(model, model.maps), {"flow": CHANNELS[None]}, [0, 1])
