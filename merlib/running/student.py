"""Write the student edition: the executed notebooks without the solutions, in a folder of their own.

Solutions are cells of the notebooks with the tag ``solution`` (`merlib.running.rules.open_solutions`), so that both
have one source. The edition keeps exercises, hints, checks and all other outputs, and can be read before anything is
run.
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
    """Remove the solutions from a notebook and make its links lead to pages beside it; it is changed and returned."""
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
    """Write notebooks without solutions, and the pages to which they link, into a folder.

    Parameters
    ----------
    notebooks : mapping of str to Path
        Executed notebooks by name.
    folder : Path
        The folder to write; it is created when missing. Files that have the right content already are no obstacle.
    root : Path
        The repository, whose pages are copied.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    MerlibError
        When a file with other content would be overwritten, because somebody may have written answers into it. Nothing
        is written then.
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
