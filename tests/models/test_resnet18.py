"""ResNet-18 on maps: stated size, maps drawn to the size of pictures, ImageNet's weights."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.models import build_model
from merlib.models.blocks.resnet import ResNet18


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("resnet18", **{"width": 4, **options})


def test_it_has_the_stated_parameters():
    with torch.device("meta"):
        assert sum(p.numel() for p in build_model("resnet18").parameters()) == 11_178_051


@pytest.mark.parametrize(("size", "side"), [(112, 4), (32, 1), (None, 1)])
def test_maps_are_drawn_to_the_size_asked_for(size, side):
    model, maps, last = build(size=size).eval(), torch.rand(2, 3, 28, 28), []
    model.resnet.layer4.register_forward_hook(lambda _m, _i, out: last.append(out.shape[-1]))
    drawn = maps if size is None else functional.interpolate(maps, (size, size), mode="bilinear", align_corners=False)
    assert torch.equal(model({"flow": maps}), model.resnet(drawn))
    assert last == [side, side]


def test_imagenet_fills_all_but_the_classifier_and_so_does_another_set_of_classes():
    model, donor = build(size=32), ResNet18(classes=10, width=4)
    head = model.resnet.fc.weight.clone()
    model.load_resnet(donor.state_dict())
    assert torch.equal(model.resnet.layer4[1].conv2.weight, donor.layer4[1].conv2.weight)
    other = build(seed=1, classes=7)
    model.load_pretrained(other.state_dict())
    assert torch.equal(model.resnet.conv1.weight, other.resnet.conv1.weight)
    assert torch.equal(model.resnet.fc.weight, head)
    with pytest.raises(MerlibError, match=r"resnet18 \(ResNet-18\): weights without"):
        model.load_resnet({})


def test_a_size_that_leaves_nothing_to_see_is_refused():
    with pytest.raises(MerlibError, match="resnet18: size 4"):
        build(size=4)
