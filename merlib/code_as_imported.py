"""Check whether a module in memory still is what its file defines: functions, their defaults, and plain values."""

from __future__ import annotations

import ast
import inspect
import types
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import NamedTuple

PLAIN = (type(None), bool, int, float, complex, str, bytes, tuple)


class Written(NamedTuple):
    """What a file defines, by qualified name: bytecodes and defaults of each function, and each plain value.

    A name has several bytecodes where the file defines it more than once.
    """

    codes: dict[str, set[tuple]]
    defaults: dict[str, dict[str, str]]
    values: dict[str, str]


def as_imported(path: Path, module: types.ModuleType) -> bool:
    """Return whether what `module` holds in memory is what its file at `path` defines now.

    Functions and methods are compared together with their defaults. Values are compared if they are numbers, text or
    tuples of these, so that a constant edited after the import is noticed like an edited function. A module that
    another loader made (pytest rewrites assertions) cannot be compared and passes.
    """
    if type(getattr(module.__spec__, "loader", None)) is not SourceFileLoader:
        return True
    stat = path.stat()
    written = _written(path, stat.st_mtime_ns, stat.st_size)
    for name, value in _held(module):
        if isinstance(value, types.FunctionType):
            if value.__code__.co_filename != module.__file__:
                continue
            codes = written.codes.get(value.__code__.co_qualname)
            if codes is not None and bytecode(value.__code__) not in codes:
                return False
            held, said = _defaults_of(value), written.defaults.get(value.__code__.co_qualname, {})
            if any(held.get(parameter, default) != default for parameter, default in said.items()):
                return False
        elif type(value) in PLAIN and written.values.get(name, repr(value)) != repr(value):
            return False
    return True


def bytecode(code: types.CodeType) -> tuple:
    """Return what a function computes, without its line numbers and its docstring (the first constant)."""
    constants = [bytecode(each) if isinstance(each, types.CodeType) else _constant(each) for each in code.co_consts]
    if code.co_consts and isinstance(code.co_consts[0], str | None) and not code.co_name.startswith("<"):
        constants[0] = ""  # comprehensions and lambdas have no docstring
    return code.co_code, tuple(constants), code.co_names, code.co_varnames


def _constant(value: object) -> str:
    """Write a constant of the bytecode as text; the members of a set sorted, since their order differs by process."""
    return f"frozenset{sorted(map(repr, value))}" if isinstance(value, frozenset) else repr(value)


def _held(module: types.ModuleType) -> Iterator[tuple[str, object]]:
    """Yield the qualified name and value of all that `module` and its classes hold, with decorators unwrapped."""
    waiting = [("", vars(module))]
    while waiting:
        prefix, holder = waiting.pop()
        for name, value in list(holder.items()):
            if isinstance(value, type) and value.__module__ == module.__name__ and value.__qualname__ == prefix + name:
                waiting.append((f"{prefix}{name}.", vars(value)))
                continue
            if isinstance(value, property):
                yield from ((prefix + name, each) for each in (value.fget, value.fset, value.fdel) if each)
                continue
            value = value.__func__ if isinstance(value, staticmethod | classmethod) else value
            yield prefix + name, inspect.unwrap(value) if callable(value) else value


def _defaults_of(function: types.FunctionType) -> dict[str, str]:
    named = function.__code__.co_varnames[: function.__code__.co_argcount]
    defaults = function.__defaults__ or ()
    values = dict(zip(named[len(named) - len(defaults) :], defaults, strict=True)) | (function.__kwdefaults__ or {})
    return {name: repr(value) for name, value in values.items() if type(value) in PLAIN}


@lru_cache(maxsize=4096)
def _written(path: Path, changed: int, size: int) -> Written:
    source = path.read_text(encoding="utf-8")
    written = Written(defaultdict(set), {}, {})
    for each in _codes(compile(source, str(path), "exec", dont_inherit=True)):
        written.codes[each.co_qualname].add(bytecode(each))
    tree = ast.parse(source)
    changing = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    _read_body(tree.body, "", written, changing)
    return written


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


def _read_body(body: list[ast.stmt], prefix: str, written: Written, changing: set[str]) -> None:
    """Enter the plain values and defaults of a module's or class's body; names bound more than once are left out."""
    names = [name for node in body for name in _bound(node)]
    nested = [each for node in body if not isinstance(node, ast.ClassDef) for each in ast.walk(node)]
    names += [each.id for each in nested if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    times = Counter(names)
    for node in body:
        if isinstance(node, ast.ClassDef):
            _read_body(node.body, f"{prefix}{node.name}.", written, set())
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and times[node.name] == 1:
            written.defaults[prefix + node.name] = _defaults_written(node.args)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and times[target.id] == 1 and target.id not in changing:
                    written.values.update(_plain(prefix + target.id, node.value))


def _bound(node: ast.stmt) -> list[str]:
    return [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []


def _defaults_written(arguments: ast.arguments) -> dict[str, str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True))
    pairs += [pair for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if pair[1] is not None]
    found: dict[str, str] = {}
    for argument, default in pairs:
        found |= _plain(argument.arg, default)
    return found


def _plain(name: str, node: ast.expr) -> dict[str, str]:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return {}
    return {name: repr(value)} if type(value) in PLAIN else {}
