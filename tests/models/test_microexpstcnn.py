"""MicroExpSTCNN: stated sizes, the printed kernel, grey as the mean of three colours."""

from __future__ import annotations

import pytest
import torch

from merlib.errors import MerlibError
from merlib.models import build_model


@pytest.mark.parametrize(("length", "stated", "deep"), [(18, 1_643_267, 1), (96, 44_241_667, 27)])
def test_full_size_has_the_stated_parameters_and_shapes(length, stated, deep):
    with torch.device("meta"):
        model, frames = build_model("microexpstcnn", length=length), torch.empty(1, length, 3, 64, 64)
    assert sum(p.numel() for p in model.parameters()) == stated
    shapes = []
    for layer in (model.features[0], model.features[2]):
        layer.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape[1:])))
    assert model({"frames": frames}).shape == (1, 3)
    assert shapes == [(32, length - 14, 62, 62), (32, deep, 20, 20)]


def test_a_filter_sees_15_frames_of_3_by_3_pixels():
    convolution = build_model("microexpstcnn", size=8, filters=2, hidden=4).features[0]
    frames = torch.zeros(1, 1, 18, 8, 8, requires_grad=True)
    convolution(frames)[0, 0, 2, 3, 3].backward()
    seen = frames.grad[0, 0].abs()
    assert seen.sum((1, 2)).nonzero().flatten().tolist() == list(range(2, 17))
    assert seen.sum(0).nonzero().tolist() == [[row, column] for row in (3, 4, 5) for column in (3, 4, 5)]


def test_colours_are_averaged_and_frames_keep_their_order():
    torch.manual_seed(0)
    model, read = build_model("microexpstcnn", size=8, filters=2, hidden=4).eval(), []
    model.features.register_forward_hook(lambda _m, came, _o: read.append(came[0]))
    frames = torch.rand(2, 18, 3, 8, 8)
    logits = model({"frames": frames})
    torch.testing.assert_close(read[0][:, 0], frames.sum(2) / 3)
    assert not torch.allclose(model({"frames": frames.flip(1)}), logits)


@pytest.mark.parametrize("options", [{"length": 16}, {"size": 4}])
def test_clips_too_short_or_too_small_are_refused(options):
    with pytest.raises(MerlibError, match="microexpstcnn"):
        build_model("microexpstcnn", **options)
    assert build_model("microexpstcnn", length=17, size=5).eval()({"frames": torch.zeros(1, 17, 3, 5, 5)}).shape == (
        1,
        3,
    )
