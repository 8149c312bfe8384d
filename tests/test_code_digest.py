"""The digest of code: blind to comments, docstrings, layout and files, alert to everything that computes."""

from __future__ import annotations

import importlib
import sys

import pytest

from merlib.code_digest import modules_digest, package_digest, text_digest
from merlib.errors import MerlibError

SOURCE = '''
"""What it does."""
def area(width, height):
    """Return the area."""
    # width times height
    return width * height
'''


def test_comments_docstrings_and_layout_do_not_count():
    bare = "def area(\n    width,\n    height,\n):\n    return (width * height)\n"
    assert text_digest(SOURCE) == text_digest(bare)


@pytest.mark.parametrize(
    ("old", "new"),
    [("width * height", "width + height"), ("width, height", "width, height=2"), ("area(", "surface(")],
)
def test_an_operator_a_default_or_a_name_counts(old, new):
    assert text_digest(SOURCE) != text_digest(SOURCE.replace(old, new))


def test_a_string_that_is_not_a_docstring_counts():
    assert text_digest("x = 'sum'") != text_digest("x = 'mean'")


def test_none_and_zero_and_an_empty_list_are_told_apart():
    assert len({text_digest(f"x = {value}") for value in ("None", "0", "[]", "()", "''", "False")}) == 6


def test_the_order_of_two_values_of_one_name_counts():
    assert text_digest("x = 1\nx = 2\n") != text_digest("x = 2\nx = 1\n")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write modules of a package called mine and forget what was imported of it."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine").mkdir()

    def forget():
        for name in [name for name in sys.modules if name.split(".")[0] == "mine"]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def write(**modules):
        forget()
        for name, text in {"__init__": "", **modules}.items():
            (tmp_path / "mine" / f"{name}.py").write_text(text)

    yield write
    forget()


def digest() -> str:
    return modules_digest(["mine.net"], lambda module: module.split(".")[0] == "mine")


NET = "from mine.block import width\nfrom . import depth\n\ndef net(): return width\n"


def test_what_a_module_imports_counts_and_what_it_does_not_import_does_not(write):
    found = []
    for block, depth, unused in (("1", "1", "1"), ("1  # one", "1", "2"), ("2", "1", "1"), ("1", "2", "1")):
        write(net=NET, block=f"width = {block}\n", depth=f"depth = {depth}\n", unused=f"x = {unused}\n")
        found.append(digest())
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_a_definition_may_move_to_another_module(write):
    write(net=NET, block="width = 1\n", depth="depth = 1\n")
    before = digest()
    write(net=NET.replace("mine.block", "mine.other"), other="width = 1\n", depth="depth = 1\n")
    assert digest() == before


def test_a_name_taken_from_another_module_counts_where_both_modules_do(write):
    net = "from mine import a, b\nfrom mine.{} import width\n"
    write(net=net.format("a"), a="width = 1\n", b="width = 2\n")
    before = digest()
    write(net=net.format("b"), a="width = 1\n", b="width = 2\n")
    assert digest() != before


def test_a_function_of_another_package_counts_by_its_module(write):
    write(net="from math import sin as f\n")
    before = digest()
    write(net="from math import cos as f\n")
    assert digest() != before


@pytest.mark.parametrize(
    "text", ["class Net:\n    def forward(self, x):\n        return x + {}\n", "def net(x): return x + {}\n"]
)
def test_a_module_edited_after_its_import_is_an_error_and_a_comment_is_none(write, tmp_path, text):
    write(net=text.format(1))
    importlib.import_module("mine.net")
    before = digest()
    (tmp_path / "mine" / "net.py").write_text("# a comment\n\n" + text.format(1))
    assert digest() == before
    (tmp_path / "mine" / "net.py").write_text(text.format(2))
    with pytest.raises(MerlibError, match="restart Python"):
        digest()


def test_a_reloaded_module_counts_as_it_is_now(write, tmp_path):
    write(net="def net(x): return x + 1\n")
    module = importlib.import_module("mine.net")
    before = digest()
    (tmp_path / "mine" / "net.py").write_text("def net(x): return x + 2222\n")
    importlib.reload(module)
    assert digest() != before


def test_a_digest_imports_nothing(write):
    write(net=NET, block="raise SystemExit\n", depth="depth = 1\n")
    assert digest()
    assert not [name for name in sys.modules if name.split(".")[0] == "mine"]


def test_a_missing_module_is_a_clear_error():
    with pytest.raises(MerlibError, match="no source file of mine_is_absent"):
        modules_digest(["mine_is_absent"])


def test_a_package_counts_by_definitions_and_its_tables_by_bytes(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "t.csv").write_text("1\n")
    before = package_digest(tmp_path, ("*.py", "*.csv"))
    (tmp_path / "a.py").write_text("x = 1  # one\n")
    assert package_digest(tmp_path, ("*.py", "*.csv")) == before
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert package_digest(tmp_path, ("*.py", "*.csv")) == before
    (tmp_path / "t.csv").write_text("2\n")
    assert package_digest(tmp_path, ("*.py", "*.csv")) != before


EDITS = """
from functools import lru_cache, wraps
import abc

WIDTH = {width}
COUNT = 0
CACHE = {{}}

def told(function):
    @wraps(function)
    def inner(*args): return function(*args)
    return inner

def net(x, scale={default}, *, by={keyword}):
    global COUNT
    COUNT += 1
    CACHE[x] = COUNT
    return x

@told
def decorated(x): return {decorated}

class Net:
    depth = {attribute}
    class Inner:
        size = {nested}
    @property
    def wide(self): return {property}
    @staticmethod
    def shift(x): return {static}
    def forward(self, x, by={method}): return [each for each in ("{listed}",)]
"""
SAID = {
    **{"width": 1, "default": 2, "keyword": 3, "decorated": 4, "attribute": 5, "nested": 6, "property": 7},
    **{"static": 8, "method": 9, "listed": "a"},
}


@pytest.mark.parametrize("name", SAID)
def test_whatever_was_edited_after_the_import_is_an_error(name, write, tmp_path):
    """Else the old network would be trained, and kept under the new one's key."""
    write(net=EDITS.format(**SAID))
    module = importlib.import_module("mine.net")
    module.net(1)  # what a module counts and keeps for itself is no edit
    before = digest()
    value = "b" if name == "listed" else 77
    (tmp_path / "mine" / "net.py").write_text(EDITS.format(**SAID | {name: value}))
    with pytest.raises(MerlibError, match="restart Python"):
        digest()
    (tmp_path / "mine" / "net.py").write_text("# a comment\n" + EDITS.format(**SAID))
    assert digest() == before


def test_a_value_set_from_outside_is_an_error(write):
    write(net=EDITS.format(**SAID))
    module = importlib.import_module("mine.net")
    module.WIDTH = 2
    with pytest.raises(MerlibError, match="set from outside"):
        digest()


def test_what_python_makes_of_a_value_is_no_edit(write):
    write(
        net="import enum\nfrom dataclasses import dataclass\nfrom typing import NamedTuple\n"
        "@dataclass(slots=True)\nclass A:\n    a: int = 1\n"
        "class B(NamedTuple):\n    b: int = 1\nclass C(enum.Enum):\n    c = 1\n"
        "try:\n    D = 1\nexcept ValueError:\n    D = 2\nif D:\n    def f(x=1): ...\nelse:\n    def f(x=2): ...\n"
    )
    importlib.import_module("mine.net")
    assert digest()
