"""Which commit of the repository code or a file belongs to, where git knows it."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

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
