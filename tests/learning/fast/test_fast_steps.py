"""The fast steps of whole networks are their readable modules': outputs, gradients, running statistics."""

from __future__ import annotations

import copy
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from merlib.learning import fast
from merlib.learning.fast import fast_forward
from merlib.learning.fast.dropout import dropout
from merlib.learning.training.loop import logits_of
from merlib.models import build_model
from merlib.models.dual_atme import TABLE1_OPTIONS

AM3F = [{}, {"multi_scale": False, "msff": False}, {"msff": False}, {"mofrw": False}]
DUAL = [*TABLE1_OPTIONS.values(), {"shared_cbam": True}]


def both_sides(name, options, seed):
    """Largest differences (of 1 + value) of readable module and fast step: outputs, gradients, statistics."""
    torch.manual_seed(seed)
    model = build_model(name, classes=3, dropout=0.0, **options).train()
    twin = copy.deepcopy(model).to(memory_format=torch.channels_last)
    assert fast_forward(twin) is not twin
    n = {"am3f_flownet": 2, "dual_atme": 6}[name]  # few samples, few near ties; Dual-ATME's head norms over them
    inputs, truth = {each: torch.randn(n, 3, 28, 28) for each in ("flow", "puzzle")}, torch.randint(0, 3, (n,))
    slow, quick = model(inputs), fast_forward(twin)(inputs)
    assert [one is None for one in slow] == [one is None for one in quick]
    functional.cross_entropy(slow.logits, truth).backward()
    functional.cross_entropy(quick.logits, truth).backward()
    gradients = [(one.grad, other.grad) for one, other in zip(model.parameters(), twin.parameters(), strict=True)]
    assert max(one.abs().max() for one, _ in gradients) > 1e-3
    sides = [[(a, b) for a, b in zip(slow, quick, strict=True) if a is not None], gradients]
    sides.append(list(zip(model.buffers(), twin.buffers(), strict=True)))
    return [max(((one - other).abs() / (1 + one.abs())).max().item() for one, other in each) for each in sides]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "options"), [("am3f_flownet", each) for each in AM3F] + [("dual_atme", each) for each in DUAL]
)
def test_outputs_gradients_and_statistics_are_the_module_s(name, options):
    outputs, gradients, statistics = zip(*(both_sides(name, options, seed) for seed in range(5)), strict=True)
    assert sorted(outputs)[2] < 1e-5
    assert max(outputs) < 1e-4
    assert max(statistics) < 1e-5
    # where two values of a pooling window are equal but for rounding, either may be taken for the larger
    assert sorted(gradients)[2] < 1e-4
    assert max(gradients) < 5e-2


@pytest.mark.long
@pytest.mark.parametrize("name", ["am3f_flownet", pytest.param("dual_atme", marks=pytest.mark.slow), "ststnet"])
def test_twenty_steps_of_adam_with_weight_decay_lead_to_the_same_place(name):
    torch.manual_seed(0)
    model = build_model(name, classes=3, dropout=0.0).train()
    twin = copy.deepcopy(model)
    inputs, truth = {each: torch.randn(32, 3, 28, 28) for each in ("flow", "puzzle")}, torch.randint(0, 3, (32,))
    for network, forward in ((model, model), (twin, fast_forward(twin))):
        optimiser = torch.optim.Adam(network.parameters(), 1e-4, weight_decay=1e-4)
        for _ in range(20):
            optimiser.zero_grad()
            functional.cross_entropy(logits_of(forward(inputs)), truth).backward()
            optimiser.step()
    moved = max((a - b).abs().max() for a, b in zip(model.parameters(), build_same(name).parameters(), strict=True))
    apart = [(a - b).abs().mean() for a, b in zip(model.parameters(), twin.parameters(), strict=True)]
    # each step of Adam is as long as the rate, so that 20 of them may lead 2e-3 away; noise alone moves an offset
    assert moved > 1e-3
    assert sorted(apart)[len(apart) // 2] < 1e-5
    with torch.no_grad():
        torch.testing.assert_close(logits_of(twin.eval()(inputs)), logits_of(model.eval()(inputs)), atol=2e-2, rtol=0)


def build_same(name):
    torch.manual_seed(0)
    return build_model(name, classes=3, dropout=0.0)


@pytest.mark.parametrize(
    ("name", "shape"), [("am3f_flownet", (9, 12936)), ("dual_atme", (9, 1024)), ("ststnet", (16, 10, 10, 9))]
)
def test_a_step_drops_what_its_network_drops(name, shape, monkeypatch):
    seen = []
    step = import_module(f"merlib.learning.fast.{name}")
    monkeypatch.setattr(step, "dropout", lambda values, p: seen.append((tuple(values.shape), p)) or 0.0 * values)
    model = build_model(name, classes=3, dropout=0.3).train()
    logits = logits_of(fast_forward(model)({each: torch.randn(9, 3, 28, 28) for each in ("flow", "puzzle")}))
    assert seen == [(shape, 0.3)]
    offsets = dict(model.classifier.named_parameters())["bias" if name != "dual_atme" else "4.bias"]
    torch.testing.assert_close(logits, offsets.expand_as(logits))  # with nothing left


def test_every_fast_step_belongs_to_a_module_that_is_there():
    for path, step in fast.STEPS.items():
        module, _, name = path.rpartition(".")
        assert hasattr(__import__(module, fromlist=[name]), name)
        assert (Path(fast.__file__).parent / f"{step}.py").exists()


def test_a_model_without_a_fast_step_is_called_itself():
    model = build_model("uamrn", classes=3)
    assert fast_forward(model) is model


def test_dropout_keeps_the_mean_and_drops_its_share():
    torch.manual_seed(0)
    dropped = dropout(torch.ones(100, 100), 0.3)
    assert (dropped == 0).float().mean() == pytest.approx(0.3, abs=0.02)
    assert dropped.mean() == pytest.approx(1.0, abs=0.02)
    assert dropped.max() == pytest.approx(1 / 0.7)


def test_padding_is_the_same_in_every_file():
    kernels = [
        import_module(f"merlib.learning.fast.kernels.{name}") for name in ("convolution", "norms", "pooling", "windows")
    ]
    assert {kernel.PAD for kernel in kernels} == {2}


def test_dropout_follows_pytorch_s_seed():
    masks = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        masks.append(torch.stack([dropout(torch.ones(50, 4), 0.5) for _ in range(2)]))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])
    assert not torch.equal(masks[0][0], masks[0][1])  # a new one each time
