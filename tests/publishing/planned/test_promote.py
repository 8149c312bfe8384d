"""A run becomes a reference whole, or one grade of it; an unfinished run does not."""

from __future__ import annotations

import json

import pytest

from merlib.errors import MerlibError
from merlib.publishing.planned.promote import folder_of, promote_run


def make_run(folder, state="done"):
    artefacts = folder / "artefacts"
    artefacts.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"notebooks": {"01": {"state": state}}}))
    twin = {"name": "casme2", "synthetic": True}
    for name, grade, data, profile in (("a.table1", "twin", [twin], "smoke"), ("a.figure1", "diagram", [], "")):
        (artefacts / f"{name}.json").write_text(json.dumps({"grade": grade, "data": data, "profile": profile}))
        (artefacts / f"{name}.md").write_text(name)
        (artefacts / f"{name}.tex").write_text(name)
    return folder


def test_artefacts_lie_by_data_and_profile(tmp_path):
    reference = tmp_path / "reference"
    new = promote_run(make_run(tmp_path / "run"), reference)
    assert sorted(path.relative_to(reference).as_posix() for path in new) == [
        *("casme2_twin/smoke/artefacts/a.table1.json", "casme2_twin/smoke/artefacts/a.table1.md"),
        *("no_data/any/artefacts/a.figure1.json", "no_data/any/artefacts/a.figure1.md"),
    ]


def test_what_rests_on_several_sources_is_not_filed_as_resting_on_none(tmp_path):
    run = make_run(tmp_path / "run")
    path = run / "artefacts" / "a.table1.json"
    record = json.loads(path.read_text())
    record["data"] = [{"name": "smic", "synthetic": True}, *record["data"]]
    path.write_text(json.dumps(record))
    new = promote_run(run, tmp_path / "reference")
    assert {each.parents[2].name for each in new if each.stem == "a.table1"} == {"casme2_twin_and_smic_twin"}


def test_two_editions_of_one_artefact_are_both_copied(tmp_path):
    run = make_run(tmp_path / "run")
    for path in list((run / "artefacts").glob("a.table1.*")):
        (path.parent / f"a.table1.planned{path.suffix}").write_bytes(path.read_bytes())
    new = promote_run(run, tmp_path / "reference")
    both = {f"a.table1{edition}{suffix}" for edition in ("", ".planned") for suffix in (".json", ".md")}
    assert {path.name for path in new if path.stem.startswith("a.table1")} == both


def test_one_grade_alone_is_copied(tmp_path):
    new = promote_run(make_run(tmp_path / "run"), tmp_path / "reference", "diagram")
    assert {path.stem for path in new} == {"a.figure1"}


def test_an_unfinished_run_is_refused_and_nothing_is_copied(tmp_path):
    with pytest.raises(MerlibError, match="01 not done"):
        promote_run(make_run(tmp_path / "run", "failed"), tmp_path / "reference")
    assert not (tmp_path / "reference").exists()


def test_a_folder_s_name_is_plain():
    assert folder_of({"name": "twins of casme2, samm", "synthetic": True}) == "twins_of_casme2_samm_twin"
    assert folder_of({"name": "megc2019-flow", "synthetic": False}) == "megc2019_flow"
