"""The fixture of a study with a run folder of its own."""

from __future__ import annotations

import pytest

from merlib.publishing.study import open_study


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of notebook 10 in profile smoke, writing below tmp_path."""
    monkeypatch.setenv("MERLIB_RUN_DIR", str(tmp_path / "run"))
    return open_study("10_losses", store=str(tmp_path / "store"))
