"""RCN: stated sizes, the depth at which one layer is reused, wide stems, and attention that costs no parameter."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.models import build_model
from merlib.models.baselines.rcn import VARIANTS, RecurrentBlock

ATTENDING = [name for name, variant in VARIANTS.items() if variant.attention]


def build(seed=0, **options):
    torch.manual_seed(seed)
    return build_model("rcn", **{"features": 8, "pool": 3, **options})


@pytest.fixture
def inputs():
    return {"flow": torch.rand(4, 3, 28, 28, generator=torch.Generator().manual_seed(7))}


def count(module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    ("variants", "features", "pool", "stated"),
    [("as", 64, 7, 55_747), ("wcf", 64, 7, 52_675), ("as", 32, 5, 15_331), ("wcf", 32, 5, 13_795)],
)
def test_parameters_are_those_stated(variants, features, pool, stated):
    plain, wide = 3 * 25 * features + features, 3 * 9 * features + features
    block = features * features * (1 + 9) + 2 * 3 * features
    head = features * pool * pool * 3 + 3
    assert (plain if "a" in variants else wide) + 2 * features + block + head == stated
    for variant in variants:
        assert count(build(variant=variant, features=features, pool=pool)) == stated


def test_the_defaults_are_those_of_the_authors_command():
    model = build_model("rcn")
    assert (model.features, model.pool, model.variant) == (32, 5, VARIANTS["a"])


@pytest.mark.parametrize(("dense", "times"), [(False, 2), (True, 3)])
def test_one_layer_is_used_again_and_again(dense, times):
    block, calls = RecurrentBlock(4, dense).eval(), []
    block.again.register_forward_hook(lambda _m, _i, _o: calls.append(1))
    block(torch.randn(2, 4, 6, 6))
    assert len(calls) == times
    assert count(block) == (4 * 4 + 3 * 4) + (9 * 4 * 4 + 3 * 4)


def test_blocks_unrolled_by_hand():
    torch.manual_seed(0)
    x = torch.randn(2, 4, 6, 6)
    recurrent, dense = RecurrentBlock(4, dense=False).eval(), RecurrentBlock(4, dense=True).eval()
    a, b = recurrent.first, recurrent.again
    y = a(x)
    torch.testing.assert_close(recurrent(x), b(x + b(x + y)))
    a, b = dense.first, dense.again
    y = a(x)
    z = b(x + y)
    e = b(x + y + z)
    torch.testing.assert_close(dense(x), b(x + y + z + e))


@pytest.mark.parametrize(("size", "plain", "wide"), [(60, 28, 20), (28, 12, 10)])
def test_stems_shrink_maps_as_the_docstring_says(size, plain, wide):
    x = {"flow": torch.rand(1, 3, size, size)}
    for variant in VARIANTS:
        model, shapes = build(variant=variant).eval(), []
        model.stem.register_forward_hook(lambda _m, _i, out, shapes=shapes: shapes.append(tuple(out.shape)))
        model(x)
        side = wide if VARIANTS[variant].wide else plain
        assert shapes == [(1, 8, side, side)]


def test_streams_of_the_wide_stem_see_3_5_and_7_pixels_and_all_are_used(inputs):
    stem = build(variant="w").stem.eval()
    parts = [stream(inputs["flow"]) for stream in stem.streams]
    assert [part.shape[1] for part in parts] == [4, 2, 2]
    assert torch.equal(stem(inputs["flow"]), torch.cat(parts, 1))
    middle = torch.zeros(1, 3, 28, 28, requires_grad=True)
    for stream, reach in zip(stem.streams, (1, 2, 3), strict=True):
        middle.grad = None
        stream[0](middle)[0, 0, 5, 5].backward()  # the convolution alone
        rows = middle.grad.abs().sum((0, 1, 3)).nonzero().flatten()
        assert rows.tolist() == [15 - reach, 15, 15 + reach]


@pytest.mark.parametrize("variant", ATTENDING)
def test_attention_is_the_mean_over_classes_of_maps_stretched_to_0_1(variant):
    model = build(variant=variant)
    x = torch.rand(2, 3 if variant == "c" else 8, 12, 12)
    rows = model.classifier.weight.reshape(3, 8, 3, 3)
    pooled = functional.adaptive_avg_pool2d(x, 3)
    expected = torch.zeros(2, 1, 3, 3)
    for row in rows:
        one = (pooled * (row.mean(0) if variant == "c" else row)).mean(1)
        low, high = one.amin((1, 2), keepdim=True), one.amax((1, 2), keepdim=True)
        expected[:, 0] += (one - low) / (high - low) / 3
    torch.testing.assert_close(model.attention_map(x), expected, rtol=0, atol=2e-3)  # a small number below the line


@pytest.mark.parametrize("variant", ATTENDING)
def test_flat_attention_is_a_number(variant, inputs):
    model = build(variant=variant)
    torch.nn.init.zeros_(model.classifier.weight)
    model(inputs).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
    assert torch.equal(model.attention_map(torch.ones(1, 3 if variant == "c" else 8, 6, 6)), torch.zeros(1, 1, 3, 3))


@pytest.mark.parametrize("variant", VARIANTS)
def test_attention_is_asked_once_where_a_variant_has_one(variant, inputs, monkeypatch):
    model, asked = build(variant=variant).eval(), []
    real = model.attention_map
    monkeypatch.setattr(model, "attention_map", lambda x: asked.append(x.shape[1]) or real(x))
    with_it = model(inputs)
    assert asked == {"stem": [8], "input": [3], "block": [8], None: []}[VARIANTS[variant].attention]
    monkeypatch.setattr(model, "attention_map", lambda x: torch.ones(len(x), 1, 3, 3))
    assert torch.equal(model(inputs), with_it) is (variant not in ATTENDING)


def test_gradients_flow_through_attention_into_the_classifier(inputs):
    model = build(variant="a").eval()
    model.attention_map(model.stem(inputs["flow"])).square().sum().backward()
    assert model.classifier.weight.grad.abs().sum() > 0


def test_a_size_draws_maps_and_small_ones_are_refused(inputs):
    drawn, as_is = build(size=36).eval(), build().eval()
    larger = functional.interpolate(inputs["flow"], size=(36, 36), mode="bilinear", align_corners=False)
    assert torch.equal(drawn(inputs), as_is({"flow": larger}))
    with pytest.raises(MerlibError, match="9 x 9") as small:
        as_is({"flow": torch.zeros(2, 3, 9, 9)})
    assert "size=28" in str(small.value)
    assert build(size=28).eval()({"flow": torch.zeros(2, 3, 9, 9)}).shape == (2, 3)
    for variant in VARIANTS:
        assert build(variant=variant, size=10).eval()(inputs).isfinite().all()


def test_options_that_do_not_fit_are_refused():
    with pytest.raises(MerlibError, match="variant of rcn"):
        build(variant="p")
    with pytest.raises(MerlibError, match="2 features"):
        build(features=2)
