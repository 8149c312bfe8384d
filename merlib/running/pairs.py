"""Build each notebook from its text: execute ``NN_topic.py`` (smoke profile, twin) into ``NN_topic.ipynb``.

People review the text; they read the notebook, and nbval checks it. Whatever differs from build to build by itself is
removed, so that two builds differ only where the notebook says something else. `make notebooks` and `merlib maintain
notebooks` call `build_pairs`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.running.plan import NotebookJob, read_notebook, select_notebooks

if TYPE_CHECKING:
    from nbformat import NotebookNode

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# Kernel and versions are kept out of the text, so that saving in JupyterLab does not change what people review.
FILTER = "-kernelspec,-jupytext.text_representation.format_version,-jupytext.text_representation.jupytext_version"
JUPYTEXT = {"formats": "ipynb,py:percent", "main_language": "python", "notebook_metadata_filter": FILTER}


def clean(notebook: NotebookNode, root: Path) -> NotebookNode:
    """Remove what differs from build to build: times, machine paths, random cell ids, the interpreter's patch level.

    Parameters
    ----------
    notebook : NotebookNode
        Executed notebook; it is changed in place and returned.
    root : Path
        Folder whose absolute path is removed from text outputs.
    """
    notebook.metadata = {"kernelspec": dict(KERNEL), "jupytext": dict(JUPYTEXT), "language_info": {"name": "python"}}
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        for key in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        for output in cell.get("outputs", []):
            _cut_paths(output, f"{root}{os.sep}")
            output.get("metadata", {}).pop("papermill", None)
    return notebook


def _cut_paths(output: NotebookNode, prefix: str) -> None:
    if output.output_type == "stream":
        output.text = output.text.replace(prefix, "")
    for kind, content in output.get("data", {}).items():
        if kind.startswith("text/") and isinstance(content, str):
            output.data[kind] = content.replace(prefix, "")


def build_pair(text: Path, results: Path, root: Path) -> list[str]:
    """Execute `text` and write the notebook beside it, whole or not at all.

    Parameters
    ----------
    text : Path
        The notebook as jupytext percent text.
    results : Path
        Results folder. Its fold store is used; artefacts are written to its run ``notebooks``.
    root : Path
        Repository root, whose path must not appear in outputs.

    Returns
    -------
    list of str
        Complaints of `merlib.running.rules.check_notebook` about the built notebook.

    Raises
    ------
    MerlibError
        When a cell fails; an earlier notebook stays as it was.
    """
    import time

    import nbformat

    from merlib.running.cell_errors import one_line
    from merlib.running.process import NotebookProcess, notebook_environment
    from merlib.running.rules import check_notebook
    from merlib.running.run import CELL_TIMEOUT, store_folder

    folder = results / "runs" / "notebooks"
    workers = os.cpu_count() or 1
    job = NotebookJob(text.stem, text, {}, "")
    environment = notebook_environment(folder, store_folder(results=results), workers)
    process = NotebookProcess(job, folder, environment, CELL_TIMEOUT["smoke"])
    try:
        while (outcome := process.outcome()) is None:
            time.sleep(0.2)
    except BaseException:
        process.stop()
        raise
    if outcome.error:
        cell = outcome.error
        raise MerlibError(
            f"{text.name}, cell {cell['cell'] + 1}: {one_line(cell)}\n{cell['source']}",
            "a notebook that runs from top to bottom.",
            f"mend {text}; the built notebook was left as it was.",
        )
    notebook = clean(read_notebook(folder / "notebooks" / f"{text.stem}.ipynb"), root)
    target = text.with_suffix(".ipynb")
    with renamed_into(target) as file:
        file.write((nbformat.writes(notebook) + "\n").encode("utf-8"))
    return check_notebook(notebook)


def build_pairs(names: list[str], results: Path, root: Path) -> Iterator[tuple[str, list[str]]]:
    """Build the notebooks called `names`, or all if there are none, and yield each one's name and complaints."""
    texts = {path.stem: path for path in sorted((root / "notebooks").glob("[!._]*.py"))}
    for name, text in select_notebooks(texts, names).items():
        try:
            complaints = build_pair(text, results, root)
        except MerlibError as error:
            complaints = [str(error)]
        yield name, complaints
