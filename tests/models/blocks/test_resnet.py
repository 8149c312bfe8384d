"""ResNet-18 is the published network: its parameters, its names, its shapes."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from merlib.errors import MerlibError
from merlib.models.blocks.resnet import BasicBlock, ResNet18
from merlib.models.blocks.state_dicts import load_weights


def norm(name: str, channels: int) -> dict[str, tuple[int, ...]]:
    tensors = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{t}": (channels,) for t in tensors} | {f"{name}.num_batches_tracked": ()}


def published_names() -> dict[str, tuple[int, ...]]:
    """Name and shape of each tensor of torchvision's resnet18, from the architecture as published."""
    shapes = {"conv1.weight": (64, 3, 7, 7), **norm("bn1", 64)}
    before = 64
    for stage, channels in enumerate((64, 128, 256, 512), start=1):
        for block in (0, 1):
            name = f"layer{stage}.{block}"
            shapes[f"{name}.conv1.weight"] = (channels, before if block == 0 else channels, 3, 3)
            shapes |= norm(f"{name}.bn1", channels)
            shapes[f"{name}.conv2.weight"] = (channels, channels, 3, 3)
            shapes |= norm(f"{name}.bn2", channels)
            if stage > 1 and block == 0:
                shapes[f"{name}.downsample.0.weight"] = (channels, before, 1, 1)
                shapes |= norm(f"{name}.downsample.1", channels)
        before = channels
    return shapes | {"fc.weight": (1000, 512), "fc.bias": (1000,)}


@pytest.fixture(scope="module")
def whole():
    with torch.device("meta"):
        return ResNet18().eval()


def test_it_has_the_published_number_of_parameters(whole):
    assert sum(p.numel() for p in whole.parameters()) == 11_689_512


def test_its_tensors_carry_torchvisions_names_and_shapes(whole):
    assert {name: tuple(t.shape) for name, t in whole.state_dict().items()} == published_names()


def test_a_file_under_torchvisions_names_loads_also_without_its_classifier_or_batch_counters():
    state = {name: torch.randn(shape) for name, shape in published_names().items()}
    model = ResNet18(classes=None)
    load_weights("resnet18", model, state, skip=("fc.",))
    assert torch.equal(model.layer4[1].conv2.weight, state["layer4.1.conv2.weight"])
    old = {name: t for name, t in state.items() if not name.endswith("num_batches_tracked")}
    load_weights("resnet18", ResNet18(classes=None), old, skip=("fc.",))


def test_a_file_that_lacks_a_tensor_is_refused():
    state = ResNet18(classes=None, width=4).state_dict()
    del state["layer2.0.downsample.0.weight"]
    with pytest.raises(MerlibError, match=r"resnet18: weights without 1 of \d+ tensors, first 'layer2.0.downsample"):
        load_weights("resnet18", ResNet18(classes=None, width=4), state)


def test_each_stage_has_the_published_shape_and_the_whole_the_published_cost(whole):
    picture = torch.empty(1, 3, 224, 224, device="meta")
    with FlopCounterMode(display=False) as counter:
        shapes = [tuple(x.shape[1:]) for x in whole.maps(picture)]
    assert shapes == [(64, 56, 56), (64, 56, 56), (128, 28, 28), (256, 14, 14), (512, 7, 7)]
    assert counter.get_total_flops() / 2e9 == pytest.approx(1.81, abs=0.01)  # He et al., Table 1: 1.8e9
    assert whole(picture).shape == (1, 1000)


def test_fewer_stages_keep_the_first_ones():
    model = ResNet18(classes=7, width=4, stages=3)
    assert model(torch.randn(2, 3, 64, 64)).shape == (2, 16, 4, 4)
    assert model.out_channels == 16
    assert not any(name.startswith(("layer4", "fc")) for name in model.state_dict())


def test_a_block_with_silent_residual_is_the_rectified_identity():
    block = BasicBlock(3, 3).eval()
    torch.nn.init.zeros_(block.conv2.weight)
    x = torch.randn(2, 3, 5, 5)
    torch.testing.assert_close(block(x), x.relu())


def test_a_module_between_the_stages_sees_that_stage_only():
    model = ResNet18(classes=None, width=4).eval()
    x = torch.randn(1, 3, 64, 64)
    plain = list(model.maps(x))
    seen = []

    class Double(torch.nn.Module):
        def forward(self, x):
            seen.append(tuple(x.shape[1:]))
            return 2 * x

    doubled = list(model.maps(x, {3: Double()}))
    assert seen == [(8, 8, 8)]
    torch.testing.assert_close(doubled[1], plain[1])
    torch.testing.assert_close(doubled[2], 2 * plain[2])
    assert not torch.allclose(doubled[3], plain[3])
