"""A notebook says a thing once, and no text of it is wider than a page."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from merlib.places import repository_root

NOTEBOOKS = sorted((repository_root() / "notebooks").glob("[!._]*.ipynb"))
HEADLINE = re.compile(r"<p><b>(.*?)</b></p>|^\*(.*)\*$", re.DOTALL)
SENTENCE = 30  # letters; shorter ones may be equal by chance
WIDTH = 90


def said_twice(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the sentences that a cell prints although the caption of a saved table or figure holds them."""
    captions, printed = [], []
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        found = HEADLINE.search(str(data.get("text/html", data.get("text/markdown", ""))))
        captions += [_plain(found[1] or found[2])] if found else []
        printed += re.split(r"(?<=[.:;]) ", _plain(output.text)) if output.output_type == "stream" else []
    return [one for one in printed if len(one) >= SENTENCE and any(one in caption for caption in captions)]


def _plain(text: str) -> str:
    return " ".join(text.replace("&#x27;", "'").replace("&amp;", "&").split())


def wide_lines(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the lines of fenced blocks that a page would cut or make scroll."""
    blocks = [
        block
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for block in re.findall(r"^```\w*\n(.*?)^```", cell.source, re.DOTALL | re.MULTILINE)
    ]
    return [line for block in blocks for line in block.splitlines() if len(line) > WIDTH]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: Path(path).stem)
def test_no_caption_is_printed_again_and_no_fenced_line_is_wider_than_a_page(path):
    notebook = nbformat.read(path, as_version=4)
    assert said_twice(notebook) == []
    assert wide_lines(notebook) == []


def test_a_caption_that_is_printed_again_is_found_and_so_is_a_wide_line():
    caption = {"text/markdown": "*A title (twin). The last epoch gives 0.7, the best one 0.8.*"}
    shown = nbformat.v4.new_output("display_data", caption)
    again = nbformat.v4.new_output("stream", text="The last epoch gives 0.7,\nthe best one 0.8.\n")
    code = nbformat.v4.new_code_cell("x", outputs=[shown, again])
    text = nbformat.v4.new_markdown_cell(f"```\n{'-' * 91}\n```")
    notebook = nbformat.v4.new_notebook(cells=[code, text])
    assert said_twice(notebook) == ["The last epoch gives 0.7, the best one 0.8."]
    assert wide_lines(notebook) == ["-" * 91]
