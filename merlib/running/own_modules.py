"""Digest of the user's own modules that a notebook imports: when one changes, the notebook is out of date."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from merlib.code_digest import imports_of, modules_digest
from merlib.learning.store.training_code import is_yours

if TYPE_CHECKING:
    from nbformat import NotebookNode


def own_modules_digest(notebook: NotebookNode, folder: Path) -> str:
    """Return a digest of the definitions in your own modules that the cells import, directly or through others.

    It is empty when there are none. Modules are looked for where the kernel finds them: in the notebook's folder, in
    folders that a cell passes to ``sys.path.insert`` or ``sys.path.append``, and on Python's own path.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook.
    folder : Path
        The notebook's folder, in which its kernel works.
    """
    trees = [tree for cell in notebook.cells if cell.cell_type == "code" for tree in _parsed(cell.source)]
    places = [folder, *(folder / place for tree in trees for place in _places_added(tree))]
    with _found_in(places):
        names = {name for tree in trees for one in imports_of(tree, "") for name in (one.module, _joined(*one[:2]))}
        yours = sorted(name for name in names if is_yours(name))
        return modules_digest(yours, is_yours) if yours else ""


def _joined(module: str, name: str) -> str:
    return f"{module}.{name}" if name else module


def _parsed(source: str) -> list[ast.Module]:
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        return [ast.parse("\n".join(lines))]
    except SyntaxError:  # the kernel will report it
        return []


def _places_added(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("sys.path.insert", "sys.path.append"):
            yield from (
                each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


@contextmanager
def _found_in(places: list[Path]) -> Iterator[None]:
    before = list(sys.path)
    sys.path[:0] = [str(place) for place in places]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
