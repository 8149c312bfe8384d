"""Verifying what is committed, comparing two runs, and what a fold trained again says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from merlib.cli.main import app
from merlib.errors import MerlibError
from merlib.learning.store.references import every_reference
from merlib.places import repository_root
from merlib.publishing.verify import retraining
from merlib.publishing.verify.filterable import Filterable
from merlib.publishing.verify.finding import GREEN, OPEN, RED, Finding
from merlib.publishing.verify.page import verification_page
from merlib.publishing.verify.predictions import check_predictions, same_elsewhere
from merlib.publishing.verify.retraining import Committed, Retrained, choose_folds, compare_rows, fold_finding
from merlib.publishing.verify.two_runs import compare_runs, read_run

ROOT = repository_root() / "results" / "reference"


def committed(folder: str, model: str) -> Committed:
    for frame in every_reference(folder):
        if frame.attrs["experiment"]["model"] == model:
            return Committed(frame.attrs["file"]["path"], frame.drop(columns="experiment"), frame.attrs)
    raise AssertionError(f"no {model} in {folder}")


@pytest.fixture(scope="module")
def majority():
    return committed("megc2019_flow", "majority")


@pytest.fixture(scope="module")
def line():
    return committed("megc2019_phases", "linear")


def rows_of(line, fold="casme2-sub17"):
    return line.rows[line.rows["fold"] == fold].reset_index(drop=True)


def test_an_honest_reference_agrees_with_list_folds_and_scores(line):
    found = check_predictions(line)
    assert found.verdict == GREEN, found.said
    assert any("442 clips and labels" in one for one in found.agreed)
    assert any("68 folds" in one for one in found.agreed)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda rows: rows.assign(fold=rows["fold"].replace("casme2-sub17", "casme2-sub01")), "another fold"),
        (lambda rows: rows.assign(seed=1), "seeds"),
        (lambda rows: rows.assign(prediction=(rows["prediction"] + 1) % 3), "highest score"),
        (lambda rows: rows.assign(score_negative=np.nan), "finite"),
        (lambda rows: rows.rename(columns={"score_negative": "score_other"}), "score_other"),
    ],
)
def test_rows_that_contradict_the_protocol_or_themselves_are_told(line, changed, told):
    found = check_predictions(replace(line, rows=changed(line.rows)))
    assert found.verdict == RED
    assert told in found.said


@pytest.mark.long
def test_curves_shorter_than_the_recipe_are_told():
    network = committed("megc2019_flow", "off_apexnet")
    curves = json.loads(network.meta["curves"])
    short = {name: {kind: values[:-1] for kind, values in each.items()} for name, each in curves.items()}
    found = check_predictions(replace(network, meta={**network.meta, "curves": json.dumps(short)}))
    assert "299 epochs, the recipe has 300" in found.said
    without = check_predictions(replace(network, meta={**network.meta, "curves": "{}"}))
    assert without.verdict == RED  # a network without curves has hidden them


def test_the_same_scores_on_other_maps_are_told_and_a_method_without_maps_is_not(line, majority):
    other = replace(line, name="copy", meta={**line.meta, "data": "megc2019-flow"})
    assert set(same_elsewhere([line, other])) == {line.name, "copy"}
    elsewhere = replace(majority, name="copy", meta={**majority.meta, "data": "megc2019-phases"})
    assert same_elsewhere([majority, elsewhere]) == {}


def test_folds_are_identical_of_the_same_class_or_differ(line):
    rows, scores = rows_of(line), [name for name in line.rows if name.startswith("score_")]
    assert compare_rows(rows, rows)[2] == "identical"
    nudged = rows.copy()
    nudged[scores] = (rows[scores] + 0.005).div((rows[scores] + 0.005).sum(axis=1), axis=0)
    assert compare_rows(rows, nudged)[2] == "same class"
    moved = rows.copy()
    moved.loc[0, "prediction"] = (rows.loc[0, "prediction"] + 1) % 3
    assert compare_rows(moved, rows)[:1] == (1,)
    assert compare_rows(moved, rows)[2] == "differs"
    assert compare_rows(rows.iloc[1:], rows)[2] == "differs"
    assert compare_rows(rows.assign(label=0), rows)[2] == "differs"


@pytest.mark.parametrize(
    ("verdict", "unchanged", "alike", "colour"),
    [
        ("identical", True, True, GREEN),
        ("identical", False, False, GREEN),
        ("same class", True, False, GREEN),  # another processor rounds otherwise
        ("same class", True, True, RED),  # nothing here rounds otherwise
        ("differs", True, False, RED),
        ("differs", False, False, OPEN),  # nobody can tell a lie from changed code
    ],
)
def test_what_a_fold_trained_again_says_depends_on_code_and_processor(
    line, monkeypatch, verdict, unchanged, alike, colour
):
    monkeypatch.setattr(retraining, "source_unchanged", lambda meta: unchanged)
    monkeypatch.setattr(retraining, "_trained_like_here", lambda reference: alike)
    found = fold_finding(Retrained("name", "fold", 0, 3, 0, 0.0, verdict, "said"), line)
    assert found.verdict == colour


def test_a_draw_of_folds_can_be_repeated_and_takes_none_twice(line, majority):
    first = choose_folds([line, majority], sample=40, draw=3)
    assert [each[1:] for each in first] == [each[1:] for each in choose_folds([line, majority], sample=40, draw=3)]
    assert len({(each.reference.name, each.fold, each.seed) for each in first}) == 40
    assert len(choose_folds([line], sample=1000)) == 68
    with pytest.raises(MerlibError, match="casme2-sub99"):
        choose_folds([line], fold="casme2-sub99")


def run_folder(place, value, digest="d", low=0.5, high=0.7, **more):
    cell = {"row": "A", "column": "full.uf1", "value": value, "unit": "1", "low": low, "high": high, "note": "sub01"}
    record = {
        "id": "am3f.table3",
        "grade": "real analogue",
        "data": [{"name": "casme2", "digest": digest, "synthetic": False, "notes": ["clip EP02_01f left out"]}],
        "experiments": [{"experiment_digest": "e", "label": "A"}],
        "cells": [cell],
        **more,
    }
    (place / "artefacts").mkdir(parents=True)
    (place / "artefacts" / "am3f.table3.json").write_text(json.dumps(record))
    return place


@pytest.mark.parametrize(
    ("value", "digest", "colour"),
    [(0.6, "d", GREEN), (0.65, "d", GREEN), (0.9, "d", RED), (0.9, "other", OPEN), (0.65, "other", GREEN)],
)
def test_two_runs_agree_within_each_others_intervals(tmp_path, value, digest, colour):
    one = read_run(run_folder(tmp_path / "a", 0.6))
    other = read_run(run_folder(tmp_path / "b", value, digest))
    [verdict] = compare_runs(one, other)["verdict"]
    assert verdict == colour


def test_aggregates_hold_no_clip_and_compare_as_the_run_does(tmp_path):
    run_folder(tmp_path / "a", 0.6)
    run_folder(tmp_path / "b", 0.9)
    file = tmp_path / "a.json"
    done = CliRunner().invoke(app, ["verify", str(tmp_path / "a"), "--aggregates", str(file)])
    assert done.exit_code == 0, done.output
    text = file.read_text()
    assert "EP02" not in text
    assert "sub01" not in text
    compared = CliRunner().invoke(
        app, ["verify", str(file), str(tmp_path / "b"), "--html", str(tmp_path / "page.html")]
    )
    assert compared.exit_code == 1  # .6 against .9 on the same data
    assert "+0.3" in (tmp_path / "page.html").read_text()


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(MerlibError, match="no run"):
        read_run(tmp_path / "absent.json")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(MerlibError, match="aggregates"):
        read_run(tmp_path / "other.json")


def test_the_page_is_whole_escaped_and_needs_nothing_else():
    finding = Finding("<b>name</b>", "record", wrong=["x" * 300])
    table = pd.DataFrame(
        [(finding.verdict, finding.kind, finding.name, finding.said)], columns=["verdict", "b", "c", "d"]
    )
    page = verification_page("title", table, {"green": 0, "red": 1, "open": 0}, "merlib verify")
    assert "x" * 300 in page  # nothing is cut by an ellipsis
    assert "&lt;b&gt;name" in page
    assert "<b>name" not in page
    assert not [word for word in ("http:", "https:", " src=", "<link") if word in page]
    assert "of 1 rows" in Filterable(table, "Filter").to_html()
