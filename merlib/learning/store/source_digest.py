"""Digest of the code that decides a fold: parsed, so that a comment does not void a day's work."""

from __future__ import annotations

import ast
import hashlib
import sys
from functools import lru_cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from merlib.errors import MerlibError
from merlib.models.registry import model_module

ENGINE = (
    "training.loop",
    "training.shared_step_adam",
    "training.estimators",
    "losses",
    "training.augmentation",
    "training.warping",
)
OWN_MODELS = "merlib.models"
STARTED = ("store.starts",)  # what only a run with a start executes
TRAINING = "merlib.learning.training.loop"
FAST_STEPS = "merlib.learning.fast"
SCRIPT = "__main__"


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _text(node: object) -> str:
    """Write a syntax tree without its empty fields, which differ from one Python version to the next."""
    if isinstance(node, ast.AST):
        parts = [f"{k}={_text(v)}" for k, v in ast.iter_fields(node) if not (v is None or v == [])]
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    return repr(node)


def source_tree_digest(source: str, started: bool = True) -> str:
    """SHA-256 of a module's syntax tree, without comments, layout and docstrings.

    Unless `started`, also without what only a run with a start executes.
    """
    tree = ast.parse(source) if started else _without_starts(ast.parse(source))
    return hashlib.sha256(_text(_without_docstrings(tree)).encode()).hexdigest()


def _without_starts(tree: ast.AST) -> ast.AST:
    """Drop branches ``if experiment.start:`` and keyword parameters called ``start``: folds without one run neither."""
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = [each for each in node.body if not _asks_for_start(each)]
        if isinstance(node, ast.arguments):
            pairs = list(zip(node.kwonlyargs, node.kw_defaults, strict=True))
            node.kwonlyargs = [argument for argument, _ in pairs if argument.arg != "start"]
            node.kw_defaults = [default for argument, default in pairs if argument.arg != "start"]
    return tree


def _asks_for_start(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and not node.orelse and ast.unparse(node.test) == "experiment.start"


def _source(module: str) -> tuple[str, str] | None:
    """Source of `module` and the package it lies in; None when there is no such module or it has no file."""
    if module == SCRIPT:  # a script run by its name has a file and no spec
        file = getattr(sys.modules[SCRIPT], "__file__", None)
        return (Path(file).read_text(encoding="utf-8"), "") if file and Path(file).is_file() else None
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    if spec is None or not spec.has_location:
        return None
    package = spec.name if spec.submodule_search_locations is not None else spec.parent
    return Path(spec.origin).read_text(encoding="utf-8"), package


def _imports(tree: ast.AST, package: str) -> set[str]:
    """Names that `tree`, a module of `package`, imports and that may be modules."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def _closure(module: str) -> dict[str, str]:
    """Source of `module` and of every module of its package that it reaches, by name."""
    family = OWN_MODELS if module.startswith(f"{OWN_MODELS}.") else module.split(".")[0]
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        kin = name == family or name.startswith((f"{family}.", f"{OWN_MODELS}."))
        if name in found or not kin or name == f"{OWN_MODELS}.registry":
            continue
        source = _source(name)
        if source is not None:
            found[name] = source[0]
            waiting.extend(_imports(ast.parse(source[0]), source[1]))
    return found


def source_digest(model: str, started: bool = False) -> str:
    """SHA-256 over the parsed source of a model, of what it imports from its package, and of the engine.

    The engine's lines for runs with a start count only for those (`started`).

    The package is `merlib.models`, or that of a model of your own (which may use blocks of `merlib.models` too).
    A script that Python was started with counts as a module without a package.
    The files are read once a process: a model edited since needs a fresh Python, as its import does.
    """
    return _digest_of(model_module(model), started)


@lru_cache(maxsize=64)
def _digest_of(module: str, started: bool) -> str:
    sources, step = _closure(module), _closure(f"{FAST_STEPS}.{module.rpartition('.')[2]}")
    if module not in sources:
        raise MerlibError(
            f"a model defined in {module}, which has no source file: a change of it could not be noticed.",
            "a class or function in a file.",
            "write it into my_models.py beside your notebook, import it from there, and register it again.",
        )
    if step:
        sources |= step | {FAST_STEPS: _source(FAST_STEPS)[0]}
    for part in (*ENGINE, *STARTED) if started else ENGINE:
        name = f"merlib.learning.{part}"
        sources[name] = _source(name)[0]
    sha = hashlib.sha256()
    for name in sorted(sources):
        sha.update(f"{name}:{source_tree_digest(sources[name], started or name != TRAINING)}\n".encode())
    return sha.hexdigest()
