"""The student edition: the executed notebooks without the solutions, in a folder of their own.

Notebook and solutions have one source, the cells tagged ``solution`` (`merlib.running.rules.open_solutions`). The
edition keeps exercises, hints and checks, and all other outputs, so that it can be read before anything is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.running.plan import read_notebook
from merlib.running.rules import SOLUTION

if TYPE_CHECKING:
    from nbformat import NotebookNode

# A link of a notebook to a page of the repository, such as ](../docs/glossary.md) or ](../README.md#what).
PAGE = re.compile(r"\]\(\.\./([\w./-]+\.md)")


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """Take the solutions out of a notebook and point its links at pages beside it; changed in place and returned."""
    notebook.cells = [cell for cell in notebook.cells if SOLUTION not in cell.metadata.get("tags", [])]
    notebook.metadata.pop("jupytext", None)  # the edition has no text half that a save would write
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = PAGE.sub(r"](\1", cell.source)
    return notebook


def linked_pages(notebooks: Iterable[NotebookNode]) -> set[str]:
    """Return the pages of the repository that notebooks link to, relative to its root."""
    texts = (cell.source for notebook in notebooks for cell in notebook.cells if cell.cell_type == "markdown")
    return {page for text in texts for page in PAGE.findall(text)}


def write_student_edition(notebooks: Mapping[str, Path], folder: Path, root: Path) -> list[Path]:
    """Write notebooks without solutions, and the pages that they link to, into a folder; return what was written.

    Parameters
    ----------
    notebooks : mapping of str to Path
        Executed notebooks by name.
    folder : Path
        Where to; made when missing. A file that is there already is kept when it has the content it should have.
    root : Path
        The repository, whose pages are copied.

    Raises
    ------
    MerlibError
        When a file of the folder would be overwritten: somebody may have answered in it. Nothing is written then.
    """
    import nbformat

    read = {name: read_notebook(path) for name, path in notebooks.items()}
    pages = {page: (root / page).read_bytes() for page in sorted(linked_pages(read.values()))}
    files = {folder / page: content for page, content in pages.items()}
    for name, notebook in read.items():
        text = nbformat.writes(without_solutions(notebook)) + "\n"
        files[folder / f"{name}.ipynb"] = text.encode("utf-8")
    _check_free(files, folder)
    for path, content in files.items():
        with renamed_into(path) as file:
            file.write(content)
    return list(files)


def _check_free(files: Mapping[Path, bytes], folder: Path) -> None:
    taken = [path for path, content in files.items() if path.exists() and path.read_bytes() != content]
    if taken:
        raise MerlibError(
            f"{len(taken)} files of {folder} would be overwritten, such as {taken[0].name}.",
            "a folder in which nobody has answered yet.",
            "name another folder, or move the answered notebooks away first.",
        )
