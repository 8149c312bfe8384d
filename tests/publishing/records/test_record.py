"""Records: verdicts by hand, provenance required, nothing half-written."""

from __future__ import annotations

import errno
import json
import os

import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.errors import MerlibError
from merlib.publishing.records import record as records


@pytest.mark.parametrize(
    ("value", "reported", "low", "high", "grade", "expected"),
    [
        (84.524, 84.52, 80.0, 90.0, "real exact", "identical"),
        (84.53, 84.52, 80.0, 90.0, "real exact", "within interval"),
        (70.0, 84.52, 65.0, 75.0, "real exact", "differs"),
        (70.0, 84.52, 65.0, 75.0, "real analogue", "analogue: differs"),
        (84.52, 84.52, None, None, "twin smoke", "not comparable"),
        (84.52, None, None, None, "real exact", "not reported"),
    ],
)
def test_verdict_depends_on_rounding_interval_and_grade(value, reported, low, high, grade, expected):
    assert records.verdict(value, reported, 2, low, high, grade) == expected


def test_cells_find_the_reported_value_and_its_doubts():
    frame = pd.DataFrame({"casme2.acc": [80.0]}, index=["CE"])
    (cell,) = records.table_cells("am3f.table5", frame, frame - 5, frame + 5, "real analogue")
    assert (cell["reported"], cell["difference"]) == (82.38, -2.38)
    assert cell["verdict"] == "analogue: within interval"
    assert "AM3F-A7" in cell["note"]


def test_predictions_without_provenance_are_refused():
    naked = make_predictions(make_samples())
    naked.attrs = {}
    with pytest.raises(MerlibError, match="samples_digest"):
        records.experiments_of({"CE": naked})


def test_full_disk_leaves_the_older_file_whole_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    records.write_record(path, {"old": 1})

    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    with pytest.raises(MerlibError, match="No space left"):
        records.write_record(path, {"new": 2})
    assert json.loads(path.read_text()) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_environment_names_processor_and_versions_only():
    environment = records.environment()
    assert set(environment) == {"versions", "processor"}
    assert environment["versions"]["torch"].startswith("2.13.0")
