"""The pages that the book generates say what the records and lists say, and nothing is typed by hand."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest

from merlib.errors import MerlibError
from merlib.places import repository_root
from merlib.publishing.records.ledger import artefacts, best_records, read_records
from merlib.publishing.site.api_pages import as_restructured, write_api_pages
from merlib.publishing.site.book import own_folder
from merlib.publishing.site.claims_page import claims_page
from merlib.publishing.site.documents import copy_documents
from merlib.publishing.site.front_page import CONTENTS, front_page, how_far_off, what_was_made
from merlib.publishing.site.markdown import linked_errata, table
from merlib.publishing.site.record_pages import upright, write_record_pages
from merlib.publishing.verify.verdicts import verdict_table

ROOT = repository_root()


@pytest.fixture(scope="module")
def records():
    return read_records([ROOT / "results" / "reference"])


# --- front page ------------------------------------------------------------------------


def test_the_front_page_follows_the_records(records):
    changed = copy.deepcopy(records)
    for record in changed:
        if record["id"] == "extra.same_folds":
            [cell] = [
                c for c in record["cells"] if c["row"] == "Dual-ATME on megc2019-flow" and c["column"] == "full.acc"
            ]
            cell |= {"value": 0.1234, "low": 0.1, "high": 0.15}
    assert ".123 [.100, .150], outside" in front_page(changed)
    assert ".123 [.100, .150]" not in front_page(records)


def test_the_ledger_s_sum_is_its_parts(records):
    said = what_was_made(best_records(records))
    made, total, *parts = map(int, re.findall(r"\d+", said))
    assert total == len(artefacts())
    assert sum(parts[:-1]) == made
    assert made + parts[-1] == total


def test_every_result_that_can_be_compared_is_counted_once(records):
    verdicts = verdict_table(records)
    trained = verdicts[verdicts["low"].notna() & verdicts["grade"].str.startswith("real")]
    said = how_far_off(records)
    pairs = [(int(inside), int(of)) for inside, of in re.findall(r": (\d+) of (\d+)", said)]
    other = int(re.search(r"(\d+) more are of other classes", said)[1])
    assert all(inside <= of for inside, of in pairs)
    assert sum(of for _, of in pairs) + other == len(trained)


def test_without_records_the_front_page_says_so():
    assert "No record" in front_page([])


# --- claims ------------------------------------------------------------------------


def test_each_claim_is_one_row_with_its_link_and_its_reason(records):
    verdicts = verdict_table(records)
    rows = [line for line in claims_page(records).splitlines() if line.startswith("| [")]
    assert len(rows) == len(verdicts) > 0
    for artefact, count in verdicts["artefact"].value_counts().items():
        assert sum(f"](records/{artefact}.md)" in row for row in rows) == count
    order = [list(artefacts()).index(re.search(r"\(records/(.+?)\.md\)", row)[1]) for row in rows]
    assert order == sorted(order)


# --- records ------------------------------------------------------------------------


def test_each_record_has_a_section_with_its_data_and_its_files(records, tmp_path):
    write_record_pages(records, {"extra.colours": ["06_astnet"]}, tmp_path, ROOT)
    for record in records:
        text = (tmp_path / "records" / f"{record['id']}.md").read_text()
        place = Path(record["path"]).relative_to(ROOT).as_posix()
        assert f"`{place}`" in text
        assert all(one["digest"][:12] in text for one in record["data"])
    linked = re.findall(r"<(files/[^>]+)>|\]\((files/[^)]+)\)", "".join(p.read_text() for p in tmp_path.rglob("*.md")))
    assert len(linked) > len(records)
    assert [name for pair in linked for name in pair if name and not (tmp_path / "records" / name).is_file()] == []


def test_an_artefact_without_a_record_has_a_page_that_says_so(records, tmp_path):
    write_record_pages([], {"am3f.figure1": ["04_am3f_flownet"]}, tmp_path, ROOT)
    assert "No record of it is committed" in (tmp_path / "records" / "am3f.figure1.md").read_text()
    assert "Not made yet" in (tmp_path / "records" / "am3f.table3.md").read_text()


def test_a_record_of_one_row_stands_upright_and_keeps_its_cells():
    names = [f"c{n}" for n in range(9)]
    wide = "It.\n\n| row | " + " | ".join(names) + " |\n|" + "---|" * 10 + "\n| A | " + " | ".join("123456789") + " |\n"
    told = upright(wide)
    assert told.startswith("It.\n")
    assert [line for line in told.splitlines() if line.startswith("| c")] == [f"| c{n} | {n + 1} |" for n in range(9)]
    low = wide.replace("| c8", "").replace(" | 9", "")
    assert upright(low) == low


# --- reference ------------------------------------------------------------------------


def test_each_public_module_is_on_one_page(tmp_path):
    pages = write_api_pages(tmp_path)
    told = re.findall(r"automodule:: (\S+)\n   :members:", "".join(page.read_text() for page in pages))
    package = ROOT / "merlib"
    paths = [path.relative_to(ROOT).with_suffix("") for path in package.rglob("*.py") if not path.stem.startswith("_")]
    assert sorted(told) == sorted(".".join(path.parts) for path in paths if path.parts[1] != "cli")


def test_two_columns_become_a_list_and_a_shape_table_stays_as_it_is():
    lines = ["Shapes::", "", "    u  (N, 1)   AM3F-A14", "", "AM3F-A14  The magnitude", "     is taken.", "HEAD  Flat."]
    link = "`AM3F-A14 <../docs/errata.html#am3f-a14>`__"
    told = [*lines[:4], link, "    The magnitude", "    is taken.", "HEAD", "    Flat."]
    assert as_restructured(lines) == told


def test_an_entry_s_name_may_have_some_words():
    told = as_restructured(["AM3F-A1 to AM3F-A2  See x."])
    assert [re.sub(r" <[^>]*>`__|`", "", line) for line in told] == ["AM3F-A1 to AM3F-A2", "    See x."]


def test_a_list_is_closed_by_the_paragraph_after_it():
    assert as_restructured(["HEAD  Flat.", "Then more."]) == ["HEAD", "    Flat.", "", "Then more."]


def test_a_sentence_with_two_spaces_is_no_entry():
    assert as_restructured(["One line", "two  spaces"]) == ["One line", "two  spaces"]


def test_bars_and_lone_asterisks_of_python_are_no_markup_and_emphasis_stays():
    assert as_restructured(["The mean of |x|, (N, *size), and *this*."]) == [
        r"The mean of \|x\|, (N, \*size), and *this*."
    ]
    kept = ["``a  |x| (*size)``", "", "Shapes::", "", "    |x|  (*size)"]
    assert as_restructured(kept) == kept


def test_a_literal_with_two_spaces_is_no_entry():
    assert as_restructured(["``Z = CAM(F);  att = exp(Z)``"]) == ["``Z = CAM(F);  att = exp(Z)``"]


# --- documents ------------------------------------------------------------------------


@pytest.fixture
def documents(tmp_path):
    """A checkout with a document that links to a record, a folder, a plan and a picture, and the book made of it."""
    root, source = tmp_path / "root", tmp_path / "book"
    record = root / "results" / "reference" / "artefacts" / "am3f.table3.planned.json"
    record.parent.mkdir(parents=True)
    record.write_text('{"id": "am3f.table3"}')
    (root / "results" / "PLAN.md").write_text("# The plan")
    (root / "docs").mkdir()
    (root / "docs" / "map.png").write_bytes(b"png")
    links = "[r](../results/reference/artefacts/am3f.table3.planned.json) [f](../results/reference) "
    (root / "docs" / "page.md").write_text(f"{links}[p](../results/PLAN.md) ![m](map.png) [e](https://example.org)")
    for name in ("README.md", "CONTRIBUTING.md"):
        (root / name).write_text("# It")
    copy_documents(source, root)
    return source


def test_a_link_to_a_record_leads_to_its_page_and_a_link_to_a_folder_becomes_its_path(documents):
    text = (documents / "docs" / "page.md").read_text()
    assert "[r](../records/am3f.table3.md)" in text
    assert "f (`results/reference/`)" in text
    assert "![m](map.png) [e](https://example.org)" in text


def test_what_a_document_links_to_is_in_the_book_outside_of_the_menu(documents):
    assert (documents / "docs" / "map.png").is_file()
    assert (documents / "results" / "PLAN.md").read_text().startswith("---\norphan: true")
    assert (documents / "README.md").read_text() == "# It"


def test_every_document_stands_in_the_menu():
    menu = re.findall(r"^docs/(\w+)$", CONTENTS, re.MULTILINE)
    assert sorted(menu) == sorted(path.stem for path in (ROOT / "docs").glob("*.md"))


# --- Markdown ------------------------------------------------------------------------


def test_an_erratum_s_id_leads_to_its_entry_but_not_inside_code_links_or_headings():
    kept = "`AM3F-A14` [see AM3F-A14](x.md)\n# AM3F-A14\n```\nAM3F-A14\n```\nAM3F-A999"
    assert linked_errata(kept, "e.md") == kept
    assert linked_errata("as in AM3F-A14.", "e.md") == "as in [AM3F-A14](e.md#am3f-a14)."


def test_a_cell_with_a_line_break_stays_one_row():
    assert table([{"a": "x\ny"}]).splitlines()[-1] == "| x y |"


# --- the folder ------------------------------------------------------------------------------------------------------


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "mine.html").write_text("x")
    with pytest.raises(MerlibError, match="--into"):
        own_folder(tmp_path, tmp_path / "source", tmp_path / "html")
    assert (tmp_path / "html" / "mine.html").read_text() == "x"


def test_a_folder_of_an_earlier_book_is_used_again(tmp_path):
    for _ in range(2):
        own_folder(tmp_path / "site", tmp_path / "site" / "html")
        (tmp_path / "site" / "html").mkdir(exist_ok=True)
