"""What CONTRIBUTING.md tells people to type exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_make_target_that_is_named_exists():
    named = set(re.findall(r"`make ([a-z]+)", CONTRIBUTING))
    assert len(named) > 5
    assert named <= set(re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE))


def test_the_files_that_are_named_without_a_placeholder_exist():
    named = re.findall(r"`((?:data_manifests|docs|tests|results)/[\w./]+\.\w+)`", CONTRIBUTING)
    assert named
    placeholder = re.compile(r"\b(?:NAME|PAPER|NN)\b")
    assert [path for path in named if not placeholder.search(path) and not (ROOT / path).exists()] == []


def test_it_stays_on_one_page():
    assert len(CONTRIBUTING.splitlines()) < 80
