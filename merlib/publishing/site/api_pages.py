"""Pages of the library's reference, one for each package, which show its modules from their docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import merlib
from merlib.publishing.site.markdown import errata_ids

PACKAGE = Path(merlib.__file__).resolve().parent
ENTRY = re.compile(r"(``[^`]+``|(?!``)\S+(?: \S+){0,3}?) {2,}(\S.*)")
LITERAL = re.compile(r"(``.*?``|`[^`]*`)")
BAR = re.compile(r"(?<!\\)\|")  # would begin the name of a substitution, of which we have none
STAR = re.compile(r"(?<![\w*\\])\*(?=\w)(?![^*]*\w\*)")  # before a word, without one that ends the emphasis
INDENT = "    "
ERRATA = "../docs/errata.html"
LEFT_OUT = ("cli",)  # `merlib --help` describes its verbs
ROOT_PAGE = """# Reference: the library from its docstrings

One page for each package. A *room* answers one question and imports only from the rooms below it.

{listing}

```{{toctree}}
:hidden:
:glob:

*
```
"""


def write_api_pages(into: Path) -> list[Path]:
    """Write a page for each package with modules, which Sphinx fills from docstrings, and the list of them."""
    into.mkdir(parents=True, exist_ok=True)
    pages, listing = [], []
    for folder in sorted({path.parent for path in PACKAGE.rglob("*.py")}):
        name = ".".join(("merlib", *folder.relative_to(PACKAGE).parts))
        modules = [f"{name}.{path.stem}" for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")]
        if not modules or folder.relative_to(PACKAGE).parts[:1] == LEFT_OUT:
            continue
        page = into / f"{name}.md"
        page.write_text("\n".join([package_head(name), *map(module_section, modules)]), encoding="utf-8")
        listing.append(f"- [{name}]({name}.md): {', '.join(module.rpartition('.')[2] for module in modules)}")
        pages.append(page)
    index = into / "index.md"
    index.write_text(ROOT_PAGE.format(listing="\n".join(listing)), encoding="utf-8")
    return [index, *pages]


def package_head(name: str) -> str:
    """Return a page's beginning: the package's name and docstring."""
    return f"# {name}\n\n{_autodoc(name, 'no-members', 'no-index')}"


def module_section(name: str) -> str:
    """Return a module's section with its docstring and its public members."""
    return f"## {name.rpartition('.')[2]}\n\n{_autodoc(name, 'members', 'show-inheritance')}"


def _autodoc(name: str, *options: str) -> str:
    lines = [f".. automodule:: {name}", *(f"   :{option}:" for option in options)]
    return "\n".join(["```{eval-rst}", *lines, "```", ""])


def as_restructured(lines: Iterable[str]) -> list[str]:
    """Return a docstring's lines in the form that Sphinx reads best.

    Entries of two columns, a name and its explanation, become definition lists. Ids of errata outside literal blocks
    become links to their entries, and bars and lone asterisks stay what they are in Python: |x| and (N, *size).
    """
    told: list[str] = []
    literal = listing = False  # whether the line belongs to a literal block, to a list of entries
    before = ""
    for line in lines:
        flush = bool(line[:1].strip())
        literal = literal and not flush
        entry = ENTRY.fullmatch(line) if flush and (listing or not before) and not line.startswith("==") else None
        if entry:
            fresh, listing = [entry[1], f"{INDENT}{entry[2]}"], True
        elif listing and line.strip() and not flush:
            fresh = [f"{INDENT}{line.strip()}"]
        else:
            fresh, listing = ["", line] if listing and flush else [line], False
        told += fresh if literal else map(_with_links, map(_as_signs, fresh))
        literal = literal or line.rstrip().endswith("::")
        before = line.strip()
    return told


def _as_signs(line: str) -> str:
    """Escape bars and lone asterisks outside literals, which Sphinx would read as markup that never ends."""
    parts = LITERAL.split(line)  # every second part is a literal
    parts[::2] = [STAR.sub(r"\*", BAR.sub(r"\|", part)) for part in parts[::2]]
    return "".join(parts)


def _with_links(line: str) -> str:
    return errata_ids().sub(lambda found: f"`{found[0]} <{ERRATA}#{found[0].lower()}>`__", line)
