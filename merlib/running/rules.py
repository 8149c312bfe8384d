"""Rules for committed notebooks. Each check returns a list of complaints, which is empty if the notebook is fine.

nbval accepts a notebook that was never executed, and one whose outputs were removed; both are therefore checked here.
"""

from __future__ import annotations

import ast
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from merlib.errors import MerlibError

if TYPE_CHECKING:
    from nbformat import NotebookNode

MOST_LINES, MEDIAN_LINES = 25, 5
WIDEST = 90  # characters of a line of code: what a page of a browser shows without scrolling
PARAMETERS = {"profile": "smoke", "data": [], "store": ""}
ABOUT_DATA = {"readers": [], "on_bad_clip": "error"}
TRAINING = {"epochs": 0, "people": 0, "loss": ""}  # with these defaults the profile and the recipe decide

SOLUTION = "solution"
FOLDED = ("source_hidden", "outputs_hidden")


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells that are not empty."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def _first(cell: NotebookNode) -> str:
    return repr(cell.source.strip().splitlines()[0][:60])


def shows_something(source: str) -> bool:
    """Return whether a cell must have an output: it prints, or ends with an expression other than a call."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        body = ast.parse("\n".join(lines)).body
    except SyntaxError:
        return False
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            function = statement.value.func
            if isinstance(function, ast.Name) and function.id in ("print", "display"):
                return True
    silenced = source.rstrip().endswith(";")
    last = body[-1] if body else None
    quiet = (ast.Call, ast.Constant, ast.Await, ast.Yield)
    return isinstance(last, ast.Expr) and not isinstance(last.value, quiet) and not silenced


def never_executed(notebook: NotebookNode) -> list[str]:
    """Check that all code cells were executed once and in order, so that their counts are 1, 2, 3 and so on."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts == list(range(1, len(counts) + 1)):
        return []
    missing = [f"never executed: {_first(cell)}" for cell in code_cells(notebook) if cell.execution_count is None]
    return missing or [f"execution counts are {counts}, not 1 to {len(counts)}: execute it anew, top to bottom"]


def stripped_outputs(notebook: NotebookNode) -> list[str]:
    """Check that every cell which prints or ends with a value has outputs, and that the notebook has any output."""
    cells = code_cells(notebook)
    bare = [f"no output: {_first(cell)}" for cell in cells if shows_something(cell.source) and not cell.outputs]
    return bare or ([] if any(cell.outputs for cell in cells) else ["no cell has any output"])


def unwelcome_outputs(notebook: NotebookNode) -> list[str]:
    """Check that no output is an error, text on the error stream, or an address in memory.

    Text on the error stream differs between machines, and nbval fails on a new line there. Addresses differ at every
    run.
    """
    complaints = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                complaints.append(f"error {output.ename}: {_first(cell)}")
            elif output.output_type == "stream" and output.name == "stderr":
                complaints.append(f"stderr {output.text.strip()[:80]!r}: {_first(cell)}")
            text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
            if " at 0x" in text and "image/png" not in output.get("data", {}):
                complaints.append(f"a memory address, other at every run: {_first(cell)}")
    return complaints


def long_cells(notebook: NotebookNode) -> list[str]:
    """Check that code cells have at most 25 lines, and 5 in the median; blank lines and comments do not count."""
    lengths = {}
    for index, cell in enumerate(code_cells(notebook)):
        lines = [line for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        lengths[index] = len(lines)
        if len(lines) > MOST_LINES:
            return [f"{len(lines)} lines, at most {MOST_LINES}: {_first(cell)}"]
    median = statistics.median(lengths.values()) if lengths else 0
    return [f"median of {median} lines a code cell, at most {MEDIAN_LINES}"] if median > MEDIAN_LINES else []


def wide_lines(cell: NotebookNode) -> list[str]:
    """Return the lines of a cell's source that a page would break or hide."""
    return [line for line in cell.source.splitlines() if len(line) > WIDEST]


def wrong_parameters(notebook: NotebookNode) -> list[str]:
    """Check that one cell, tagged ``parameters``, assigns the defaults of profile, data and store.

    It may assign further parameters of a known list (`ABOUT_DATA`, `TRAINING`). All values must be literals, and the
    defaults that are given there.
    """
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        return [f"{len(tagged)} cells tagged parameters, not 1"]
    values = {}
    for statement in ast.parse(tagged[0].source).body:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            values[ast.unparse(statement.target)] = statement.value
        elif isinstance(statement, ast.Assign):
            values[ast.unparse(statement.targets[0])] = statement.value
        else:
            return [f"the parameters cell holds more than assignments: {ast.unparse(statement)}"]
    further = ABOUT_DATA | TRAINING
    if not set(PARAMETERS) <= set(values) <= set(PARAMETERS | further):
        return [f"parameters {sorted(values)}, not {sorted(PARAMETERS)} with or without {sorted(further)}"]
    try:
        found = {name: ast.literal_eval(value) for name, value in values.items()}
    except ValueError:
        return ["parameters must be literals"]
    wanted = PARAMETERS | further
    return [f"{name} = {found[name]!r}, not {wanted[name]!r}" for name in found if found[name] != wanted[name]]


def wrong_kernel(notebook: NotebookNode) -> list[str]:
    """Check that the kernel is python3 and its language is set; otherwise papermill injects no parameters."""
    kernel = notebook.metadata.get("kernelspec", {})
    good = kernel.get("name") == "python3" and kernel.get("language") == "python"
    return [] if good else [f"kernelspec {dict(kernel)}, not python3 with language python"]


def names_bound(source: str) -> set[str]:
    """Return the names that a cell binds, except those of imports and the variables of comprehensions."""
    tree = ast.parse(source)
    inner = [node.target for node in ast.walk(tree) if isinstance(node, ast.comprehension)]
    passing = {id(name) for target in inner for name in ast.walk(target)}
    bound = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in passing:
            bound.add(node.id)
    return bound


def open_solutions(notebook: NotebookNode) -> list[str]:
    """Check that every cell tagged ``solution`` is folded and calls `check`.

    It may bind only names that begin with ``solution_``, so that it cannot overwrite an answer. JupyterLab shows the
    first line of a folded cell, so this line must be a comment.
    """
    complaints = []
    for cell in code_cells(notebook):
        if SOLUTION not in cell.metadata.get("tags", []):
            continue
        if any(not cell.metadata.get("jupyter", {}).get(part) for part in FOLDED):
            complaints.append(f"a solution that lies open ({' and '.join(FOLDED)} are not set): {_first(cell)}")
        if not cell.source.lstrip().startswith("#"):
            complaints.append(f"a solution whose first line, shown when folded, is no comment: {_first(cell)}")
        if "check(" not in cell.source:
            complaints.append(f"a solution that is not checked: {_first(cell)}")
        if others := sorted(name for name in names_bound(cell.source) if not name.startswith("solution_")):
            complaints.append(f"a solution that may overwrite an answer, {', '.join(others)}: {_first(cell)}")
    return complaints


def check_notebook(notebook: NotebookNode) -> list[str]:
    """Return the complaints of all checks about an executed notebook."""
    checks = (
        never_executed,
        stripped_outputs,
        unwelcome_outputs,
        long_cells,
        wrong_parameters,
        wrong_kernel,
        open_solutions,
    )
    return [complaint for check in checks for complaint in check(notebook)]


def check_pair(path: Path) -> None:
    """Raise when a notebook and its text lie side by side but differ.

    Parameters
    ----------
    path : Path
        Either half of the pair: ``NN_topic.ipynb`` or ``NN_topic.py``.

    Raises
    ------
    MerlibError
        When the two differ in cells, sources or tags.
    """
    text, notebook = path.with_suffix(".py"), path.with_suffix(".ipynb")
    if not (text.is_file() and notebook.is_file()):
        return
    complaints = pair_differs(text, notebook)
    if complaints:
        raise MerlibError(
            f"{text.name} and {notebook.name} differ: {complaints[0].partition(': make')[0]}.",
            "two halves of a pair that say the same.",
            f"name the half you mean by its path ({text} or {notebook}), or make one from the other: make notebooks "
            f"ONLY={text.stem} in the checkout, jupytext --sync {text.name} elsewhere.",
        )


def pair_differs(text: Path, notebook: Path) -> list[str]:
    """Return where a jupytext text and its notebook differ in cells, sources or tags; empty if they agree."""
    import jupytext

    for path in (text, notebook):
        if not path.is_file():
            return [f"{path.name} is missing: make notebooks"]
    halves = []
    for path in (text, notebook):
        cells = jupytext.read(path).cells
        halves.append([(cell.cell_type, cell.source.strip(), tuple(cell.metadata.get("tags", []))) for cell in cells])
    written, built = halves
    for index, (left, right) in enumerate(zip(written, built, strict=False)):
        if left != right:
            line = left[1].splitlines()[0][:60] if left[1] else left[0]
            return [f"cell {index + 1} differs from {notebook.name} ({line!r}): make notebooks ONLY={text.stem}"]
    if len(written) != len(built):
        return [f"{len(written)} cells, {notebook.name} has {len(built)}: make notebooks ONLY={text.stem}"]
    return []
