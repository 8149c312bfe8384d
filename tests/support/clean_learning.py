"""Fixtures of tests that train: a clean environment, small models, samples and a folder of references."""

from __future__ import annotations

import pytest
from toy_samples import make_samples

from merlib.clips.samples import Samples
from merlib.models import register_model, registry


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("MERLIB_REFERENCES", "off")
    monkeypatch.setenv("MERLIB_PROGRESS", "off")
    monkeypatch.setenv("MERLIB_STORE", str(tmp_path / "default-store"))
    monkeypatch.setattr(registry, "_MODELS", dict(registry._MODELS))
    register_model("toy_net", "toy_models", "ToyNet")
    register_model("started_net", "toy_models", "StartedNet")
    register_model("two_inputs", "toy_models", "TwoInputs")
    register_model("forest", "toy_models", "forest")


@pytest.fixture
def samples() -> Samples:
    return make_samples()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder of references of the test's own."""
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "reference"))
    return tmp_path / "reference"
