"""Executed notebooks as pages of the book: alternative texts, and a link from each picture to its record."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import nbformat

import merlib.publishing
from merlib.publishing.records.escaping import as_markdown
from merlib.publishing.records.ledger import artefacts, get_artefact
from merlib.publishing.site.markdown import linked_errata
from merlib.publishing.site.record_pages import record_link

WIDGET = "application/vnd.jupyter.widget-view+json"
NO_WIDGET = "Here is a slider. A page cannot move it: open this notebook in JupyterLab (`make lab`) and run the cell."
STILLS = "*Positions of a slider. A page cannot move it: open this notebook in JupyterLab and run the cell.*"
BETWEEN_TAGS = re.compile(r">[^<>]+<")
INTERVAL = re.compile(r"\[[-+.\d]+, [-+.\d]+\]")
LONG_NAME = re.compile(r"(?<=[>\s(])[\w/.-]{24,}(?=[<\s),;:])")
LONGEST_ALT = 400  # characters; a screen reader reads an alternative text without a pause


def write_notebook_pages(folder: Path, into: Path, records: Mapping[str, dict]) -> dict[str, list[str]]:
    """Copy the executed notebooks into the book and return the notebooks that show a picture, by artefact.

    Parameters
    ----------
    folder : Path
        Folder of the executed notebooks; only read.
    into : Path
        Folder of the book's source.
    records : mapping of str to dict
        The best committed record of each artefact; its caption is used where the cell gives none.
    """
    shown: dict[str, list[str]] = defaultdict(list)
    into.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        notebook, drawn = as_page(nbformat.read(path, as_version=4), records)
        nbformat.write(notebook, into / path.name)
        for artefact in drawn:
            shown[artefact].append(path.stem)
    return dict(shown)


def as_page(notebook: nbformat.NotebookNode, records: Mapping[str, dict]) -> tuple[nbformat.NotebookNode, list[str]]:
    """Return the notebook as the book shows it, and the artefacts whose pictures are in it.

    Each picture gets an alternative text and is followed by the link "Where is this from?". A slider, which needs a
    kernel, is replaced by a sentence, unless the cell shows something else too. Solutions are folded.
    """
    cells, drawn, heading = [], [], ""
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            cell.source = linked_errata(cell.source, "../docs/errata.md")
            heading = next(iter(re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE)[-1:]), heading)
            continue
        moves = _without_widgets(cell)
        if "solution" in cell.metadata.get("tags", []):
            cell.metadata["tags"] = [*cell.metadata["tags"], "hide-cell"]
        for_reading(cell)
        pictures = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
        if not pictures:
            continue
        names = shown_artefacts(cell) or artefacts_in(cell.source)
        alt = alternative_text(cell, names, heading, records)
        cell.metadata["mystnb"] = {"image": {"alt": alt}}
        links = [f"[Where is {name} from?]({record_link(key)})" for key, name in _called(names).items()]
        text = " · ".join(links) or (STILLS if moves else "*Drawn by the cell above; no record is kept of it.*")
        cells.append(nbformat.v4.new_markdown_cell(text, id=f"origin-{len(cells)}"))
        drawn += names
    notebook.cells = cells
    return notebook, list(dict.fromkeys(drawn))


def for_reading(cell: nbformat.NotebookNode) -> None:
    """Let an interval stay on one line of a table that a cell shows, and a long name break behind its signs."""
    for output in cell.get("outputs", []):
        shown = output.get("data", {}).get("text/html", "")
        if "<table" in shown:
            output.data["text/html"] = BETWEEN_TAGS.sub(_with_breaks, shown)


def _with_breaks(text: re.Match) -> str:
    held = INTERVAL.sub(r'<span class="interval">\g<0></span>', text[0])
    return LONG_NAME.sub(lambda name: re.sub(r"[_/.-]", r"\g<0><wbr>", name[0]), held)


def shown_artefacts(cell: nbformat.NotebookNode) -> list[str]:
    """Return the artefacts of which an executed cell shows a figure with its caption (`records.shown`)."""
    kept = (output.get("metadata", {}).get("text/markdown", {}) for output in cell.get("outputs", []))
    return list(dict.fromkeys(filter(None, (one.get("artefact") or "" for one in kept))))


def artefacts_in(source: str) -> list[str]:
    """Return the artefacts that a cell draws: ids that it names, else those that the functions it calls save."""
    tree = ast.parse(_plain_python(source))
    names = [text for text in _strings(tree) if _is_artefact(text)]
    if not names:
        called = {_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        names = [name for function in sorted(called) for name in saved_by().get(function, [])]
    return list(dict.fromkeys(names))


def alternative_text(cell: nbformat.NotebookNode, names: list[str], heading: str, records: Mapping[str, dict]) -> str:
    """Return a text that describes a picture: its title, its caption, and what the cell printed beside it."""
    captions = [_caption(cell.source)] if _caption(cell.source) else []
    captions = captions or _shown_captions(cell) or [records[name]["caption"] for name in names if name in records]
    printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    told = [output.get("metadata", {}).get("image/png", {}).get("alt", "") for output in cell.outputs]
    parts = [*(get_artefact(name).title for name in names), *captions] if names else [heading, *told]
    parts.append(printed)
    text = ". ".join(" ".join(part.split()).rstrip(".") for part in parts if part.strip())
    return text if len(text) <= LONGEST_ALT else text[: LONGEST_ALT - 4].rsplit(" ", 1)[0] + " ..."


@lru_cache(maxsize=1)
def saved_by() -> dict[str, list[str]]:
    """Return the figures that a function of the publishing room saves under a fixed id, by the function's name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(Path(merlib.publishing.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        fixed = _assigned(tree.body)
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if _name(call.func) == "save_figure" and call.args:
                    named = fixed.get(_name(call.args[0]), call.args[0])
                    found[function.name] += [text for text in _strings(named) if _is_artefact(text)]
    return {name: ids for name, ids in found.items() if ids}


def _without_widgets(cell: nbformat.NotebookNode) -> bool:
    """Take widgets, which need a kernel, out of a cell's outputs; return whether there was one."""
    outputs = cell.get("outputs", [])
    with_widget = [output for output in outputs if WIDGET in output.get("data", {})]
    for output in with_widget:
        del output.data[WIDGET]
        if set(output.data) <= {"text/plain"}:
            alone = len(outputs) == len(with_widget)
            output.data = nbformat.from_dict({"text/markdown": as_markdown(NO_WIDGET) if alone else ""})
    cell["outputs"] = [output for output in outputs if output.get("data", {"kept": 1}) != {"text/markdown": ""}]
    return bool(with_widget)


def _called(names: list[str]) -> dict[str, str]:
    """Return what the link to each record calls its picture: by title, where a cell draws more than one."""
    titles = {name: get_artefact(name).title.partition(":")[0] for name in names}
    return titles if len(names) > 1 else dict.fromkeys(names, "this")


def _caption(source: str) -> str:
    """Return the caption that a cell spells out, directly or by a name; empty where it is computed."""
    tree = ast.parse(_plain_python(source))
    named = _assigned(ast.walk(tree))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for keyword in call.keywords:
            if keyword.arg == "caption":
                value = named.get(_name(keyword.value), keyword.value)
                if isinstance(value, ast.Constant):
                    return str(value.value)
    return ""


def _shown_captions(cell: nbformat.NotebookNode) -> list[str]:
    """Return the captions that the executed cell shows below its pictures (`records.shown`)."""
    texts = [output.get("data", {}).get("text/markdown", "") for output in cell.get("outputs", [])]
    return [text.strip().strip("*") for text in texts if text.strip().startswith("*")]


def _plain_python(source: str) -> str:
    return "\n".join(f"# {line}" if line.lstrip()[:1] in ("%", "!") else line for line in source.splitlines())


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.AST]:
    simple = (node for node in nodes if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name))
    return {node.targets[0].id: node.value for node in simple}


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _is_artefact(text: str) -> bool:
    return text in artefacts() or bool(re.fullmatch(r"extra\.\w+", text))


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
