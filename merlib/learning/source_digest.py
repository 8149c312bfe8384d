"""Digest of the code that decides a fold: parsed, so that a comment does not void a day's work."""

from __future__ import annotations

import ast
import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from merlib.models.registry import model_module

ENGINE = ("training", "fitting", "losses", "augmentation")


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            if isinstance(body[0].value.value, str):
                node.body = body[1:] or [ast.Pass()]
    return tree


def source_tree_digest(source: str) -> str:
    """SHA-256 of a module's syntax tree, without comments, layout and docstrings."""
    return hashlib.sha256(ast.dump(_without_docstrings(ast.parse(source))).encode()).hexdigest()


def _imports(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name for name in names if name.startswith("merlib.models.")}


def _closure(module: str) -> dict[str, str]:
    """Source of `module` and of every module under merlib.models that it reaches, by name."""
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = Path(find_spec(name).origin).read_text(encoding="utf-8")
        waiting.extend(_imports(ast.parse(found[name])))
    return {name: text for name, text in found.items() if name != "merlib.models.registry"}


@lru_cache(maxsize=64)
def source_digest(model: str) -> str:
    """SHA-256 over the parsed source of a model, of what it imports from `models`, and of the engine."""
    sources = _closure(model_module(model))
    for part in ENGINE:
        name = f"merlib.learning.{part}"
        sources[name] = Path(find_spec(name).origin).read_text(encoding="utf-8")
    sha = hashlib.sha256()
    for name in sorted(sources):
        sha.update(f"{name}:{source_tree_digest(sources[name])}\n".encode())
    return sha.hexdigest()
