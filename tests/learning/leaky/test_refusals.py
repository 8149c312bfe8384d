"""What the laboratory made is refused wherever honest results are read; SYNTHETIC predictions."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from toy_samples import make_experiment

from merlib.errors import MerlibError
from merlib.learning import Experiment, run, save_reference
from merlib.learning.leaky.laboratory import Laboratory, keep, kept
from merlib.learning.leaky_names import leaky_name, refuse_leaky
from merlib.learning.store.fold_store import write_parquet
from merlib.learning.store.reference_sums import seal
from merlib.learning.store.references import every_reference, find_reference, read_reference, reference_path
from merlib.publishing.records.ledger import best_records
from merlib.publishing.records.save_table import save_table
from merlib.publishing.study import open_study
from merlib.publishing.verify.verdicts import verdict_table

NAME = "leaky:clip-split"
EXPERIMENT = make_experiment("linear", augmentation=("mirrored_copies",))
REFUSED = "the leakage laboratory's"


@pytest.fixture
def taken(samples, tmp_path):
    return Laboratory(EXPERIMENT, samples, tmp_path / "cache").take(NAME)


def record(taken: pd.DataFrame, identifier: str) -> dict:
    entry = {"label": "a", "experiment": taken.attrs["experiment"]}
    cell = {"row": "a", "column": "full.uf1", "value": 0.9, "reported": 0.8, "low": 0.8, "high": 1.0, "note": ""}
    cell |= {"verdict": "identical", "difference": 0.1}
    told = {"id": identifier, "grade": "real exact", "training": "paper", "cells": [cell], "experiments": [entry]}
    return told | {"substitution": "", "synthetic": False, "protocol": NAME, "classes": [3]}


def test_no_experiment_can_be_built_or_run_with_a_leaky_name(taken):
    with pytest.raises(MerlibError, match="leaky"):
        Experiment.from_dict(taken.attrs["experiment"])


def test_the_reference_store_takes_none(taken, samples, root):
    with pytest.raises(MerlibError, match=REFUSED):
        save_reference(taken, EXPERIMENT, samples, root)
    assert not root.exists()


def test_the_reference_store_reads_none_even_sealed_under_an_honest_name(taken, samples, root):
    path = reference_path(EXPERIMENT, samples, root)
    write_parquet(taken.drop(columns="experiment"), dict(taken.attrs), path)
    seal(root)
    for read in (lambda: read_reference(path, root), lambda: find_reference(EXPERIMENT, samples)):
        with pytest.raises(MerlibError, match=REFUSED):
            read()
    with pytest.raises(MerlibError, match=REFUSED):
        every_reference("toy_twin")
    with pytest.raises(MerlibError, match=REFUSED):
        run(EXPERIMENT, samples)


def test_the_laboratory_s_folder_is_no_reference_store_whatever_lies_there(samples, tmp_path, monkeypatch):
    honest = run(EXPERIMENT, samples, store=tmp_path / "store", workers=1, references=False)
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "leaky"))
    with pytest.raises(MerlibError, match=REFUSED):
        save_reference(honest, EXPERIMENT, samples, tmp_path / "leaky")
    path = save_reference(honest, EXPERIMENT, samples, tmp_path / "reference")
    shutil.copytree(tmp_path / "reference", tmp_path / "leaky")
    assert read_reference(path, tmp_path / "reference")[0] is not None
    with pytest.raises(MerlibError, match=REFUSED):
        find_reference(EXPERIMENT, samples)


def test_the_ledger_and_the_verdicts_refuse_a_record_that_rests_on_it(taken):
    for identifier in ("am3f.table3", "extra.same_folds"):
        with pytest.raises(MerlibError, match=REFUSED):
            best_records([record(taken, identifier)])
        with pytest.raises(MerlibError, match=REFUSED):
            verdict_table([record(taken, identifier)])  # what claims are told from


def test_the_laboratory_s_own_record_is_the_best_record_of_nothing(taken):
    assert best_records([record(taken, "extra.leaky_liberties")]) == {}


def test_no_table_of_a_paper_is_saved_from_it(taken, tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_RUN_DIR", str(tmp_path / "run"))
    study = open_study("14_protocol_audit", store=str(tmp_path / "store"))
    table = pd.DataFrame({"full.uf1": [0.9]}, index=["taken"])
    for artefact in ("am3f.table3", "extra.same_folds"):
        with pytest.raises(MerlibError, match=REFUSED):
            save_table(artefact, table, {"taken": taken}, study=study)
    saved = save_table("extra.leaky_liberties", table, {"taken": taken}, study=study)
    assert saved.record["leaky"] == ["taken"]
    assert NAME in saved.record["protocol"]
    assert "SYNTHETIC" in saved.headline
    assert "LEAKY" in saved.headline


def test_what_is_kept_is_read_again_and_a_damaged_file_is_not(taken, tmp_path):
    folder = tmp_path / "leaky"
    path = keep(taken, NAME, "linear", folder)
    again = kept("toy_twin", "linear", folder)
    assert list(again) == [NAME]
    pd.testing.assert_frame_equal(again[NAME], taken, check_exact=True)
    assert json.loads(json.dumps(dict(taken.attrs))) == again[NAME].attrs
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(MerlibError):
        kept("toy_twin", "linear", folder)


def test_predictions_are_kept_in_a_folder_called_leaky_only_and_never_of_licensed_clips(taken, tmp_path):
    with pytest.raises(MerlibError, match="leaky"):
        keep(taken, NAME, "linear", tmp_path / "reference")
    taken.attrs |= {"synthetic": False, "data": "casme2"}
    with pytest.raises(MerlibError, match="public"):
        keep(taken, NAME, "linear", tmp_path / "leaky")


def test_a_name_is_told_from_predictions_and_from_records():
    honest = {"experiment": {"protocol": "loso"}}
    assert (leaky_name(honest), leaky_name({"experiment": {"protocol": NAME}})) == ("", NAME)
    assert refuse_leaky(honest, "anybody") is None
