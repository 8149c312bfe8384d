"""A result read from predictions that earlier code made says so, on screen and in its record."""

from __future__ import annotations

import json

import pytest

from merlib.cli.screen import earlier_code
from merlib.learning import Experiment, Recipe, save_reference
from merlib.learning.store import references
from merlib.publishing import study as study_module
from merlib.publishing.records import record as record_module
from merlib.publishing.records.record import experiments_of


@pytest.fixture
def run_of_reference(study, tmp_path, monkeypatch):
    """What the study returns for a committed reference, after its code was changed or not."""
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "reference"))
    monkeypatch.setenv("MERLIB_PROGRESS", "off")
    experiment = Experiment("majority", Recipe("mine", normalisation="none"), "groupkfold:2", label="Majority")
    samples = study.samples("megc2019-flow")
    predictions = study.run(experiment, samples)

    def again(changed: bool):
        if changed:
            predictions.attrs["source_digest"] = "0" * 64
        save_reference(predictions, experiment, samples, tmp_path / "reference")
        return study.run(experiment, samples)

    return again


@pytest.mark.long
@pytest.mark.parametrize("changed", [False, True])
def test_the_record_and_the_screen_say_whether_the_code_has_changed(changed, run_of_reference, tmp_path, capsys):
    [entry] = experiments_of({"Majority": run_of_reference(changed)})
    assert entry["origin"] == "reference"
    assert entry["source_unchanged"] is not changed
    assert ("MERLIB_REFERENCES=off" in capsys.readouterr().out) is changed
    (tmp_path / "artefacts").mkdir()
    record = {"notebook": "10_losses", "experiments": [entry]}
    (tmp_path / "artefacts" / "am3f.table5.json").write_text(json.dumps(record))
    assert ("Majority (10_losses)" in earlier_code(tmp_path)) is changed


@pytest.mark.long
def test_predictions_of_a_network_that_was_edited_here_name_the_edited_file(
    run_of_reference, tmp_path, capsys, monkeypatch
):
    for place in (study_module, record_module):
        monkeypatch.setattr(place, "edited_code", lambda model, started: (f"merlib/models/{model}.py",))
    [entry] = experiments_of({"Majority": run_of_reference(True)})
    assert "your edit of merlib/models/majority.py" in capsys.readouterr().out
    (tmp_path / "artefacts").mkdir()
    other = {**entry, "label": "Line", "made_without_edits_of": []}
    record = {"notebook": "10_losses", "experiments": [entry, other]}
    (tmp_path / "artefacts" / "am3f.table5.json").write_text(json.dumps(record))
    edited, earlier = sorted(earlier_code(tmp_path).splitlines())
    assert "your edit of merlib/models/majority.py" in edited
    assert "Majority (10_losses)" in edited
    assert "Line (10_losses)" in earlier
    assert "edit" not in earlier


@pytest.mark.long
def test_what_was_trained_now_says_nothing_of_references(study, monkeypatch):
    monkeypatch.setenv("MERLIB_REFERENCES", "off")
    monkeypatch.setenv("MERLIB_PROGRESS", "off")
    experiment = Experiment("majority", Recipe("mine", normalisation="none"), "groupkfold:2")
    [entry] = experiments_of({"Majority": study.run(experiment, study.samples("megc2019-flow"))})
    assert "source_unchanged" not in entry


def test_every_planned_reference_can_be_asked(monkeypatch):
    monkeypatch.setattr(references, "training_code", lambda model, started: f"{model} {started}")
    meta = {"experiment": {"model": "astnet", "start": "x"}, "source_digest": "astnet True"}
    assert references.source_unchanged(meta)
    assert not references.source_unchanged({**meta, "source_digest": "astnet False"})
