"""A Chromium of this machine, driven by Playwright, for tests that look at pages as a reader does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REASON = "NOT SEEN IN A BROWSER: {lacks}. Do: {action}"


def chromium() -> str:
    """Return the path of a Chromium: ``CHROMIUM``, else one on PATH; empty when there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")


def skip_without_chromium() -> None:
    """Skip the test loudly when Playwright or a Chromium is missing, saying what would bring it."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        pytest.skip(REASON.format(lacks="no Playwright here", action="make site, or pip install -e '.[browser]'"))
    if not chromium():
        pytest.skip(REASON.format(lacks="no Chromium on PATH", action="apt-get install chromium, or set CHROMIUM"))


@contextmanager
def open_browser() -> Iterator:
    """Open a headless Chromium that reaches this machine alone; close it afterwards."""
    from playwright.sync_api import sync_playwright

    # An address elsewhere fails at once, so that a page which fetches one is seen to.
    offline = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=offline)
        try:
            yield browser
        finally:
            browser.close()
