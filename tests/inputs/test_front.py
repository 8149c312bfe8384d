"""What UAMRN's frozen front layers see: computed once, named by their weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_predictions import make_samples

from merlib.errors import MerlibError
from merlib.inputs import front as front_inputs
from merlib.inputs.cache import MotionCache
from merlib.inputs.front import with_front
from merlib.models.blocks.front_layers import FrontLayers


@pytest.fixture
def cache(tmp_path):
    return MotionCache(tmp_path)


def test_front_features_are_computed_once_and_say_which_weights(cache, monkeypatch):
    pictures = np.random.default_rng(0).random((3, 4, 3, 32, 32), np.float32)
    samples = make_samples(n=3).with_inputs({"magnified": pictures})
    first = with_front(samples, cache, width=4)
    assert {name: values.shape for name, values in first.inputs.items()} == {"front": (3, 4, 64)}
    assert "front layers with random weights" in first.notes[-1]
    monkeypatch.setattr(front_inputs, "front_features", None)  # would fail if it were asked again
    again = with_front(samples, cache, width=4)
    assert np.array_equal(first.inputs["front"], again.inputs["front"])


def test_front_features_of_other_weights_are_computed_anew(cache, monkeypatch):
    samples = make_samples(n=3).with_inputs({"magnified": np.ones((3, 2, 3, 32, 32), np.float32)})
    found = []
    for share in (1.0, 0.5, 1.0):
        layers = FrontLayers(4)
        with torch.no_grad():
            for values in layers.parameters():
                values.fill_(share)
        monkeypatch.setattr(front_inputs, "published_layers", lambda _, layers=layers: (layers, "another file"))
        found.append(with_front(samples, cache, width=4).inputs["front"])
    assert not np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_features_less_the_first_keep_what_grows_and_say_so(cache):
    pictures = np.random.default_rng(1).random((2, 4, 3, 32, 32), np.float32)
    samples = make_samples(n=2).with_inputs({"magnified": pictures})
    whole, less = (with_front(samples, cache, 4, less_first=flag) for flag in (False, True))
    assert (less.inputs["front"][:, 0] == 0).all()
    np.testing.assert_allclose(less.inputs["front"] + whole.inputs["front"][:, :1], whole.inputs["front"], atol=1e-6)
    assert "each magnification less the first" in less.notes
    assert less.digest != whole.digest


def test_samples_without_magnified_pictures_are_refused(cache):
    with pytest.raises(MerlibError, match="uamrn: samples megc2019-flow with flow"):
        with_front(make_samples(), cache)
