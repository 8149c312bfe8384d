"""Diagrams and checks come from the live model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_predictions import make_samples

from merlib.explaining.shape_trace import count_parameters, trace_modules
from merlib.learning.training.loop import as_tensors
from merlib.models import build_model
from merlib.publishing.diagrams import am3f_flownet as am3f_diagrams
from merlib.publishing.exercises import one_batch, overfit_one_batch


def test_trace_reads_the_shapes_of_the_model_that_runs():
    model = build_model("am3f_flownet", filters=(2, 3)).train()
    table = trace_modules(model, {"flow": torch.zeros(2, 3, 28, 28)})
    assert table.loc["branches.u.low", "output"] == "8x14x14"
    assert table.loc["branches.u.fusion", "output"] == "20x7x7"
    assert table.loc["classifier", "parameters"] == (3 * 20 * 49 + 1) * 3
    assert model.training, "the mode is restored"
    assert not any(module._forward_hooks for module in model.modules()), "no hook stays behind"


@pytest.mark.long
@pytest.mark.parametrize("name", ["pipeline", "inception", "fusion", "reweighting"])
def test_diagrams_print_the_shapes_of_the_model_they_are_given(name):
    texts = {}
    for filters in ((6, 16), (2, 3)):
        figure = getattr(am3f_diagrams, name)(build_model("am3f_flownet", filters=filters))
        texts[filters] = [text.get_text() for text in figure.axes[0].texts]
    assert texts[6, 16] != texts[2, 3]


@pytest.mark.long
def test_overfit_check_passes_a_network_and_fails_one_that_cannot_learn(monkeypatch):
    samples = make_samples()
    assert overfit_one_batch("ststnet", samples, {"dropout": 0.0}, steps=80, learning_rate=1e-2) == 1.0
    assert overfit_one_batch("ststnet", samples, {"dropout": 0.0}, learning_rate=0.0) < 1.0


def test_overfit_check_takes_what_small_classes_have(monkeypatch):
    samples, seen = make_samples(), []
    monkeypatch.setattr(
        one_batch, "as_tensors", lambda samples, rows: seen.append(list(rows)) or as_tensors(samples, rows)
    )
    first, second = (list(np.flatnonzero(samples.labels == c)) for c in (0, 1))
    few = samples.take(np.array([first[0], *second[:6]]))  # one clip of a class, none of another
    overfit_one_batch("ststnet", few, {"dropout": 0.0}, steps=1)
    overfit_one_batch("ststnet", samples, {"dropout": 0.0}, clips=5, steps=1)
    third = list(np.flatnonzero(samples.labels == 2))
    assert seen == [[0, 1, 2, 3, 4, 5, 6], [first[0], second[0], third[0], first[1], second[1]]]


def test_parameter_count_is_that_of_the_formula():
    assert count_parameters(build_model("ststnet")) == 3 * (3 + 5 + 8) * 9 + 3 * 16 + 403 * 3 - 3 * 2
