"""The code that decides a fold: the model with its blocks, the engine, and modules of your own."""

from __future__ import annotations

import pytest

from merlib.code_digest import closure
from merlib.errors import MerlibError
from merlib.learning.store import training_code as module
from merlib.learning.store.training_code import decides, training_code
from merlib.models import register_model


def test_am3f_rests_on_its_blocks_and_not_on_other_models():
    names = set(closure(["merlib.models.am3f_flownet"], decides))
    assert {
        "merlib.models.am3f_flownet",
        "merlib.models.blocks.attention",
        "merlib.models.blocks.inception",
        "merlib.models.blocks.input_check",
    } <= names
    assert not {"merlib.models.registry", "merlib.models.baselines.ststnet"} & names


@pytest.mark.parametrize("part", ["losses", "training.loop", "training.normaliser"])
def test_the_engine_counts(part, monkeypatch):
    before = training_code("am3f_flownet")
    monkeypatch.setattr(module, "ENGINE", tuple(name for name in module.ENGINE if not name.endswith(part)))
    assert training_code("am3f_flownet") != before


def test_what_reads_a_start_counts_for_runs_that_have_one():
    assert training_code("astnet", started=True) != training_code("astnet")


def test_the_fast_step_of_a_network_counts(monkeypatch):
    before = training_code("am3f_flownet")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert training_code("am3f_flownet") != before


def test_two_models_have_two_digests_and_an_unknown_one_none():
    assert training_code("am3f_flownet") != training_code("ststnet")
    with pytest.raises(MerlibError, match="unknown model"):
        training_code("am3f")


def test_modules_beside_a_model_of_your_own_count_and_installed_packages_do_not(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "their_helper.py").write_text("width = 1\n")
    (tmp_path / "their_net.py").write_text("import numpy\nfrom their_helper import width\n\ndef net(classes=3): ...\n")
    register_model("theirs", "their_net", "net")
    before = training_code("theirs")
    assert not decides("numpy")
    assert not decides("json")
    (tmp_path / "their_helper.py").write_text("width = 2  # wider\n")
    assert training_code("theirs") != before
