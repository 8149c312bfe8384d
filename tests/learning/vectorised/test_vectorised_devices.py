"""A step of folds together leaves nothing on the processor: PyTorch's device ``meta`` stands in for a GPU.

Tensors there have shapes and a device but no numbers, and most of what mixes them with tensors of the processor fails
as on a GPU (not all: a convolution or a product takes an operand of either). Not seen here: chance of the device's own
generators, autocast, and time.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache

import numpy as np
import pytest
import torch
from torch.fx.experimental import _config
from torch.utils import _device

from merlib.clips.puzzle import with_puzzle
from merlib.clips.samples import Samples
from merlib.datasets import open_samples
from merlib.learning import Experiment
from merlib.learning.folds import make_folds
from merlib.learning.vectorised.program import _Program
from merlib.profiles import get_profile


@pytest.fixture
def meta(monkeypatch):
    """Give the device what a program asks of one."""
    _device._device_constructors()  # remembers PyTorch's own functions, before they are replaced
    rand, randint = torch.rand, torch.randint

    class OnProcessor(torch.Generator):
        def __new__(cls, device="cpu"):
            return super().__new__(cls, "cpu")

    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
    monkeypatch.setattr(torch, "Generator", OnProcessor)
    monkeypatch.setattr(torch, "rand", lambda *size, generator=None: rand(*size))
    monkeypatch.setattr(torch, "randint", lambda *size, generator=None: randint(*size))
    with _config.patch(meta_nonzero_assume_all_nonzero=True):
        yield "meta"


@cache
def few_samples() -> Samples:
    samples = with_puzzle(open_samples("megc2019-flow", {}))
    return samples.take(np.arange(0, len(samples), 30))


def program(device: str, model: str, **recipe) -> _Program:
    samples = few_samples()
    experiment = Experiment.for_profile(model, get_profile("paper"), batch_size=4, **recipe)
    folds = make_folds("groupkfold:3", samples)
    return _Program(experiment, samples, [(fold, 0) for fold in folds], device, None, "float32")


def step(own: _Program) -> tuple[torch.Tensor, torch.Tensor]:
    rows, mask = (each.to(own.device) for each in own._epoch_rows())
    return own._step(rows[0], mask[0], 0.1)


CASES = [
    ("am3f_flownet", {}),
    ("dual_atme", {}),
    ("ststnet", {}),
    ("dual_atme", {"loss": "lasce", "loss_options": {}}),
    ("ststnet", {"optimiser": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("ststnet", {"normalisation": "unit", "loss": "focal", "loss_options": {}}),
    ("ststnet", {"normalisation": "none", "loss": "weighted_ce", "loss_options": {}}),
    ("ststnet", {"augmentation": ("flip", "flip_plain", "flip_vertical", "jitter")}),
]


@pytest.mark.long
@pytest.mark.parametrize(("model", "recipe"), CASES, ids=str)
def test_a_step_is_computed_where_the_program_was_put(meta, model, recipe):
    own = program(meta, model, **recipe)
    losses, right = step(own)
    everything = [losses, right, own.prior, own.optimiser.steps, *own.parameters.values(), *own.buffers.values()]
    assert {each.device.type for each in everything} == {"meta"}
    assert losses.shape == right.shape == (3,)


@pytest.mark.long
@pytest.mark.parametrize("left", ["labels", "prior", "buffers"])
def test_what_was_left_on_the_processor_is_found(meta, left):
    recipe = {"loss": "lasce", "loss_options": {}} if left == "prior" else {}
    own, there = (program(device, "dual_atme", **recipe) for device in (meta, "cpu"))
    setattr(own, left, getattr(there, left))
    with pytest.raises(RuntimeError, match="device"):
        step(own)
