"""Plan a run: select the notebooks, check their parameters, and compute the digests that say what has changed."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from merlib.code_digest import package_digest
from merlib.errors import MerlibError, unknown_name
from merlib.opening import read_file
from merlib.running.data_files import data_files_digest
from merlib.running.own_modules import own_modules_digest
from merlib.sources.manifests import available_manifests

if TYPE_CHECKING:
    from nbformat import NotebookNode

MOST_BYTES = 2**28  # of a notebook with its outputs
SHOWN = 200  # characters of a line in a message
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# Parameters that have options of their own on the command line, so that -p does not accept them.
RUN_PARAMETERS = ("profile", "data", "store", "readers", "on_bad_clip")


@dataclass(frozen=True)
class NotebookJob:
    """One notebook, ready to be executed.

    Parameters
    ----------
    name : str
        File name without suffix, such as ``04_am3f_flownet``; artefact records contain it.
    path : Path
        The notebook, or its text if no notebook was built yet.
    parameters : dict
        Values to inject, each of the type of the notebook's own default.
    digest : str
        Digest of the code cells, the library, your own modules that the cells import, and the reference predictions.
        It decides whether ``--resume`` may skip the notebook.
    note : str
        What the user should know about its parameters.
    data_files : str
        Digest of the names, sizes and times of its data files, see `merlib.running.data_files`.
    """

    name: str
    path: Path
    parameters: dict[str, Any]
    digest: str
    note: str = ""
    data_files: str = ""


def find_notebooks(folder: Path) -> dict[str, Path]:
    """Return the notebooks of `folder` by name: the ``.ipynb`` if there is one, else the jupytext ``.py``.

    Raises
    ------
    MerlibError
        When `folder` is not a folder, or holds no notebook.
    """
    if not folder.is_dir():
        raise MerlibError(
            f"no folder {folder}.", "a folder of notebooks.", "run inside the checkout, or name one with --from."
        )
    texts = {path.stem: path for path in folder.glob("[!._]*.py")}
    notebooks = {path.stem: path for path in folder.glob("[!._]*.ipynb")}
    if not texts and not notebooks:
        raise MerlibError(
            f"no notebook in {folder}.", "notebooks (.ipynb) or their texts (.py).", "name another folder with --from."
        )
    return dict(sorted((texts | notebooks).items()))


def select_notebooks(available: Mapping[str, Path], wanted: Iterable[str]) -> dict[str, Path]:
    """Return the notebooks called `wanted` in the order of their names.

    A name or its beginning, such as ``04``, means a notebook of the folder. A path means that file, wherever it lies.
    Without any name all notebooks of the folder are returned.

    Raises
    ------
    MerlibError
        For a name that fits no notebook or several, a path at which there is no file, and two files with the same name.
    """
    chosen, by_path = set(), {}
    for asked in wanted:
        path = Path(asked).expanduser()
        if path.suffix in (".ipynb", ".py") and path.is_file():
            if by_path.setdefault(path.stem, path.resolve()) != path.resolve():
                raise MerlibError(
                    f"{by_path[path.stem]} and {path.resolve()}, two files of one name.",
                    "notebooks of different names in one run.",
                    "run them one after the other, each with a --name.",
                )
            continue
        if path.name != asked and not path.is_file() and path.suffix in (".ipynb", ".py"):
            raise MerlibError(f"no file {path.absolute()}.", "a notebook.", "correct the path, or give the name alone.")
        stem = Path(asked).name.removesuffix(".ipynb").removesuffix(".py")
        fitting = [stem] if stem in available else [name for name in available if name.startswith(stem)]
        if not fitting or not stem:
            raise unknown_name("notebook", asked, available)
        if len(fitting) > 1:
            raise MerlibError(
                f"{asked!r} begins the names of {len(fitting)} notebooks.",
                f"one of {', '.join(fitting)}.",
                "write more of the name.",
            )
        chosen.update(fitting)
    if not chosen and not by_path:
        return dict(available)
    return dict(sorted(({name: available[name] for name in chosen} | by_path).items()))


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook, or the jupytext percent text from which it is built.

    Its kernel is replaced by that of the environment in which merlib runs.

    Raises
    ------
    MerlibError
        When the file cannot be opened, is not a notebook, or not in Python.
    """
    import jupytext

    try:
        text = read_file(path, MOST_BYTES).decode("utf-8")
        notebook = jupytext.reads(text, {"extension": path.suffix})
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise MerlibError(f"{path} cannot be read ({why}).", "a Jupyter notebook.", "name another file.") from error
    except Exception as error:
        raise MerlibError(f"{path} is not readable: {error}", "a Jupyter notebook.", "restore the file.") from error
    kernel = notebook.metadata.get("kernelspec", {})
    language = kernel.get("language") or notebook.metadata.get("language_info", {}).get("name") or "python"
    if language.lower() != "python":
        raise MerlibError(f"{path} is written in {language}.", "a notebook in Python.", "leave it out of the run.")
    # The notebook may have been saved with another kernel, on another machine; it runs in merlib's environment.
    notebook.metadata["kernelspec"] = dict(KERNEL)
    return notebook


def typed_parameters(name: str, notebook: NotebookNode, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check `given` against the notebook's ``parameters`` cell and convert text to the defaults' types.

    Parameters
    ----------
    name : str
        The notebook's name, for the message.
    notebook : NotebookNode
        Notebook with one cell tagged ``parameters``.
    given : mapping
        Values by name. A string is read as a Python literal if the default is not a string.

    Raises
    ------
    MerlibError
        For a parameter that the notebook does not declare (papermill would ignore it), or a value of another type.
    """
    declared = declared_parameters(name, notebook)
    values = {}
    for key, value in given.items():
        if key not in declared:
            raise unknown_name(f"parameter of notebook {name}", key, declared)
        values[key] = _typed(f"{name}: {key}", value, declared[key])
    return values


def declared_parameters(name: str, notebook: NotebookNode) -> dict[str, Any]:
    """Return the parameters that a notebook's cell tagged ``parameters`` assigns, with their defaults.

    Raises
    ------
    MerlibError
        When there is no such cell, or one of its values is not a literal.
    """
    cell = next((each for each in notebook.cells if "parameters" in each.metadata.get("tags", ())), None)
    if cell is None:
        raise MerlibError(
            f"notebook {name} has no cell tagged parameters.",
            "a first code cell with that tag, which assigns profile = 'smoke', data = [] and store = ''.",
            'add it: in JupyterLab under Property Inspector, Cell Tags; in a .py text as # %% tags=["parameters"].',
        )
    declared, statement = {}, None
    try:
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                declared |= {ast.unparse(target): ast.literal_eval(statement.value) for target in targets}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # the last two: brackets nested too deep
        line = getattr(error, "lineno", None) or (statement.lineno if statement else 1)
        told = "".join(cell.source.splitlines()[line - 1 : line]).strip()
        told = told if len(told) <= SHOWN else f"{told[:SHOWN]} ..."
        raise MerlibError(
            f"line {line} of the parameters cell of notebook {name}: {told}",
            "assignments of numbers, text, True, False, None and lists or dicts of these.",
            "write the value out; compute with it in the cell below.",
        ) from error
    return declared


def _typed(label: str, value: Any, default: Any) -> Any:
    kind = type(default)
    if isinstance(value, str) and kind is not str:
        with contextlib.suppress(ValueError, SyntaxError):
            value = ast.literal_eval(value.title() if kind is bool else value)
    if kind is float and type(value) is int:
        value = float(value)
    if default is not None and type(value) is not kind:
        raise MerlibError(
            f"{label}={value!r}, a {type(value).__name__}.",
            f"a {kind.__name__} like the default {default!r}.",
            f"write it as {kind.__name__}.",
        )
    return value


def library_digest() -> str:
    """Return the digest of merlib's definitions; a notebook that ran with other definitions is not up to date."""
    return package_digest(Path(__file__).resolve().parents[1])


def notebook_digest(notebook: NotebookNode, read: str) -> str:
    """Return a digest of the code cells in order, and of `read`, the digest of all else on which they depend.

    Prose and outputs do not count.
    """
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps([read, code]).encode()).hexdigest()[:20]


def sources_not_named(notebook: NotebookNode, pairs: Iterable[str]) -> list[str]:
    """Return the sources of your own among ``NAME=DIR`` pairs whose name stands in no code below the parameters cell.

    The sources that merlib knows are left out: what reads them may stand in the library.
    """
    known = {name.replace("_", "-") for name in available_manifests()}
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    code = "\n".join(cell.source for cell in cells if "parameters" not in cell.metadata.get("tags", ()))
    names = (str(pair).partition("=")[0].strip().replace("_", "-") for pair in pairs)
    return [name for name in names if name not in known and name not in code.replace("_", "-")]


def plan_jobs(
    notebooks: Mapping[str, Path], parameters: Mapping[str, Any], extra: Mapping[str, Any]
) -> list[NotebookJob]:
    """Read all notebooks and check all their parameters, before the first notebook is executed.

    Parameters
    ----------
    notebooks : mapping of str to Path
        Notebooks by name.
    parameters : mapping
        Parameters from the command line's own options, see `RUN_PARAMETERS`.
    extra : mapping
        Further parameters, as given with ``-p``.

    Returns
    -------
    list of NotebookJob
        In the order of `notebooks`.

    Raises
    ------
    MerlibError
        As `read_notebook` and `typed_parameters`, and when `extra` names one of `RUN_PARAMETERS`.
    """
    for key in RUN_PARAMETERS:
        if key in extra:
            option = {"readers": "reader"}.get(key, key).replace("_", "-")
            raise MerlibError(f"-p {key}=... .", f"the option --{option}.", f"use --{option} instead of -p.")
    from merlib.learning.store.references import (
        references_digest,  # pandas takes a second, and typing errors come first
    )

    read = library_digest() + references_digest()
    jobs, digests = [], {}
    for name, path in notebooks.items():
        notebook = read_notebook(path)
        own = declared_parameters(name, notebook)
        values = typed_parameters(name, notebook, {**parameters, **extra})
        note = ""
        if not values.get("data") and own.get("data"):  # without --data the notebook's own folders count
            values["data"], note = own["data"], f"data {', '.join(own['data'])}, from its parameters cell"
        modules = own_modules_digest(notebook, path.parent)
        digest = notebook_digest(notebook, read + modules)
        pairs = tuple(values.get("data") or ())
        if not modules and (unread := sources_not_named(notebook, pairs)):  # a module of yours may name them
            note = "; ".join(filter(None, (note, f"it names no {' or '.join(unread)}, and reads none")))
        if pairs not in digests:  # most notebooks of a run read the same folders
            digests[pairs] = data_files_digest(pairs)
        jobs.append(NotebookJob(name, path, values, digest, note, digests[pairs]))
    return jobs
