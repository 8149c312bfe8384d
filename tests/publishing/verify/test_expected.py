"""The check of trained numbers catches a missing, a new and a drifted number, and allows for rounding."""

from __future__ import annotations

import json

import pytest

from merlib.errors import MerlibError
from merlib.publishing.verify.expected import compare, differences, numbers_of


def _record(value: float, low: float | None = 0.1, unit: str = "1") -> dict:
    cell = {"row": "CE", "column": "full.uf1", "value": value, "unit": unit, "low": low}
    experiment = {"label": "CE", "clips": {"smic": 442}, "origin": "trained now"}
    return {"id": "am3f.table5", "grade": "twin", "experiments": [experiment], "cells": [cell]}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "artefacts").mkdir()
    (tmp_path / "artefacts" / "am3f.table5.json").write_text(json.dumps(_record(0.6)))
    return tmp_path


def _expect(run, **changes):
    expected = numbers_of(run)
    expected["am3f.table5"]["CE | full.uf1"].update(changes)
    return expected


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, 0),
        ({"value": 0.69}, 0),
        ({"value": 0.71}, 1),
        ({"trained": False}, 1),
        ({"value": 8.0, "unit": "%"}, 0),  # ten points of a percentage
        ({"value": float("nan")}, 1),
    ],
)
def test_trained_numbers_may_drift_and_counts_may_not(run, changes, faults):
    assert len(differences(numbers_of(run), _expect(run, **changes))) == faults


def test_a_time_must_be_there_and_may_be_any_other(run):
    record = _record(1.2, low=None) | {"timed": ["full.uf1"], "experiments": []}
    path = run / "artefacts" / "am3f.table5.json"
    path.write_text(json.dumps(record))
    expected = numbers_of(run)
    record["cells"][0]["value"] = 99.0
    path.write_text(json.dumps(record))
    assert differences(numbers_of(run), expected) == []
    assert "missing" in differences({}, expected)[0]
    path.write_text(json.dumps(record | {"timed": []}))  # a count where a time was: a fault, not a pass
    assert len(differences(numbers_of(run), expected)) == 1


@pytest.mark.parametrize(
    ("clips", "value", "unit", "faults"),
    [
        (4, 0.95, "", 0),  # one of four clips moves it by .25
        (4, -0.2, "", 1),
        (4, 1.25, "", 1),
        (4, 1.25, "frames", 0),
        (4, 125.0, "%", 1),
        (4, float("nan"), "", 1),
        (4, float("inf"), "frames", 1),
        (10, 0.91, "", 0),  # 1 / sqrt(10) is .316
        (10, 0.92, "", 1),
        (10, 32.1, "%", 1),
        (10, 31.9, "%", 0),
        (400, 0.69, "", 0),  # never less than a tenth
        (400, 0.71, "", 1),
    ],
)
def test_what_is_allowed_follows_from_the_number_of_clips(run, clips, value, unit, faults):
    path = run / "artefacts" / "am3f.table5.json"
    centre = 0.6 if unit != "%" else 0.3
    path.write_text(json.dumps(_record(centre, unit=unit) | {"clips": {"CE": clips}}))
    expected = numbers_of(run)
    assert expected["am3f.table5"]["CE | full.uf1"]["clips"] == clips
    path.write_text(json.dumps(_record(value, unit=unit) | {"clips": {"CE": clips}}))
    assert len(differences(numbers_of(run), expected)) == faults


@pytest.mark.parametrize(("value", "faults"), [(-0.2, 0), (-1.2, 1)])
def test_a_difference_of_few_clips_may_be_negative(run, value, faults):
    path = run / "artefacts" / "am3f.table5.json"
    record = _record(0.6) | {"clips": {"CE": 4}}
    record["cells"][0]["column"] = "full.gain"
    path.write_text(json.dumps(record))
    expected = numbers_of(run)
    record["cells"][0]["value"] = value
    path.write_text(json.dumps(record))
    assert len(differences(numbers_of(run), expected)) == faults


def test_a_count_must_agree_to_the_last_digit(run):
    expected = _expect(run, trained=False)
    expected["am3f.table5"]["CE | full.uf1"]["value"] = 0.600001
    found = _expect(run, trained=False)
    assert len(differences(found, expected)) == 1


@pytest.mark.parametrize(
    ("row", "column", "clips"),
    [
        ("CE", "smic.uar", 12),
        ("CE", "full.uf1", 42),
        ("CE less Focal", "smic.uar", 5),  # no run's own row: the fewest of any
        ("CE less Focal", "difference", 35),
    ],
)
def test_the_clips_behind_a_number_are_those_of_its_run_and_data_set(run, row, column, clips):
    experiments = [
        {"label": "CE", "clips": {"smic": 12, "casme2": 30}},
        {"label": "Focal", "clips": {"smic": 5, "casme2": 30}},
    ]
    record = _record(0.6) | {"experiments": experiments}
    record["cells"][0] |= {"row": row, "column": column}
    (run / "artefacts" / "am3f.table5.json").write_text(json.dumps(record))
    assert numbers_of(run)["am3f.table5"][f"{row} | {column}"]["clips"] == clips


@pytest.mark.parametrize(("origins", "faults"), [(("reference",), 1), (("reference", "trained now"), 0)])
def test_numbers_from_committed_predictions_must_agree_exactly(run, origins, faults):
    path = run / "artefacts" / "am3f.table5.json"
    experiments = [{"label": origin, "clips": {"smic": 442}, "origin": origin} for origin in origins]
    path.write_text(json.dumps(_record(0.6) | {"experiments": experiments}))
    expected = numbers_of(run)
    path.write_text(json.dumps(_record(0.6001) | {"experiments": experiments}))
    assert len(differences(numbers_of(run), expected)) == faults


def test_a_number_that_was_committed_and_is_trained_now_is_told(run):
    path = run / "artefacts" / "am3f.table5.json"
    expected = numbers_of(run)
    path.write_text(json.dumps(_record(0.6) | {"experiments": [{"label": "CE", "clips": {}, "origin": "reference"}]}))
    assert "trained" in differences(numbers_of(run), expected)[0]


def test_few_clips_excuse_no_count(run):
    path = run / "artefacts" / "am3f.table5.json"
    path.write_text(json.dumps(_record(0.6, low=None) | {"clips": {"CE": 4}, "experiments": []}))
    expected = numbers_of(run)
    path.write_text(json.dumps(_record(0.61, low=None) | {"clips": {"CE": 4}, "experiments": []}))
    assert len(differences(numbers_of(run), expected)) == 1


def test_how_many_clips_there_are_is_held_too(run):
    expected = _expect(run, clips=4)
    assert "clips" in differences(numbers_of(run), expected)[0]


def test_missing_and_new_numbers_are_faults(run):
    found = numbers_of(run)
    assert "missing" in differences({}, found)[0]
    assert "not expected" in differences(found, {})[0]


def test_comparison_counts_what_agrees_and_refuses_an_empty_run(run, tmp_path):
    expected = tmp_path / "expected.json"
    expected.write_text(json.dumps(numbers_of(run)))
    assert compare(run, expected) == 1
    (run / "artefacts" / "am3f.table5.json").unlink()
    with pytest.raises(MerlibError, match="missing"):
        compare(run, expected)
    expected.write_text("{}")
    with pytest.raises(MerlibError, match="no records"):
        compare(run, expected)
