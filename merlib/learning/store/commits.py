"""Which commit of the repository code or a file belongs to, and what was edited since, where git knows it."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from merlib.code_digest import file_of, text_digest
from merlib.learning.store.training_code import training_modules
from merlib.places import find_checkout

SECONDS = 10  # for git to answer


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@lru_cache(maxsize=1)
def commit_here() -> str:
    """Return the commit of the checkout that merlib runs from, with ``+`` if merlib was edited; empty if unknown.

    git is asked only once per process, because the code that was imported does not change either.
    """
    checkout = find_checkout()
    if checkout is None or not (checkout / ".git").exists():
        return ""
    commit = _git(checkout, "rev-parse", "HEAD")
    return commit + "+" * bool(commit and _git(checkout, "status", "--porcelain", "--", "merlib"))


def commit_of(path: Path) -> str:
    """Return the last commit that changed a file; empty where git does not know it."""
    path = Path(path)
    return _git(path.parent, "log", "-1", "--format=%H", "--", path.name) if path.parent.is_dir() else ""


def edited_code(model: str, started: bool = False) -> tuple[str, ...]:
    """Return the files of merlib that decide how `model` is trained and that were edited since the last commit.

    Only definitions count; an edited comment changes no result. Paths are relative to the checkout; without git, none.
    """
    checkout = find_checkout()
    if checkout is None or not (checkout / ".git").exists():
        return ()
    touched = set(_git(checkout, "diff", "--name-only", "--no-renames", "HEAD", "--", "merlib").splitlines())
    if not touched:
        return ()
    root, files = checkout.resolve(), filter(None, map(file_of, training_modules(model, started)))
    inside = {path.relative_to(root).as_posix(): path for path in map(Path.resolve, files) if path.is_relative_to(root)}
    return tuple(sorted(name for name in touched & set(inside) if _differs(checkout, name, inside[name])))


def _differs(checkout: Path, name: str, path: Path) -> bool:
    return text_digest(_git(checkout, "show", f"HEAD:{name}")) != text_digest(path.read_text(encoding="utf-8"))
