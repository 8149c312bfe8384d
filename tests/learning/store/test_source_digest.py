"""The digest of the code: blind to comments, docstrings and layout, alert to everything that computes."""

from __future__ import annotations

import sys

import pytest

from merlib.errors import MerlibError
from merlib.learning.store import source_digest as module
from merlib.learning.store.source_digest import source_digest, source_tree_digest
from merlib.models import register_model

SOURCE = '''
"""What it does."""
def area(width, height):
    """Return the area."""
    # width times height
    return width * height
'''


@pytest.fixture(autouse=True)
def fresh():
    module._digest_of.cache_clear()
    yield
    module._digest_of.cache_clear()


def test_comments_docstrings_and_layout_do_not_count():
    bare = "def area(\n    width,\n    height,\n):\n    return (width * height)\n"
    assert source_tree_digest(SOURCE) == source_tree_digest(bare)


@pytest.mark.parametrize(
    ("old", "new"),
    [("width * height", "width + height"), ("width, height", "width, height=2"), ("area(", "surface(")],
)
def test_an_operator_a_default_or_a_name_counts(old, new):
    assert source_tree_digest(SOURCE) != source_tree_digest(SOURCE.replace(old, new))


def test_a_string_that_is_not_a_docstring_counts():
    assert source_tree_digest("x = 'sum'") != source_tree_digest("x = 'mean'")


def test_none_and_zero_and_an_empty_list_are_told_apart():
    assert len({source_tree_digest(f"x = {value}") for value in ("None", "0", "[]", "()", "''", "False")}) == 6


def test_fields_that_only_newer_pythons_have_do_not_count():
    # 3.12 adds type_params=[] to every function: an empty field must leave no trace
    assert "[]" not in module._text(module.ast.parse("def f():\n    return 1\n"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A model of one's own in a package with a block; files are written before the first import."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "net.py").write_text("from mine.block import width\nfrom . import depth\n\ndef net(classes=3): ...\n")
    (folder / "block.py").write_text("width = 1\n")
    (folder / "depth.py").write_text("depth = 1\n")
    (folder / "unused.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    register_model("mine", "mine.net", "net")
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "mine"]:
        del sys.modules[name]


def digest_after(package, name, text) -> str:
    (package / name).write_text(text)
    module._digest_of.cache_clear()
    return source_digest("mine")


def test_blocks_that_a_model_imports_count_and_others_do_not(package):
    before = source_digest("mine")
    assert digest_after(package, "unused.py", "x = 2\n") == before
    assert digest_after(package, "block.py", "width = 1  # a comment\n") == before
    wide = digest_after(package, "block.py", "width = 2\n")
    deep = digest_after(package, "depth.py", "depth = 2\n")
    assert len({before, wide, deep}) == 3


def test_am3f_rests_on_its_blocks_and_not_on_other_models():
    names = set(module._closure("merlib.models.am3f_flownet"))
    assert {
        "merlib.models.am3f_flownet",
        "merlib.models.blocks.attention",
        "merlib.models.blocks.inception",
        "merlib.models.blocks.input_check",
    } <= names
    assert not {"merlib.models.registry", "merlib.models.baselines.ststnet"} & names


def test_the_engine_counts(monkeypatch):
    before = source_digest("am3f_flownet")
    read = module._source
    changed = {"merlib.learning.losses": "x = 1"}
    monkeypatch.setattr(module, "_source", lambda name: (changed[name], "") if name in changed else read(name))
    module._digest_of.cache_clear()
    assert source_digest("am3f_flownet") != before


def test_two_models_have_two_digests_and_an_unknown_one_none():
    assert source_digest("am3f_flownet") != source_digest("ststnet")
    with pytest.raises(MerlibError, match="unknown model"):
        source_digest("am3f")


def test_a_model_of_a_script_counts_and_one_typed_by_hand_is_refused(monkeypatch, tmp_path):
    script = tmp_path / "script.py"
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    register_model("mine", "__main__", "net")
    digests = set()
    for width in (1, 1, 2):
        script.write_text(f"width = {width}\n")
        module._digest_of.cache_clear()
        digests.add(source_digest("mine"))
    assert len(digests) == 2
    monkeypatch.delattr(sys.modules["__main__"], "__file__")
    module._digest_of.cache_clear()
    with pytest.raises(MerlibError, match=r"my_models\.py"):
        source_digest("mine")
