"""The page for licensees: its hours are those of the committed predictions, its commands exist."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from merlib.cli.main import app
from merlib.places import repository_root
from merlib.publishing.site.licensee import fill_licensee

PAGE = (repository_root() / "docs" / "licensee.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_the_hours_are_those_of_the_committed_predictions():
    assert fill_licensee(PAGE) == PAGE, "run: merlib maintain pages"


def test_every_verb_and_option_of_the_page_exists():
    lines = [line.split("#")[0].split() for line in PAGE.splitlines() if line.startswith(".venv/bin/merlib")]
    assert len(lines) >= 7
    for words in lines:
        verb = words[1:3] if words[1] == "data" else words[1:2]
        told = re.sub(r"\x1b\[[0-9;]*m", "", CliRunner().invoke(app, [*verb, "--help"], terminal_width=200).output)
        missing = [word for word in words if word.startswith("--") and word not in told]
        assert not missing, f"{' '.join(verb)} has no {missing}"
