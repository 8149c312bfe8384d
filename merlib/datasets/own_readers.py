"""Load readers of data sets of your own, named on the command line or in a notebook, or declared by a package.

A reader takes the folder of ``--data NAME=DIR`` and returns `Samples`, or a clip table. It is named as
``module:function`` (``my_sets:read_my_set``), as ``path/my_sets.py:read_my_set``, or, where several sources need one,
as ``NAME=module:function``. A package may declare readers in the entry-point group ``merlib.readers``, by source name.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import pandas as pd

from merlib.clips.samples import Samples
from merlib.errors import MerlibError

GROUP = "merlib.readers"
Reader = Callable[[Path], "Samples | pd.DataFrame"]


def load_reader(spec: str) -> Reader:
    """Return the function that `spec` names.

    Parameters
    ----------
    spec : str
        ``module:function``. The module is searched on Python's path and in the working folder; it may also be the path
        of a Python file.

    Raises
    ------
    MerlibError
        When there is no such module or function, or the module raises an error while it is imported.
    """
    place, _, function = spec.strip().rpartition(":")
    if not place or not function.isidentifier():
        raise MerlibError(f"reader {spec!r}.", "module:function.", "for example --reader my_sets:read_my_set.")
    module = _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    found = getattr(module, function, None)
    if not callable(found):
        names = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise MerlibError(
            f"module {module.__name__} has no function {function}.",
            f"one of its functions: {', '.join(sorted(names)) or 'none'}.",
            "correct what stands behind the colon.",
        )
    return found


def absolute_spec(spec: str) -> str:
    """Return `spec` with the absolute path of its module's file, so that it works from another working folder.

    A module inside a package, or of an installed one, is found from everywhere; its `spec` is returned as it is.
    """
    name, equals, rest = spec.rpartition("=")
    function = load_reader(rest)
    file = getattr(sys.modules.get(function.__module__), "__file__", None)
    inside = any(part in ("site-packages", "dist-packages") for part in Path(file or "").parts)
    if file is None or inside or "." in function.__module__:
        return spec
    return f"{name}{equals}{Path(file).resolve()}:{rest.rpartition(':')[2]}"


def _import_file(path: Path):
    path = path.expanduser().resolve()
    if not path.is_file():
        raise MerlibError(f"no file {str(path)!r}.", "a Python file.", "correct the path.")
    known = sys.modules.get(path.stem)
    if known is not None and Path(getattr(known, "__file__", None) or "").resolve() != path:
        raise MerlibError(
            f"{path.name} has the name of a module that is loaded already.", "a name of its own.", "rename the file."
        )
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # it may import modules beside it, and worker processes import it by name
    return _imported(path.stem)


def _import_module(name: str):
    try:
        return _imported(name)
    except MerlibError:
        file = Path.cwd().joinpath(*name.split("."))
        if not file.with_suffix(".py").is_file() and not file.is_dir():
            raise
        sys.path.append(str(Path.cwd()))
        importlib.invalidate_caches()
        return _imported(name)


def _imported(name: str):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MerlibError(
            f"module {name} cannot be imported ({error}).",
            "a module that Python finds, or a path such as folder/my_sets.py.",
            f"run where {name.split('.')[0]}.py lies, or name the file: --reader folder/{name}.py:function.",
        ) from error
    except Exception as error:
        raise MerlibError(
            f"module {name} fails as it is imported: {type(error).__name__}: {error}.",
            "a module that imports without an error.",
            "mend it; python -c 'import " + name + "' shows where.",
        ) from error


@cache
def entry_point_readers() -> dict[str, str]:
    """Return the readers that installed packages declare, as a dict from source name to ``module:function``."""
    return {point.name: point.value for point in entry_points(group=GROUP)}


def readers_by_name(specs: Iterable[str], unknown: Iterable[str]) -> dict[str, Reader]:
    """Return the reader of each named source.

    Parameters
    ----------
    specs : iterable of str
        ``module:function`` or ``NAME=module:function``.
    unknown : iterable of str
        The sources of ``--data`` that have no reader yet. A spec without ``NAME=`` serves all of them.

    Raises
    ------
    MerlibError
        As `load_reader`; also for two specs without ``NAME=``, and for one when `unknown` is empty.
    """
    unknown, specs = list(unknown), list(specs)
    readers: dict[str, Reader] = {}
    nameless = [spec for spec in specs if "=" not in spec]
    if len(nameless) > 1:
        raise MerlibError(f"{len(nameless)} readers without a source.", "one.", "write NAME=module:function for each.")
    for spec in specs:
        name, equals, rest = spec.rpartition("=")
        reader = load_reader(rest)
        if not equals and not unknown:
            raise MerlibError(f"reader {spec!r} without a source.", "a source of yours.", "add --data my-set=DIR.")
        readers.update(dict.fromkeys([name] if equals else unknown, reader))
    return readers


def checked(name: str, read: object) -> Samples | pd.DataFrame:
    """Return what a reader of one's own returned, after checking that it is `Samples` or a clip table.

    Raises
    ------
    MerlibError
        For anything else.
    """
    from merlib.clips.clip_table import COLUMNS

    if isinstance(read, Samples):
        return read
    if isinstance(read, pd.DataFrame):
        absent = [column for column in COLUMNS if column not in read.columns]
        if not absent and "notes" in read.attrs:
            return read
        raise MerlibError(
            f"{name}: its reader returned a table {f'without {absent[0]}' if absent else 'without attrs'}.",
            "a clip table.",
            "build it with merlib.clips.clip_table(rows, name, edition, synthetic).",
        )
    raise MerlibError(
        f"{name}: its reader returned a {type(read).__name__}.",
        "merlib.clips.Samples, or a clip table made by merlib.clips.clip_table.",
        "return one of the two.",
    )
