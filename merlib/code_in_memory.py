"""Digest of a class or function that exists only in memory: typed into a notebook's cell, or defined by a script.

Such a definition has no module of its own, so the digest covers what Python holds of it: the bytecode of its functions,
their defaults and enclosed values, its attributes and bases, and the same again for each global name that it uses.
Comments, docstrings and the cells around it do not count. Modules of your own that it uses count by their files.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import joblib

from merlib.code_as_imported import bytecode
from merlib.code_digest import file_of, modules_digest
from merlib.errors import MerlibError

SCRIPT = "__main__"
NOT_WRITTEN = (  # what Python itself puts into a class
    *("__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__slotnames__", "__firstlineno__"),
    *("__static_attributes__", "__abstractmethods__", "_abc_impl", "__dataclass_fields__", "__dataclass_params__"),
)
_PLAIN = (type(None), bool, int, float, complex, str, bytes)


def definition_digest(name: str, modules: Iterable[str], follow: Callable[[str], bool]) -> str:
    """SHA-256 over the definition called `name` in ``__main__``, all that it uses, and the definitions of `modules`.

    Parameters
    ----------
    name : str
        The class or function, such as ``MyNet``.
    modules : iterable of str
        Dotted names of modules that count in any case, by their files.
    follow : callable
        Takes the dotted name of a module that is used and returns whether it counts by its file too.

    Returns
    -------
    str
        64 hexadecimal digits. They are the same in a worker process that received the definition, and after a restart.

    Raises
    ------
    MerlibError
        When there is no such name, or it uses a value whose content cannot be compared.
    """
    main = sys.modules[SCRIPT]
    if not hasattr(main, name):
        raise MerlibError(
            f"nothing called {name} in the notebook or script that runs.",
            "the name of a class or function that is defined there.",
            f"run the cell that defines {name}, then register it.",
        )
    walk = _Walk(name, follow)
    text = walk.text(getattr(main, name))
    own = modules_digest({*modules, *walk.modules}, follow)
    return hashlib.sha256("\n".join([own, text, *walk.told()]).encode()).hexdigest()


class _Walk:
    """One walk over definitions that use each other; each is described once, however often it is referred to."""

    def __init__(self, name: str, follow: Callable[[str], bool]):
        self.name, self.follow = name, follow
        self.modules: set[str] = set()
        self._names: dict[int, str] = {}
        self._told: dict[str, str] = {}

    def told(self) -> Iterator[str]:
        """Yield the description of each definition found, sorted by name."""
        yield from (f"{name}: {text}" for name, text in sorted(self._told.items()))

    def text(self, value: object) -> str:
        """Return a text that describes `value`; a definition of ``__main__`` is named here and described in `told`."""
        if isinstance(value, types.ModuleType):
            return self._elsewhere(value.__name__, "")
        if isinstance(value, types.FunctionType | type):
            if value.__module__ != SCRIPT:
                return self._elsewhere(value.__module__, value.__qualname__)
            return f"<{self._definition(value)}>"
        if isinstance(value, _PLAIN):
            return repr(value)
        if isinstance(value, list | tuple):
            return f"{type(value).__name__}[{', '.join(map(self.text, value))}]"
        if isinstance(value, set | frozenset):
            return f"{type(value).__name__}[{', '.join(sorted(map(self.text, value)))}]"
        if isinstance(value, dict | types.MappingProxyType):
            return f"dict[{', '.join(f'{self.text(key)}: {self.text(each)}' for key, each in value.items())}]"
        if isinstance(value, staticmethod | classmethod):
            return f"{type(value).__name__}({self.text(value.__func__)})"
        if isinstance(value, property):
            return f"property({', '.join(map(self.text, (value.fget, value.fset, value.fdel)))})"
        if isinstance(value, functools.partial):
            return f"partial({self.text(value.func)}, {self.text(value.args)}, {self.text(value.keywords)})"
        if isinstance(value, types.BuiltinFunctionType | types.MemberDescriptorType | types.GetSetDescriptorType):
            return f"{type(value).__name__} {getattr(value, '__module__', '')}.{value.__qualname__}"
        return self._instance(value)

    def _definition(self, value: types.FunctionType | type) -> str:
        if id(value) not in self._names:
            name = value.__qualname__
            while name in self._told:  # a cell that was run again may have derived a class from its earlier version
                name += "'"
            self._names[id(value)], self._told[name] = name, ""  # a definition may use itself
            self._told[name] = self._class(value) if isinstance(value, type) else self._function(value)
        return self._names[id(value)]

    def _elsewhere(self, module: str | None, name: str) -> str:
        if module and self.follow(module) and file_of(module):
            self.modules.add(module)
        return f"{module}.{name}"

    def _instance(self, value: object) -> str:
        kind = self.text(type(value))
        try:
            if hasattr(value, "detach") and hasattr(value, "numpy"):  # a tensor's pickle differs from copy to copy
                value = value.detach().cpu().numpy()
            return f"{kind} {joblib.hash(value)}"
        except Exception as error:
            raise MerlibError(
                f"{self.name} uses a {type(value).__name__} that cannot be compared from run to run "
                f"({type(error).__name__}).",
                "classes, functions, modules, numbers, text, arrays, and lists or dicts of these.",
                f"make it inside {self.name}, or write both into my_models.py and import them from there.",
            ) from error

    def _class(self, value: type) -> str:
        parts = [f"bases {', '.join(map(self.text, value.__bases__))}"]
        for key, each in sorted(vars(value).items()):
            if key not in NOT_WRITTEN:
                parts.append(f"{key} = {self.text(each)}")
        return "\n".join(parts)

    def _function(self, value: types.FunctionType) -> str:
        inner = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        parts = [repr(bytecode(value.__code__)), self.text(value.__defaults__), self.text(value.__kwdefaults__)]
        parts += [self.text(each) for each in inner]
        for name in sorted(set(_globals_of(value.__code__))):
            if name in value.__globals__:
                parts.append(f"{name} is {self.text(value.__globals__[name])}")
        for module in sorted(set(_imports_of(value.__code__))):
            parts.append(f"imports {self._elsewhere(module, '')}")
        for key, each in sorted(vars(value).items()):
            parts.append(f".{key} = {self.text(each)}")
        return "\n".join(parts)


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty cell raises
    except ValueError:
        return False
    return True


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _codes(inner)


def _globals_of(code: types.CodeType) -> Iterator[str]:
    steps = chain.from_iterable(dis.get_instructions(each) for each in _codes(code))
    return (step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))


def _imports_of(code: types.CodeType) -> Iterator[str]:
    for each in _codes(code):
        module = None
        for step in dis.get_instructions(each):
            if step.opname == "IMPORT_NAME":
                module = step.argval
                yield module
            elif step.opname == "IMPORT_FROM" and module:
                yield f"{module}.{step.argval}"
