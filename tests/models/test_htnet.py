"""HTNet: stated size, tiles of four regions, and attention that has nothing to attend to."""

from __future__ import annotations

import pytest
import torch

from merlib.errors import MerlibError
from merlib.models import build_model


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("htnet", **{"width": 12, "depths": (1, 1, 2), **options})


def test_full_size_has_the_stated_parameters_and_shapes():
    with torch.device("meta"):
        model, flow = build_model("htnet"), torch.empty(2, 3, 28, 28)
    assert sum(p.numel() for p in model.parameters()) == 139_582_982
    shapes = []
    for level in model.levels:
        level.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape)))
    assert model({"flow": flow}).shape == (2, 3)
    assert shapes == [(2, 256, 4, 4), (2, 512, 2, 2), (2, 1024, 1, 1)]


def test_tiles_are_the_squares_around_the_centres_moved_inside_the_map():
    flow = torch.arange(28 * 28, dtype=torch.float32).reshape(1, 1, 28, 28).expand(1, 3, 28, 28)
    tiles = build(centres=((10, 8), (27, 0), (7, 20), (16, 21))).tiles(flow)
    assert torch.equal(tiles[..., :14, :14], flow[..., 1:15, 3:17])  # x is the column
    assert torch.equal(tiles[..., :14, 14:], flow[..., :14, 14:])  # moved inside
    assert torch.equal(tiles[..., 14:, :14], flow[..., 13:27, :14])
    assert torch.equal(tiles[..., 14:, 14:], flow[..., 14:, 9:23])


def test_queries_and_keys_change_nothing_since_each_token_is_alone():
    model = build().eval()
    flow = {"flow": torch.randn(2, 3, 28, 28, generator=torch.Generator().manual_seed(7))}
    before = model(flow)
    for level in model.levels:
        for block in level.blocks:
            weight = block.attention[1].queries_keys_values.weight
            with torch.no_grad():
                weight[: 2 * len(weight) // 3] = 1.0
    torch.testing.assert_close(model(flow), before)
    with torch.no_grad():
        weight[2 * len(weight) // 3 :] = 1.0
    assert not torch.allclose(model(flow), before)


@pytest.mark.parametrize("options", [{"width": 2}, {"depths": (1, 1)}, {"centres": ((7, 7),)}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(MerlibError, match="htnet"):
        build(**options)
