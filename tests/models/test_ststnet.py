"""STSTNet: the published configuration, and published weights by the order of their layers."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.models import build_model

LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("ststnet", **options)


@pytest.fixture
def inputs():
    return {"flow": torch.rand(8, 3, 28, 28, generator=torch.Generator().manual_seed(7)) * 255}


def published_weights(seed=3) -> dict[str, torch.Tensor]:
    """Random tensors under the names and in the order of the published files: convolutions, norms, classifier."""
    random, state = torch.Generator().manual_seed(seed), {}
    for i, filters in enumerate((3, 5, 8), 1):
        state[f"conv{i}.weight"] = torch.randn(filters, 3, 3, 3, generator=random)
        state[f"conv{i}.bias"] = torch.randn(filters, generator=random)
    for i, filters in enumerate((3, 5, 8), 1):
        for name in ("weight", "bias", "running_mean"):  # of both signs, so that norm and ReLU do not commute
            state[f"bn{i}.{name}"] = torch.randn(filters, generator=random)
        state[f"bn{i}.running_var"] = torch.rand(filters, generator=random) + 0.5
        state[f"bn{i}.num_batches_tracked"] = torch.tensor(7)
    state["fc.weight"] = torch.randn(3, 400, generator=random)
    state["fc.bias"] = torch.randn(3, generator=random)
    return state


def by_hand(state, bgr):
    """The published network written out on a state dict, maps in the order B, G, R."""
    streams = []
    for i in (1, 2, 3):
        x = functional.conv2d(bgr, state[f"conv{i}.weight"], state[f"conv{i}.bias"], padding=2).relu()
        mean, variance = state[f"bn{i}.running_mean"], state[f"bn{i}.running_var"]
        x = functional.batch_norm(x, mean, variance, state[f"bn{i}.weight"], state[f"bn{i}.bias"])
        streams.append(functional.max_pool2d(x, 3, 3, 1))
    x = functional.avg_pool2d(torch.cat(streams, 1), 2).flatten(1)
    return x @ state["fc.weight"].T + state["fc.bias"]


def test_it_has_1683_parameters_for_three_classes():
    # 28 * (3 + 5 + 8) convolutions, 2 * 16 norms, 400 * 3 + 3 classifier
    assert sum(p.numel() for p in build().parameters()) == 448 + 32 + 1203 == 1683
    assert sum(p.numel() for p in build(classes=5).parameters()) == 448 + 32 + 2005


def test_every_stage_has_the_shape_its_docstring_names(inputs):
    model, seen = build().eval(), []
    for norm in model.norms:
        norm.register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape)))
    model.dropout.register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape)))
    model.classifier.register_forward_hook(lambda _m, came, out: seen.append((came[0].shape[1], out.shape[1])))
    model(inputs)
    streams = [shape for f in (3, 5, 8) for shape in ((8, f, 30, 30), (8, f, 10, 10))]
    assert seen == [*streams, (400, 3)]


def test_weights_in_the_published_order_of_layers_compute_the_published_function(inputs):
    model, state = build().eval(), published_weights()
    model.load_state_dict(dict(zip(model.state_dict(), state.values(), strict=True)))
    torch.testing.assert_close(model(inputs), by_hand(state, inputs["flow"].flip(1)), rtol=1e-4, atol=1e-2)


def test_channel_order_rgb_reads_u_v_strain_as_they_come(inputs):
    bgr, rgb = build().eval(), build(channel_order="rgb").eval()
    assert torch.equal(bgr(inputs), rgb({"flow": inputs["flow"].flip(1)}))
    assert not torch.allclose(bgr(inputs), rgb(inputs))
    with pytest.raises(MerlibError, match=r"unknown channel order of ststnet 'brg'(.|\n)*bgr, rgb"):
        build(channel_order="brg")


def test_maps_of_another_shape_are_refused():
    with pytest.raises(MerlibError, match=r"ststnet: input 'flow' \(2, 3, 14, 14\)"):
        build()({"flow": torch.zeros(2, 3, 14, 14)})
