"""Notebooks that show single faces and rows of a clip table show the twin's, whatever data the reader named."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest

from merlib.datasets import registry as doors
from merlib.datasets.twin.rendering.rendered import twin_clips

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def _recorded(folder):
    """A SYNTHETIC table that says it was recorded."""
    table = twin_clips("casme2")
    table.attrs = {**table.attrs, "synthetic": False, "name": "casme2"}
    return table


@pytest.mark.parametrize("name", ["02_preprocessing", "03_motion_magnification"])
def test_the_clips_of_the_page_are_the_twin_s_even_when_real_ones_were_named(name, tmp_path, monkeypatch):
    monkeypatch.setitem(doors.CLIP_READERS, "casme2", _recorded)
    monkeypatch.setenv("MERLIB_RUN_DIR", str(tmp_path / "run"))
    cells = [cell.source for cell in jupytext.read(NOTEBOOKS / f"{name}.py").cells if cell.cell_type == "code"]
    page = {}
    for source in cells[:3]:
        parameters = "profile" in source and source.lstrip().startswith("profile")
        exec(source.replace("data = []", f"data = ['casme2={tmp_path}']") if parameters else source, page)
    assert "casme2" in page["study"].data
    assert page["clips"].attrs["synthetic"]
    assert all("study.clips" not in source and "study.features" not in source for source in cells)
