"""The digest of code by which stored results are found: trained folds, preprocessed clips, executed notebooks.

A digest covers *definitions*: the parsed top-level statements of the modules on which a result depends. Comments,
layout and the docstrings of modules, classes and functions do not count, since they change nothing that is computed; a
string below a constant does count. The file in which a definition lies does not count either: a function may move from
one module to another, and every finished result stays valid.

Digests are computed from the modules' files. It is an error when a module was edited after Python imported it, because
the digest would then describe code other than the code that runs.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import NamedTuple

from merlib.code_as_imported import as_imported
from merlib.errors import MerlibError

OWN = "merlib"


class Statement(NamedTuple):
    """One top-level statement: the names it defines and its syntax tree as text."""

    names: tuple[str, ...]
    text: str


class Import(NamedTuple):
    """One imported name: the module and the name there (empty for the module itself), and what it is called here."""

    module: str
    name: str
    here: str


class Parsed(NamedTuple):
    """What a module's file holds."""

    statements: tuple[Statement, ...]
    imports: tuple[Import, ...]


def modules_digest(modules: Iterable[str], follow: Callable[[str], bool] = lambda module: False) -> str:
    """SHA-256 over the definitions of some modules and of what these import.

    Parameters
    ----------
    modules : iterable of str
        Dotted names of modules, such as ``merlib.models.astnet``.
    follow : callable
        Takes the dotted name of a module that is imported, directly or through others, and returns whether it counts
        too. By default only the named modules count.

    Returns
    -------
    str
        64 hexadecimal digits. They depend neither on the names of the modules nor on how definitions are spread over
        them. A name imported from a module that counts stands for the definition it has there.

    Raises
    ------
    MerlibError
        When a module does not exist, or its file was edited after it was imported.
    """
    parsed = {name: read_module(name) for name in closure(modules, follow)}
    defined = {(name, each): s.text for name, one in parsed.items() for s in one.statements for each in s.names}
    lines = [statement.text for one in parsed.values() for statement in one.statements]
    for one in parsed.values():
        for imported in one.imports:
            if imported.module not in parsed:
                own = imported.module.split(".")[0] == OWN  # where it lies must not matter, so its module is not named
                lines.append(f"{OWN if own else imported.module}.{imported.name} as {imported.here}")
            elif imported.name:
                lines.append(f"{imported.here} is {_sha(defined.get((imported.module, imported.name), imported.name))}")
    return _sha("\n".join(sorted(map(_sha, lines))))


def closure(modules: Iterable[str], follow: Callable[[str], bool]) -> tuple[str, ...]:
    """Return `modules` and every module that they import, directly or through others, and that `follow` accepts."""
    named = set(modules)
    found: set[str] = set()
    waiting = sorted(named)
    while waiting:
        name = waiting.pop()
        if name in found or not (name in named or (follow(name) and file_of(name))):
            continue
        found.add(name)
        for imported in read_module(name).imports:
            waiting += [imported.module, f"{imported.module}.{imported.name}"]
    return tuple(sorted(found))


def package_digest(folder: Path, patterns: Iterable[str] = ("*.py",)) -> str:
    """SHA-256 over the definitions of every module below `folder`, and over the bytes of other files that match.

    Parameters
    ----------
    folder : Path
        A package, such as that of ``merlib.motion``.
    patterns : iterable of str
        Names of the files that count. Python files count by their definitions, tables by their bytes.
    """
    texts = []
    for path in {path for pattern in patterns for path in folder.rglob(pattern)}:
        if path.suffix == ".py":
            texts += [statement.text for statement in _parse(path, "").statements]
        else:
            texts.append(hashlib.sha256(path.read_bytes()).hexdigest())
    return _sha("\n".join(sorted(map(_sha, texts))))


def text_digest(source: str) -> str:
    """SHA-256 over the definitions of source text that lies in no module, such as the cells of a notebook."""
    return _sha("\n".join(_sha(each.text) for each in _statements(ast.parse(source))))


def read_module(module: str) -> Parsed:
    """Parse a module's file.

    Raises
    ------
    MerlibError
        When there is no such file, or it differs from what Python has imported under that name.
    """
    path = file_of(module)
    if path is None:
        raise MerlibError(
            f"no source file of {module}: a change of what it defines could not be noticed.",
            "a class or function in a file.",
            "write it into my_models.py beside your notebook, import it from there, and register it again.",
        )
    if module in sys.modules and not as_imported(path, sys.modules[module]):
        raise MerlibError(
            f"{module} was edited after Python imported it, or a value in it was set from outside.",
            "the code that runs to be the code in the file.",
            "restart Python (in a notebook: the kernel) and run again; finished folds are kept.",
        )
    is_package = path.name == "__init__.py"
    return _parse(path, module if is_package else module.rpartition(".")[0])


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def file_of(module: str) -> Path | None:
    """Return the file of a module without importing it; None for a module without a file, or a name that is none."""
    family, *parts = module.split(".")
    try:
        spec = find_spec(family)
    except (ImportError, ValueError):
        return None
    for part in parts:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(f"{spec.name}.{part}", list(spec.submodule_search_locations))
    return Path(spec.origin) if spec is not None and spec.has_location else None


def _parse(path: Path, package: str) -> Parsed:
    stat = path.stat()
    return _parse_version(path, package, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4096)
def _parse_version(path: Path, package: str, changed: int, size: int) -> Parsed:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return Parsed(tuple(_statements(tree)), tuple(imports_of(tree, package)))


def imports_of(tree: ast.AST, package: str) -> Iterator[Import]:
    """Yield what `tree`, a module of `package`, imports at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
            yield from (Import(base, alias.name, alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (Import(alias.name, "", alias.asname or alias.name) for alias in node.names)


def _statements(tree: ast.Module) -> Iterator[Statement]:
    """Yield each definition; statements whose order may matter are joined and yielded as one.

    Imports are not definitions (see `imports_of`); neither is ``__all__``, which only lists names.
    """
    assigned = Counter(name for node in tree.body for name in _targets(node))
    in_order: list[str] = []
    for node in _without_docstrings(tree).body:
        names = _targets(node)
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass) or names == ("__all__",):
            continue
        if names and all(assigned[name] == 1 for name in names):
            yield Statement(names, _text(node))
        else:
            in_order.append(_text(node))
    if in_order:
        yield Statement((), "\n".join(in_order))


def _targets(node: ast.AST) -> tuple[str, ...]:
    """Return the names that a top-level statement defines; none when it does anything else as well."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return (node.name,)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return tuple(target.id for target in targets) if all(isinstance(each, ast.Name) for each in targets) else ()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _text(node: object) -> str:
    """Write a syntax tree without its empty fields, which differ from one Python version to the next.

    An import inside a function counts by the names it binds; `modules_digest` adds what these stand for.
    """
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "import " + ", ".join(sorted(alias.asname or alias.name for alias in node.names))
    if isinstance(node, ast.AST):
        parts = [f"{k}={_text(v)}" for k, v in ast.iter_fields(node) if not (v is None or v == [])]
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    return repr(node)
