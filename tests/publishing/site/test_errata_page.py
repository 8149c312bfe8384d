"""The errata page is what the list says, and nothing of an entry is lost in Markdown."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from merlib.cli.main import app
from merlib.publishing.site.errata_page import errata_page
from merlib.sources import read_errata

PAGE = Path(__file__).resolve().parents[3] / "docs" / "errata.md"


def test_the_committed_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == errata_page(read_errata()), "run: merlib maintain pages"


def test_each_entry_has_a_heading_of_its_own_in_the_order_of_the_list():
    headings = re.findall(r"^### (\S+)$", errata_page(read_errata()), flags=re.MULTILINE)
    assert headings == [erratum.id for erratum in read_errata()]


def test_indices_and_products_survive_as_text():
    page = errata_page(read_errata())
    assert r"F1\_c = TP\_c / (2 TP\_c + FP\_c + FN\_c)" in page
    assert not re.search(r"(?<!\\)[_|<]", page.split("## AM3F", 1)[1])


def test_an_id_can_be_looked_up_on_the_command_line():
    result = CliRunner().invoke(app, ["errata", "dual-atme-c7"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "63 + 27 = 90" in result.output
