"""The book: every page is gathered into one source folder, and Sphinx builds them without a network connection."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from merlib.errors import MerlibError
from merlib.places import repository_root
from merlib.publishing.records.ledger import best_records, read_records
from merlib.publishing.site.api_pages import write_api_pages
from merlib.publishing.site.claims_page import claims_page
from merlib.publishing.site.documents import ERRATA, copy_documents
from merlib.publishing.site.front_page import front_page
from merlib.publishing.site.html_check import complaints_about
from merlib.publishing.site.markdown import linked_errata
from merlib.publishing.site.notebook_pages import write_notebook_pages
from merlib.publishing.site.record_pages import write_record_pages

NEEDED = ("sphinx", "myst_nb", "sphinx_book_theme", "mathjax")
MARK = ".merlib-book"  # marks a folder whose contents may be replaced
MATHJAX = ("tex-svg.js", "input/tex/extensions")  # this version draws glyphs as SVG, so that no font is fetched


def make_book(into: Path, root: Path | None = None) -> Path:
    """Gather the pages, build them, check what was built, and return the front page.

    Parameters
    ----------
    into : Path
        Folder that gets ``source/``, ``html/`` and ``warnings.txt``.
    root : Path, optional
        The checkout whose notebooks, records and pages are shown.

    Raises
    ------
    MerlibError
        When the folder holds a ``source/`` or ``html/`` of something else; when Sphinx or a part of it is not
        installed, or stops; when a built page has a dead link, a missing picture, or fetches something from elsewhere.
    """
    into, root = into.resolve(), root or repository_root()
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        raise MerlibError(
            f"a Python environment without {', '.join(absent)}.",
            "the packages of the extra `site`.",
            "make site, which installs them; or pip install -c constraints.txt -e '.[site]'.",
        )
    source, html = into / "source", into / "html"
    own_folder(into, source, html)
    for folder in (source, html):
        shutil.rmtree(folder, ignore_errors=True)
    gather(source, root)
    build(source, html, root / "docs" / "book", into)
    complaints = complaints_about(html)
    if complaints:
        raise MerlibError(
            f"{len(complaints)} faults in the built pages:\n" + "\n".join(complaints[:20]),
            "links and pictures that are there, and nothing that is fetched from elsewhere.",
            "mend the page that each line names, and give the command again.",
        )
    return html / "index.html"


def own_folder(into: Path, *replaced: Path) -> None:
    """Mark a folder as one of a book; refuse it when it has no mark and holds folders that would be replaced.

    Raises
    ------
    MerlibError
        When something else lies where the book would be written.
    """
    there = [folder.name for folder in replaced if folder.exists()]
    if there and not (into / MARK).is_file():
        raise MerlibError(
            f"{into} holds {' and '.join(there)}, not written by merlib.",
            "an empty folder, or one of an earlier book.",
            "choose another folder with --into.",
        )
    into.mkdir(parents=True, exist_ok=True)
    (into / MARK).touch()


def gather(source: Path, root: Path) -> None:
    """Write every page of the book below `source`: generated ones, documents and executed notebooks."""
    records = read_records([root / "results" / "reference"])
    source.mkdir(parents=True)
    (source / "index.md").write_text(linked_errata(front_page(records), ERRATA), encoding="utf-8")
    (source / "claims.md").write_text(linked_errata(claims_page(records), ERRATA), encoding="utf-8")
    copy_documents(source, root)
    drawn = write_notebook_pages(root / "notebooks", source / "notebooks", best_records(records))
    write_record_pages(records, drawn, source, root)
    write_api_pages(source / "api")
    copy_mathjax(source / "static" / "mathjax")
    for path in (root / "docs" / "book" / "static").iterdir():
        shutil.copyfile(path, source / "static" / path.name)


def copy_mathjax(into: Path) -> None:
    """Copy the parts of MathJax that the pages load, from the installed wheel ``django-static-mathjax``."""
    origin = Path(find_spec("mathjax").submodule_search_locations[0]) / "static" / "mathjax" / "es5"
    for name in MATHJAX:
        copy = shutil.copytree if (origin / name).is_dir() else shutil.copyfile
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        copy(origin / name, into / name)


def build(source: Path, html: Path, settings: Path, into: Path) -> None:
    """Run Sphinx over the gathered pages and write its warnings to ``warnings.txt``.

    Raises
    ------
    MerlibError
        When Sphinx ends with an error.
    """
    from sphinx.cmd.build import main

    options = ["-q", "-b", "html", "-j", "auto", "-c", str(settings), "-D", f"html_static_path={source / 'static'}"]
    kept = ["-w", str(into / "warnings.txt"), "-d", str(into / "doctrees")]
    code = main([*options, *kept, str(source), str(html)])
    if code:
        raise MerlibError(f"Sphinx ended with {code}.", "a built book.", f"read {into / 'warnings.txt'}.")
