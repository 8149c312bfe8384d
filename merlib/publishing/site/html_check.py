"""A check that built pages have no dead link and no missing picture, and fetch no file from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {  # the attributes, by element, whose addresses a browser fetches by itself
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "input": ("src",),
    "track": ("src",),
}
FETCHING_LINKS = {
    "stylesheet",
    "preload",
    "prefetch",
    "modulepreload",
    "icon",
    "preconnect",
    "dns-prefetch",
    "manifest",
}
STYLE_ADDRESS = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", re.I)
LOADER = re.compile(r"""\b(?:import\s*\(|from\s|fetch\s*\(|importScripts\s*\()\s*["'](https?:)?//""")


class PageReader(HTMLParser):
    """Collect what one page loads, where its links lead, the ids it has, and pictures without a text."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.without_alt: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a tag's addresses and id."""
        told = {name: value or "" for name, value in attrs}
        self._inside = tag if tag in ("style", "script") else ""
        self.ids.update(filter(None, (told.get("id"), told.get("name") if tag == "a" else None)))
        self.loads += addresses_in_style(told.get("style", ""))
        for name in LOADED.get(tag, ()):
            address = told.get(name, "")
            self.loads += (
                [part.split()[0] for part in address.split(",")] if name == "srcset" and address else [address]
            )
        if tag == "link" and FETCHING_LINKS & set(told.get("rel", "").lower().split()):
            self.loads.append(told.get("href", ""))
        if tag in ("a", "area") and told.get("href"):
            self.links.append(told["href"])
        if tag == "img" and not told.get("alt", "").strip() and told.get("role") != "presentation":
            self.without_alt.append(told.get("src", ""))

    def handle_endtag(self, tag: str) -> None:
        """Note that a style or script has ended."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Look for addresses in styles and scripts within the page."""
        if self._inside == "style":
            self.loads += addresses_in_style(data)
        elif self._inside == "script" and LOADER.search(data):
            self.loads.append("https://" + data.split("//", 1)[1][:80])


def complaints_about(html: Path) -> list[str]:
    """Return a line for each fault of the pages and styles below `html`, with the page; empty when there is none."""
    written = (path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts)  # templates lie there
    pages = {path: read_page(path) for path in written}
    if not pages:
        return [f"{html.name}: no page"]
    found = []
    for path, page in pages.items():
        here = path.relative_to(html).as_posix()
        found += [f"{here}: a picture without a text: {shown[:80]}" for shown in page.without_alt]
        found += [f"{here}: {fault}" for address in page.loads for fault in loading_faults(address, path, html)]
        found += [f"{here}: {fault}" for address in page.links for fault in link_faults(address, path, html, pages)]
    for path in sorted(html.rglob("*.css")):
        here = path.relative_to(html).as_posix()
        addresses = addresses_in_style(path.read_text(encoding="utf-8"))
        found += [f"{here}: {fault}" for address in addresses for fault in loading_faults(address, path, html)]
    return list(dict.fromkeys(found))


def read_page(path: Path) -> PageReader:
    """Parse one page and return what was collected from it."""
    reader = PageReader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def addresses_in_style(text: str) -> list[str]:
    """Return the addresses that a style sheet fetches."""
    return [first or second for first, second in STYLE_ADDRESS.findall(text)]


def loading_faults(address: str, page: Path, html: Path) -> list[str]:
    """Return what is wrong with an address that a browser fetches by itself: it lies elsewhere, or is missing."""
    parts = urlsplit(address.strip())
    if not address.strip() or parts.scheme == "data" or (not parts.scheme and not parts.netloc and not parts.path):
        return []
    if parts.scheme or parts.netloc:
        return [f"fetched from elsewhere: {address[:100]}"]
    return [] if _target(parts.path, page, html).is_file() else [f"missing file: {address[:100]}"]


def link_faults(address: str, page: Path, html: Path, pages: dict[Path, PageReader]) -> list[str]:
    """Return what is wrong with a link inside the book: the page is missing, or the place in it is."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return []
    target = _target(parts.path, page, html) if parts.path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return [f"dead link: {address[:100]}"]
    place = unquote(parts.fragment)
    if place and target in pages and place not in pages[target].ids:
        return [f"no such place: {address[:100]}"]
    return []


def _target(path: str, page: Path, html: Path) -> Path:
    path = unquote(path)
    return (html / path.lstrip("/") if path.startswith("/") else page.parent / path).resolve()
