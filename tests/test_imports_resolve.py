"""Every name that a module of the package imports from another one exists, also where the import stands in a function.

A verb imports what it needs when it is called, so a module that moved would otherwise be noticed by its first user.
"""

import ast
import importlib
from importlib.util import find_spec

import pytest

from merlib.places import repository_root

ROOT = repository_root()
FILES = sorted((ROOT / "merlib").rglob("*.py"))


def unresolved(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "merlib":
            module = importlib.import_module(node.module)
            package = hasattr(module, "__path__")
            names = [each.name for each in node.names if not hasattr(module, each.name)]
            full = [f"{node.module}.{name}" for name in names]
            found += [name for name in full if not (package and find_spec(name))]
    return found


@pytest.mark.long
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_imported_name_exists(path):
    assert unresolved(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_a_name_that_moved_is_noticed_inside_a_function():
    tree = ast.parse("def verb():\n    from merlib.places import no_such_name\n")
    assert unresolved(tree) == ["merlib.places.no_such_name"]
