"""What a notebook's cell defines counts as it is in memory, with all that it uses, and nothing beside it."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from joblib.externals.loky.backend.reduction import dumps

from merlib.code_in_memory import definition_digest
from merlib.errors import MerlibError

CELL = """
import functools, math
from dataclasses import dataclass

WIDTH = {width}
TABLE = {{"a": [1, 2], "b": ({inner},)}}

@dataclass
class Size:
    height: int = {field}

def half(x, by={default}):
    '''{docstring}'''
    return x / by  # {comment}

def scaled(factor):
    def scale(x): return factor * x
    return scale

SCALE = scaled({enclosed})

class Base:
    kind = "{attribute}"
    @staticmethod
    def shift(x): return x + {static}
    @property
    def depth(self): return {property}

class Net(Base):
    def __init__(self, classes=3):
        super().__init__()
        self.size, self.table = Size(), TABLE
    def forward(self, x):
        names = [each for each in ({listed!r}, "z") if each in {{"p", "q", "r"}}]
        return SCALE(half(self.shift(x))) + WIDTH * len(names) + math.{function}(1.0)

unused = {unused}
"""
SAID = {
    **{"width": 1, "inner": 2, "field": 3, "default": 2, "docstring": "Half.", "comment": "half", "enclosed": 5},
    **{"attribute": "flow", "static": 1, "property": 4, "listed": "p", "function": "sin", "unused": 1},
}


@pytest.fixture
def cell(monkeypatch):
    """Run a cell as a notebook does, in ``__main__``; what it defines goes when the test ends."""
    main = sys.modules["__main__"]
    before = dict(vars(main))

    def run(text: str) -> None:
        exec(compile(text, "<cell>", "exec"), vars(main))

    yield run
    for name in set(vars(main)) - set(before):
        delattr(main, name)


def digest(name="Net"):
    return definition_digest(name, [], lambda module: module.startswith("their_"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("width", 2), ("inner", 3), ("field", 4), ("default", 3), ("enclosed", 6), ("attribute", "frames")),
        *(("static", 2), ("property", 5), ("listed", "q"), ("function", "cos")),
    ],
)
def test_every_definition_that_the_network_uses_counts(cell, name, value):
    cell(CELL.format(**SAID))
    before = digest()
    cell(CELL.format(**SAID))
    assert digest() == before, "the same cell run again"
    cell(CELL.format(**SAID | {name: value}))
    assert digest() != before


@pytest.mark.parametrize(("name", "value"), [("docstring", "Half of x."), ("comment", "a word"), ("unused", 2)])
def test_comments_docstrings_and_what_is_not_used_do_not_count(cell, name, value):
    cell(CELL.format(**SAID))
    before = digest()
    cell("\n\n" + CELL.format(**SAID | {name: value}))
    assert digest() == before


def test_the_definition_is_the_same_after_it_was_sent_to_a_worker(cell):
    import pickle

    cell(CELL.format(**SAID))
    before, main = digest(), sys.modules["__main__"]
    sent = pickle.loads(dumps(main.Net))
    main.Net = sent
    assert digest() == before


def test_a_class_that_extends_the_one_of_its_name_counts_with_both(cell):
    found = set()
    for inner in (1, 2):
        cell(f"class Net:\n    def f(self): return {inner}\n")
        cell("class Net(Net):\n    def g(self): return 3\n")
        found.add(digest())
    assert len(found) == 2


def test_arrays_and_tensors_count_by_their_values(cell):
    cell("class Net:\n    def f(self): return weights, bias\n")
    main, found = sys.modules["__main__"], []
    for value in (1.0, 1.0, 2.0):
        main.weights, main.bias = torch.full((3,), value), np.ones(2)
        found.append(digest())
    assert found[0] == found[1] != found[2]


def test_a_module_of_your_own_that_it_uses_counts_by_its_file(cell, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "their_block.py"
    found = []
    for text in ("def block(): return 1\n", "def block(): return 1  # one\n", "def block(): return 2222\n"):
        monkeypatch.delitem(sys.modules, "their_block", raising=False)
        module.write_text(text)
        cell("import their_block\nfrom their_block import block\nclass Net:\n    def f(self): return block()\n")
        found.append(digest())
    assert found[0] == found[1] != found[2]
    module.write_text("def block(): return 1\n")
    with pytest.raises(MerlibError, match="restart Python"):
        digest()


def test_what_cannot_be_compared_is_named(cell, tmp_path):
    cell("class Net:\n    def f(self): return log\n")
    with (tmp_path / "log").open("w") as file:
        sys.modules["__main__"].log = file
        with pytest.raises(MerlibError, match=r"Net uses a TextIOWrapper(.|\n)*my_models\.py"):
            digest()


def test_a_name_that_no_cell_defines_is_told(cell):
    with pytest.raises(MerlibError, match="run the cell that defines Absent"):
        digest("Absent")
