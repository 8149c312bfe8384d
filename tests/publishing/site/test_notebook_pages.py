"""In the book each picture of a notebook says in words what it shows and leads to its record."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from merlib.publishing.site.notebook_pages import NO_WIDGET, STILLS, WIDGET, artefacts_in, as_page

NOTEBOOKS = sorted((Path(__file__).resolve().parents[3] / "notebooks").glob("[0-9][0-9]_*.ipynb"))
PICTURE = new_output("display_data", {"image/png": "AAAA", "text/plain": "<Figure>"})


def page_of(*cells, records=None):
    return as_page(new_notebook(cells=list(cells)), records or {})


def alt_of(cell) -> str:
    return cell.metadata["mystnb"]["image"]["alt"]


def test_a_picture_has_its_title_and_caption_and_is_followed_by_the_link_to_its_record():
    drawn = new_code_cell('_ = save_figure("am3f.figure2", f, caption="Four scales in parallel.")', outputs=[PICTURE])
    page, artefacts = page_of(drawn)
    assert artefacts == ["am3f.figure2"]
    assert alt_of(page.cells[0]).startswith("AM3F-FlowNet, Figure 2")
    assert alt_of(page.cells[0]).endswith("Four scales in parallel")
    assert "](../records/am3f.figure2.md)" in page.cells[1].source


def test_a_caption_behind_a_name_is_found_and_a_computed_one_comes_from_the_record():
    named = new_code_cell('caption = "Look."\nsave_figure("extra.x", f, caption=caption)', outputs=[PICTURE])
    computed = new_code_cell('save_figure("extra.y", f, caption=f"{n} clips.")', outputs=[PICTURE])
    page, _ = page_of(named, computed, records={"extra.y": {"caption": "7 clips."}})
    assert alt_of(page.cells[0]).endswith("Look")
    assert alt_of(page.cells[2]).endswith("7 clips")


def test_a_picture_that_a_function_saves_leads_to_the_record_that_it_writes():
    assert artefacts_in("print(save_forest(same_folds, study))") == ["extra.forest"]


def test_a_picture_without_a_record_says_so_and_is_told_by_its_section():
    page, artefacts = page_of(
        new_markdown_cell("## A colour wheel"), new_code_cell("axis.imshow(w)", outputs=[PICTURE])
    )
    assert artefacts == []
    assert alt_of(page.cells[1]) == "A colour wheel"
    assert "no record" in page.cells[2].source


def test_what_the_cell_prints_beside_its_picture_is_part_of_the_text():
    printed = new_output("stream", name="stdout", text="LASCE leads\n")
    page, _ = page_of(new_markdown_cell("# Losses"), new_code_cell("draw()", outputs=[printed, PICTURE]))
    assert alt_of(page.cells[1]) == "Losses. LASCE leads"


def test_a_slider_without_a_kernel_becomes_a_sentence_and_a_picture_beside_it_stays():
    def slider():
        return new_output("display_data", {WIDGET: {"model_id": "x"}, "text/plain": "interactive(...)"})

    stills = new_output("display_data", PICTURE.data, metadata={"image/png": {"alt": "factor 3"}})
    both = new_code_cell("interact(f)", outputs=[slider(), stills])
    page, _ = page_of(new_code_cell("interact(f)", outputs=[slider()]), both)
    assert page.cells[0].outputs[0].data["text/markdown"].split(".")[0] == NO_WIDGET.split(".")[0]
    assert [list(output.data) for output in page.cells[1].outputs] == [["image/png", "text/plain"]]
    assert alt_of(page.cells[1]) == "factor 3"
    assert page.cells[2].source == STILLS


def test_a_solution_is_folded_and_nothing_else():
    solved = new_code_cell("1 + 1", metadata={"tags": ["solution"]})
    page, _ = page_of(solved, new_code_cell("2", metadata={"tags": ["nbval-ignore-output"]}))
    assert ["hide-cell" in cell.metadata["tags"] for cell in page.cells] == [True, False]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem[:2])
def test_every_picture_of_the_committed_notebooks_is_told_in_words(path):
    page, _ = as_page(nbformat.read(path, as_version=4), {})
    pictures = [cell for cell in page.cells if any("image/png" in o.get("data", {}) for o in cell.get("outputs", []))]
    assert [cell.source for cell in pictures if len(alt_of(cell)) < 12] == []


def test_a_caption_that_the_cell_computed_is_read_from_what_it_shows():
    shown = new_output("display_data", {"text/markdown": "*Three deals (diagram). 3 ways to deal.*"})
    drawn = new_code_cell('_ = save_figure("extra.three_deals", f, caption=f"{n} ways")', outputs=[PICTURE, shown])
    page, _ = page_of(drawn)
    assert alt_of(page.cells[0]).endswith("3 ways to deal")


def test_a_picture_leads_to_the_record_that_its_caption_was_saved_with_whatever_the_cell_calls_it():
    told = {"text/markdown": {"artefact": "larnet.figure4"}}
    shown = new_output("display_data", {"text/markdown": "*Hidden layers.*"}, metadata=told)
    page, artefacts = page_of(new_code_cell('save_figure(f"larnet.figure{stage + 3}", f)', outputs=[PICTURE, shown]))
    assert artefacts == ["larnet.figure4"]
    assert "](../records/larnet.figure4.md)" in page.cells[1].source


def test_each_of_several_pictures_has_a_link_with_its_name():
    page, _ = page_of(new_code_cell('both = "larnet.figure11", "larnet.figure12"', outputs=[PICTURE, PICTURE]))
    assert re.findall(r"\[(.+?)\]", page.cells[1].source) == [
        "Where is LARNet, Figure 11 from?",
        "Where is LARNet, Figure 12 from?",
    ]


def test_an_interval_stays_on_one_line_and_a_long_name_may_break_and_nothing_else_changes():
    name = "ModelTrain_flow_of_2019.py"
    html = f'<table class="dataframe"><td>0.7 [0.61, 0.72]</td><td>code, {name}; x</td></table>'
    page, _ = page_of(new_code_cell("t", outputs=[new_output("execute_result", {"text/html": html})]))
    written = page.cells[0].outputs[0].data["text/html"]
    assert '<span class="interval">[0.61, 0.72]</span>' in written
    assert re.sub(r"<wbr>|</?span[^>]*>", "", written) == html
    assert "ModelTrain_<wbr>flow_" in written
