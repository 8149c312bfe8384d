"""A network of your own: what it may look like, and what is said of one that cannot be trained."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from toy_samples import make_experiment, make_samples

from merlib.errors import MerlibError
from merlib.learning import run
from merlib.models import build_model, register_model

ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)[0]


class Net(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.line = nn.Linear(108, classes)

    def forward(self, inputs):
        return self.line(inputs["flow"].flatten(1))


class NumClasses(Net):
    def __init__(self, num_classes=3):
        super().__init__(num_classes)


class AnyWords(Net):
    def __init__(self, **words):
        super().__init__(words["classes"])


class InATuple(Net):
    def forward(self, inputs):
        return super().forward(inputs), inputs["flow"]


class NoClasses(Net):
    def __init__(self, width=3):
        super().__init__(width)


class InADict(Net):
    def forward(self, inputs):
        return {"logits": super().forward(inputs), "features": inputs["flow"]}


class TakesATensor(Net):
    def forward(self, inputs):
        return self.line(inputs.flatten(1))


class Killed(Net):
    def forward(self, inputs):
        if os.environ.get("ASKED_BY") != str(os.getpid()):
            os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory runs out
        return super().forward(inputs)


def train(net, tmp_path, workers=1):
    register_model(net.__name__, __name__, net.__name__)
    return run(make_experiment(net.__name__), make_samples(), store=tmp_path, workers=workers)


@pytest.mark.parametrize("net", [NumClasses, AnyWords, InATuple])
def test_forms_of_a_network_that_are_trained(net, tmp_path):
    assert train(net, tmp_path)["prediction"].notna().all()


@pytest.mark.parametrize(
    ("net", "found", "do"),
    [
        (NoClasses, r"NoClasses\(width\)", "def __init__"),
        (InADict, "'logits', 'features'", "return the logits"),
        (TakesATensor, "AttributeError", r"inputs\['flow'\]"),
    ],
)
def test_a_network_that_breaks_the_contract_is_told_how_to_keep_it(net, found, do, tmp_path):
    with pytest.raises(MerlibError) as told:
        train(net, tmp_path)
    assert re.search(found, told.value.found)
    assert re.search(do, told.value.action)
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_registered_name_that_its_module_lacks_is_told():
    register_model("gone", __name__, "Gone")
    with pytest.raises(MerlibError, match="has no Gone"):
        build_model("gone")


@pytest.mark.long
def test_a_killed_worker_is_told_with_what_helps(tmp_path, monkeypatch):
    monkeypatch.setenv("ASKED_BY", str(os.getpid()))
    with pytest.raises(MerlibError, match=r"(?s)memory.*workers=1.*finished folds are kept"):
        train(Killed, tmp_path, workers=2)
    assert len(train(Killed, tmp_path, workers=1)), "what it says to do works"


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda:99", "CUDA"])
def test_a_device_that_is_not_here_is_told_before_training(name, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("MERLIB_DEVICE", name)
    with pytest.raises(MerlibError, match=f"MERLIB_DEVICE={name}(.|\n)*MERLIB_DEVICE=cpu"):
        train(Net, tmp_path)


def test_the_name_of_a_device_may_be_written_in_capitals(tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_DEVICE", " CPU")
    assert train(Net, tmp_path).attrs["device"] == "cpu"


SMALL = "datasets.open_samples('megc2019-flow', data={}).take(range(0, 442, 4))"
TWICE = """
models.register_model("my_net", __name__, "MyNet")
again = learning.run(mine, SAMPLES, workers=2)
print("SAME", again.attrs["origin"], again.equals(predictions))
MyNet.forward = lambda self, inputs: nn.Sequential.forward(self, -inputs["flow"])
edited = learning.run(mine, SAMPLES, workers=2)
print("EDITED", edited.attrs["origin"], edited.equals(predictions))
"""


@pytest.mark.long
@pytest.mark.parametrize("pasted", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["pasted", "script"])
def test_the_readme_block_runs_where_people_paste_it(pasted, tmp_path):
    """Standard input is what a notebook's cell is: ``__main__`` without a file. One worker, then two, then edited."""
    block = BLOCK.replace('datasets.open_samples("megc2019-flow", data={})', SMALL)
    assert SMALL in block
    text = block + TWICE.replace("SAMPLES", SMALL)
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-" if pasted else "script.py"],
        input=text if pasted else "",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Interval(value=" in done.stdout
    assert "SAME 0 of 2 folds trained now, the others read from the store True" in done.stdout
    assert "EDITED 2 of 2 folds trained now, the others read from the store False" in done.stdout
