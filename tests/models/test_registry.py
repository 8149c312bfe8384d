"""The registry: every name builds, wrong names and options list the right ones, models of one's own join."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from merlib.errors import MerlibError
from merlib.models import available, build_model, register_model, registry
from merlib.models.registry import model_factory, model_module


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_MODELS", dict(registry._MODELS))


def test_names_are_sorted_and_hold_the_first_networks():
    assert list(available()) == sorted(available())
    assert {"am3f_flownet", "ststnet", "linear"} <= set(available())


@pytest.mark.parametrize("name", available())
def test_every_name_builds_for_any_number_of_classes_and_a_network_names_its_inputs(name):
    with torch.device("meta"):  # shapes without numbers: the large networks build in no time
        model = build_model(name, classes=5)
    if isinstance(model, torch.nn.Module):
        assert getattr(model, "input_names", None) or isinstance(model.input_name, str)
    else:
        assert hasattr(model, "fit")
        assert hasattr(model, "predict_proba")


def test_an_unknown_name_lists_the_valid_ones_and_suggests_the_nearest():
    with pytest.raises(MerlibError, match=r"unknown model 'am3f_flownt'(.|\n)*did you mean 'am3f_flownet'") as caught:
        build_model("am3f_flownt")
    assert all(name in caught.value.expected for name in available())


@pytest.mark.parametrize("name", available())
def test_an_unknown_option_is_refused_before_anything_is_built(name):
    with pytest.raises(MerlibError, match=f"unknown option of {name} 'no_such_option'"):
        build_model(name, no_such_option=1)


def test_a_model_of_ones_own_joins_under_its_name(tmp_path, monkeypatch):
    (tmp_path / "my_net.py").write_text("def net(classes=3, width=2):\n    return ('mine', classes, width)\n")
    monkeypatch.syspath_prepend(tmp_path)
    register_model("mine", "my_net", "net")
    assert "mine" in available()
    assert build_model("mine", classes=4, width=5) == ("mine", 4, 5)
    assert model_factory("mine") == ("my_net", "net")
    assert model_module("mine") == "my_net"
    with pytest.raises(MerlibError, match="width"):
        build_model("mine", depth=1)


def test_listing_models_imports_no_torch():
    code = "import sys; from merlib.models import available; available(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
