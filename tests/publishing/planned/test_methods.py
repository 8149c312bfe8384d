"""Which printed row has which run; what is missing is said with its hours and stops nothing."""

from __future__ import annotations

import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.errors import MerlibError
from merlib.publishing import open_study
from merlib.publishing.planned import hours, methods, same_folds
from merlib.publishing.planned.archive_plan import FLOW, PHASES, every_planned_run
from merlib.publishing.planned.headline import headline_by_archive
from merlib.publishing.planned.plan import PlannedState
from merlib.sources.reported import reported_values


@pytest.fixture
def study(monkeypatch, tmp_path):
    monkeypatch.setenv("MERLIB_RUN_DIR", str(tmp_path))
    return open_study("09_baselines")


def committed(names: dict[str, int]) -> dict[str, PlannedState]:
    """Every planned run; those of `names` as if committed with so many wrong answers, the others missing."""
    states = {}
    for name, planned in every_planned_run().items():
        experiment, frame = planned.experiment, None
        if name in names:
            frame = make_predictions(make_samples(synthetic=False, name=planned.data), names[name])
            frame.attrs |= {"experiment": experiment.to_dict(), "experiment_digest": experiment.digest}
            frame.attrs["samples_digest"] = planned.samples_digest
        states[name] = PlannedState(experiment, frame, () if name in names else experiment.seeds)
    return states


def use(monkeypatch, states):
    monkeypatch.setattr(methods, "planned_states", lambda plan: states)
    return states


def test_every_named_row_is_printed_and_every_named_run_is_planned():
    plan = every_planned_run()
    for artefact, rows in methods.RUNS.items():
        assert set(rows) <= set(reported_values(artefact)["row"])
        for name in rows.values():
            assert any(methods.on_archive(name, data, plan) for data in methods.ARCHIVES)
    for name in (*methods.OURS.values(), *same_folds.methods().values()):
        assert all(methods.on_archive(name, data, plan) for data in methods.ARCHIVES)
    assert set(methods.NESTED.values()) <= set(plan)
    assert methods.on_archive("linear-loso", FLOW, plan) == "linear-loso"  # the first archive's oldest runs
    assert methods.on_archive("linear-loso", PHASES, plan) == "phases-linear-loso"
    assert methods.on_archive("astnet-10", FLOW, plan) is None


@pytest.mark.long
def test_a_comparison_shows_what_is_there_and_says_of_every_other_row_why_it_has_none(monkeypatch, study):
    use(monkeypatch, committed({"ststnet-loso": 3, "linear-loso": 1, "phases-linear-loso": 2}))
    found = methods.save_comparison("am3f.table3", study)
    assert list(found.saved) == [FLOW]  # the second archive has none of the printed methods, only the line
    view = found.view("full.uf1")
    assert view["rank"].loc[["STSTNet", "Linear on pixels", "BDCNN", "CapsuleNet"]].tolist() == [
        "2",
        "1",
        "reported",
        "CROSS-X2",
    ]
    said = view["same protocol?"]
    assert said["STSTNet"].startswith("yes")
    assert said["LBP-TOP"].startswith("not run: needs licensed clips")
    assert said["CapsuleNet"].startswith(f"not run: needs {hours.hours_of('capsulenet'):.3g} h")
    assert said["AM3F-FlowNet"].startswith("planned, missing")
    assert said["BDCNN"].startswith("reported, not rebuilt here")
    record = found.saved[FLOW].record
    assert (record["grade"], record["synthetic"], record["profile"]) == ("real analogue", False, "paper")
    assert view.loc["BDCNN", "reported"] == "0.8509"  # a quotation is seen
    assert record["id"] == "extra.am3f_table3"  # without a row of AM3F-FlowNet it is not the paper's table
    assert record["substitution"].startswith("maps that")


@pytest.mark.long
def test_a_table_without_the_paper_s_own_row_is_made_on_the_twin(monkeypatch, study):
    use(monkeypatch, committed({"flow-dual-inception-10": 3, "linear-loso": 1}))
    twin = make_predictions(make_samples(name="smic"), label="UAMRN, SMIC")
    twin.attrs["experiment"] |= {"model": "uamrn", "label": "UAMRN, SMIC"}
    monkeypatch.setattr(methods, "every_reference", lambda folder: [twin] if folder == "smic_twin" else [])
    saved = methods.save_comparison("uamrn.table4", study).saved
    ids = {name: (table.record["id"], table.record["grade"]) for name, table in saved.items()}
    assert ids == {
        FLOW: ("extra.uamrn_table4", "real analogue"),
        "SYNTHETIC twin": ("uamrn.table4", "twin"),
    }


@pytest.mark.long
def test_a_table_without_any_real_row_holds_a_marked_row_of_the_twin_or_none(monkeypatch, study):
    use(monkeypatch, committed({}))
    twin = make_predictions(make_samples(name="casme2"), label="UAMRN")
    twin.attrs["experiment"] |= {"model": "uamrn", "label": "UAMRN"}
    monkeypatch.setattr(methods, "every_reference", lambda folder: [twin] if folder == "casme2_twin" else [])
    found = methods.save_comparison("uamrn.table2", study)
    assert found.saved["SYNTHETIC twin"].record["grade"] == "twin"
    view = found.view("casme2.acc")
    assert "SYNTHETIC twin" in view.loc["UAMRN", "same protocol?"]
    assert view["rank"].isin(["reported", "UAMRN-F7"]).all()
    nothing = methods.save_comparison("uamrn.table4", study)
    assert not nothing.saved
    assert nothing.view("smic.acc")["reported"].iloc[0] == "62.80"
    with pytest.raises(MerlibError, match=r"am3f\.table9"):
        methods.save_comparison("am3f.table9", study)


def test_hours_of_a_missing_run_are_those_of_the_other_archive_or_of_the_benchmark(monkeypatch):
    plan, states = every_planned_run(), committed({"am3f-loso-lasce": 0})
    states["am3f-loso-lasce"].predictions.attrs["train_seconds"] = 7200.0
    many, where = hours.hours_missing(plan["phases-am3f-loso-lasce"], states)
    assert many == 2
    assert "other archive" in where
    table = pd.DataFrame(
        {"network": ["resnet18 size 112", "resnet18 size 28"], "model": "resnet18", "processor": "P"}
    ).assign(**{"ms a sample and step": [9.0, 2.0]})
    monkeypatch.setattr(hours, "measured", lambda: table)
    run = plan["flow-resnet18-10"]
    many, where = hours.hours_missing(run, states)
    # ten folds: each of 442 clips trains in nine of them, in every epoch
    assert many == pytest.approx(442 * 9 * run.experiment.recipe.epochs * 2e-3 / 3600)
    assert "P" in where
    assert hours.hours_missing(plan["flow-mdmo-maps-loso"], states) == (None, "not measured")
    missing = hours.missing_table(plan, states)
    assert "am3f-loso-lasce" not in missing.index
    assert "phases-am3f-loso-lasce" in missing.index


def test_the_committed_hours_name_their_processor_and_hold_what_is_built_and_not_run():
    table = hours.not_run_table()
    assert list(table.index) == list(hours.BUILT_NOT_RUN)
    assert table["processor"].str.len().gt(3).all()
    expected = 442 * 67 * table["epochs"] * table["ms a sample and step"] / 3.6e6
    assert (abs(table["hours, one thread"] / expected - 1) < 0.02).all()


BOTH = {"linear-loso": 2, "phases-linear-loso": 1, "flow-champion-loso": 0, "phases-champion-loso": 0}


@pytest.mark.long
def test_the_same_folds_hold_no_ten_fold_run_and_the_headline_is_made_of_them(study):
    states = committed({**BOTH, "am3f-loso-lasce": 4, "flow-rcn-w-10": 0, "both-chosen-other-sets-loso": 3})
    found = same_folds.save_same_folds(states, study)
    assert set(found.saved.record["protocol"].split(", ")) == {"loso"}
    assert set(found.uf1.index) == {
        "Linear on pixels",
        "Champion",
        "AM3F-FlowNet",
        "Views chosen on the other data sets",
    }
    assert same_folds.save_forest(found, study) == found.saved.record["caption"]
    table = headline_by_archive(found.saved.record)
    ours = table[(table["paper"] == "AM3F-FlowNet, Table 3") & (table["number"] == "Full UF1")].set_index("archive")
    assert ours.loc[PHASES, "ours"] == "not trained yet"
    assert ours.loc[PHASES, "verdict"] == "-"
    assert ours.loc[FLOW, "printed"] == ".8536"
    value = found.uf1.loc["AM3F-FlowNet", FLOW]
    assert ours.loc[FLOW, "ours"].startswith(f"{value:.3f}"[1:])
    assert ours["the champion"].str.startswith("1.000").all()


def test_nothing_committed_is_said_and_raises_nothing(study):
    states = committed({})
    assert same_folds.save_same_folds(states, study) is None
    table, said = same_folds.save_between_archives(states, study)
    assert table.empty
    assert "No method" in said
    saved, tests = same_folds.save_champion_tests(states, study)
    assert saved is None
    assert set(tests.lacking) == set(same_folds.FAMILIES)


def test_the_champion_s_family_is_tested_whole_or_not_at_all(study):
    first = ("flow-champion-loso", "linear-loso", "am3f-loso-lasce", "dual-atme-loso")
    states = committed({name: 2 * number for number, name in enumerate(first)} | {"phases-champion-loso": 0})
    saved, tests = same_folds.save_champion_tests(states, study)
    assert list(tests.lacking) == ["champion, second archive"]
    assert len(saved.shown) == 3
    assert "waits for phases-linear-loso" in saved.record["caption"]


def test_only_methods_that_read_maps_are_compared_across_archives(study):
    states = committed({**BOTH, "flow-majority-loso": 9, "phases-majority-loso": 9})
    table, _ = same_folds.save_between_archives(states, study)
    assert set(table.index) == {"Linear on pixels", "Champion"}
    assert study.profile.name == "smoke"  # the record's study is a copy
