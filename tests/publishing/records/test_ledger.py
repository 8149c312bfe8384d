"""The ledger: 73 artefacts, grades that cannot flatter, the best record wins."""

from __future__ import annotations

import json
import os
import re

import pytest

from merlib.errors import MerlibError
from merlib.places import repository_root
from merlib.publishing.records import ledger
from merlib.publishing.records.extra_titles import extra_titles


def test_ledger_holds_the_73_artefacts_of_five_papers():
    rows = ledger.artefacts()
    assert len(rows) == 73
    assert {row.paper for row in rows.values()} == set(ledger.PAPERS)
    assert rows["am3f.table5"].notebook == "10_losses"


def test_unknown_artefact_is_refused_with_the_nearest_name():
    with pytest.raises(MerlibError, match=r"am3f\.table5"):
        ledger.get_artefact("am3f.tabel5")


@pytest.mark.parametrize(
    ("identifier", "synthetic", "whole", "exact", "grade"),
    [
        ("am3f.table3", False, True, None, "real exact"),
        ("am3f.table3", False, False, None, "real analogue"),  # abridged training is never exact
        ("am3f.table3", False, True, False, "real analogue"),  # a substitution was stated
        ("am3f.table5", False, True, None, "real analogue"),
        ("am3f.table5", True, False, None, "twin"),
        ("am3f.table5", True, True, None, "twin"),
        ("am3f.figure1", None, True, None, "diagram"),
        ("am3f.table1", None, True, None, "real exact"),
        ("extra.losses", None, True, None, "diagram"),
    ],
)
def test_grade_follows_data_and_training(identifier, synthetic, whole, exact, grade):
    assert ledger.grade_of(ledger.get_artefact(identifier), synthetic, whole, exact) == grade


def test_better_grade_wins_and_of_equal_grades_the_longer_recipe():
    records = [
        {"id": "a", "grade": "twin", "training": "smoke"},
        {"id": "a", "grade": "real analogue", "training": "smoke"},
        {"id": "a", "grade": "real analogue", "training": "abridged"},
        {"id": "a", "grade": "twin", "training": "paper"},
    ]
    assert ledger.best_records(records)["a"] == records[2]


def test_a_run_by_the_paper_s_protocol_outranks_committed_folds_of_the_same_recipe():
    folds = {"id": "a", "grade": "real analogue", "training": "paper", "protocol": "groupkfold:10", "substitution": "x"}
    loso = folds | {"protocol": "loso"}
    own_data = loso | {"substitution": ""}
    assert ledger.best_records([folds, loso])["a"] == loso
    assert ledger.best_records([folds, loso, own_data])["a"] == own_data
    assert ledger.best_records([folds, loso | {"training": "abridged"}])["a"] == folds


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.write_text('{"id": "am3f'),
        lambda path: path.write_text("[" * 100_000),
        os.mkfifo,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path),
    ],
    ids=["cut short", "nested deep", "a named pipe", "an endless device", "a link to itself"],
)
def test_a_record_that_cannot_be_read_is_named_and_not_passed_over(tmp_path, put):
    put(tmp_path / "am3f.table5.json")
    with pytest.raises(MerlibError, match=r"am3f\.table5\.json cannot be read"):
        ledger.read_records([tmp_path])


@pytest.mark.parametrize("odd", [{"id": []}, {"grade": []}, {"grade": {}}])
def test_a_file_of_another_form_is_no_record(tmp_path, odd):
    (tmp_path / "x.json").write_text(json.dumps({"id": "am3f.table5", "grade": "twin", **odd}))
    assert ledger.read_records([tmp_path]) == []


def test_status_counts_add_up_to_the_ledger(tmp_path):
    folder = tmp_path / "artefacts"
    folder.mkdir()
    cells = [{"difference": -0.25}, {"difference": 0.1}, {"difference": None}]
    cells.append({"difference": 3.0, "verdict": "not comparable (classes)"})
    record = {"id": "am3f.table5", "grade": "twin", "training": "smoke", "data": [], "cells": cells}
    (folder / "am3f.table5.json").write_text(json.dumps(record))
    (folder / "other.json").write_text("[1, 2]")  # not a record: passed over
    status = ledger.status_of(ledger.best_records(ledger.read_records([folder])))
    row = status.set_index("id").loc["am3f.table5"]
    assert (row["grade"], row["training"], row["largest difference"]) == ("twin", "smoke", 0.25)
    counts = ledger.grade_counts(status)
    assert counts.loc["all"].sum() == 73
    assert counts.loc["AM3F-FlowNet", "twin, smoke"] == 1


@pytest.mark.parametrize("grade", ["real analogue", "twin"])
def test_three_epochs_never_carry_the_word_of_an_unabridged_run(grade):
    words = [ledger.kind_of({"grade": grade, "training": training}) for training in ledger.TRAININGS]
    assert len(set(words)) == len(words)
    assert set(words) <= set(ledger.KINDS)


def test_printed_classes_are_those_of_the_column():
    table = ledger.get_artefact("am3f.table2")
    assert [table.printed_classes(f"{name}.acc") for name in ("samm", "smic", "casme2")] == [5, 3, 5]
    assert ledger.get_artefact("am3f.table3").printed_classes("full.uf1") == 3
    assert ledger.get_artefact("am3f.table1").printed_classes("samm") is None


def test_a_notebook_that_is_not_written_is_not_named():
    status = ledger.status_of({}).set_index("id")
    assert status.loc["am3f.table5", "notebook"] == "10_losses"
    absent = status["notebook"][~status["notebook"].map(lambda name: not name or ledger._written(name) == name)]
    assert absent.empty


@pytest.mark.parametrize(
    ("identifier", "title"),
    [
        ("extra.am3f_sizes", "AM3F-FlowNet sizes"),
        ("extra.dual_atme_sizes", "Dual-ATME sizes"),
        ("extra.uamrn_smic_sizes", "UAMRN SMIC sizes"),
        ("extra.planned_am3f_table5", "Planned AM3F-FlowNet Table 5"),
        ("extra.my_folds", "My folds"),
    ],
)
def test_a_result_without_a_title_is_titled_by_its_id_with_names_as_readers_know_them(identifier, title):
    assert ledger.get_artefact(identifier).title == title


def test_every_result_beyond_the_papers_that_is_saved_here_has_a_title_of_its_own():
    root, titles = repository_root(), extra_titles()
    sources = [*(root / "notebooks").glob("*.py"), *(root / "merlib").rglob("*.py")]
    named = {name for path in sources for name in re.findall(r'"(extra\.\w*[a-z0-9])"', path.read_text("utf-8"))}
    committed = {".".join(path.name.split(".")[:2]) for path in (root / "results").rglob("reference/**/extra.*.json")}
    assert len(named) > 50
    assert (named | committed) - set(titles) == set()
    assert len(set(titles.values())) == len(titles)
    assert [title for title in titles.values() if "_" in title or len(title) > 75] == []


def test_a_record_committed_long_ago_is_shown_under_the_title_of_today():
    assert ledger.title_of({"id": "extra.larnet_split", "title": "Larnet split"}).startswith("LARNet: ")
    assert ledger.title_of({"id": "am3f.table5", "title": "old"}).startswith("AM3F-FlowNet, Table 5: ")
    assert ledger.title_of({"id": "nobody.table1", "title": "Theirs"}) == "Theirs"
