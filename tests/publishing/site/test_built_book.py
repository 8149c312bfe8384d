"""The built book, as Sphinx made it and as Chromium shows it: no dead link, nothing from elsewhere, open to everyone.

Slow: `make slow`. Without Sphinx or without Chromium the tests are skipped, and say so.
"""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest
from chromium import open_browser, skip_without_chromium

from merlib.publishing.site.book import NEEDED, make_book
from merlib.publishing.site.html_check import complaints_about, read_page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
LOOKED_AT = (
    "index",
    "claims",
    "records/index",
    "records/am3f.table3",
    "notebooks/00_start_here",
    "notebooks/10_losses",
)
LOOKED_AT += ("docs/glossary", "docs/errata", "api/merlib.models")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1366, "height": 900}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes nothing."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        pytest.skip(f"THE BOOK IS NOT BUILT: no {', '.join(absent)} here. Do: make site")
    return make_book(tmp_path_factory.mktemp("site")).parent


@pytest.fixture(scope="module")
def address(book):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(book)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    skip_without_chromium()
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser):
    """A page of a desk's width that keeps what went wrong in ``page.faults``."""
    context = browser.new_context(viewport=DESK)
    opened = context.new_page()
    opened.faults = []
    opened.on("console", lambda said: opened.faults.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    opened.on("requestfailed", lambda asked: opened.faults.append(f"not fetched: {asked.url}"))
    yield opened
    context.close()


# --- as built ------------------------------------------------------------------------


def test_links_and_pictures_are_there_and_nothing_comes_from_elsewhere(book):
    assert complaints_about(book) == []


def test_a_planted_script_from_elsewhere_is_found(book, tmp_path):
    text = (book / "claims.html").read_text(encoding="utf-8")
    (tmp_path / "claims.html").write_text(
        text.replace("</body>", '<script src="https://cdn.example.org/x.js"></script></body>')
    )
    assert any("fetched from elsewhere: https://cdn.example.org" in said for said in complaints_about(tmp_path))


def test_each_picture_of_a_notebook_is_followed_by_the_way_to_its_record(book):
    page = read_page(book / "notebooks" / "10_losses.html")
    assert {"../records/extra.losses.html", "../records/am3f.figure5.html"} <= set(page.links)


# --- in Chromium ------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_opens_without_an_error_and_without_a_missing_picture(page, address, name):
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    broken = page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
    assert (page.faults, broken) == ([], [])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_has_no_serious_hindrance(page, address, name, theme):
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=theme)
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in serious] == []


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_is_no_wider_than_a_phone(page, address, name):
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_equations_are_drawn_without_a_network(page, address):
    page.goto(f"{address}/notebooks/10_losses.html", wait_until="networkidle")
    page.wait_for_selector("mjx-container[display='true'] svg")
    assert page.locator("mjx-merror").count() == 0
    assert page.faults == []


def test_a_table_is_sorted_by_numbers_and_filtered_by_words(page, address):
    page.goto(f"{address}/claims.html", wait_until="networkidle")
    table = page.locator("table").last
    heading = table.locator("th", has_text="Printed")
    heading.locator("button").wait_for()  # made once the whole page is read
    every = table.locator("tbody tr").count()
    for order in ("ascending", "descending"):
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == order
        printed = [float(text) for text in table.locator("tbody tr td:nth-child(4)").all_inner_texts()]
        assert printed == sorted(printed, reverse=order == "descending")
    page.locator(".table-tools input").last.fill("dual-atme table 3")
    assert 0 < table.locator("tbody tr:visible").count() < every
    page.locator(".table-tools input").last.fill("")
    assert table.locator("tbody tr:visible").count() == every


def test_the_front_page_answers_within_one_screen(page, address):
    page.goto(f"{address}/index.html", wait_until="networkidle")
    lowest = page.evaluate(
        "[...document.querySelectorAll('article p, article table')].at(-1).getBoundingClientRect().bottom"
    )
    assert lowest <= DESK["height"]
