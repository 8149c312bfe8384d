"""Planned runs as tables: no half family is tested, no half table shown."""

from __future__ import annotations

import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.errors import MerlibError
from merlib.learning.reference_plan import PlannedState, planned_runs
from merlib.publishing import reference_tables
from merlib.publishing.reference_tables import (
    COLUMNS,
    FAMILIES,
    STANDS_IN,
    TABLES,
    code_note,
    plan_table,
    planned_table,
    planned_tests,
    spread_caption,
    table_runs,
)
from merlib.publishing.results import comparison_table, finding
from merlib.sources.reported import reported_values


def states(wrong, without=(), code=()):
    """The whole plan as if committed: `wrong` answers by run, 0 else; runs in `without` are absent, in `code` newer."""
    samples, all_states = make_samples(), {}
    for name, planned in planned_runs().items():
        experiment = planned.experiment
        one = make_predictions(samples, wrong.get(name, 0))
        frame = pd.concat([one.assign(seed=seed) for seed in experiment.seeds], ignore_index=True)
        frame.attrs = {"experiment": experiment.to_dict(), "source_digest": "newer" if name in code else "older"}
        absent = name in without
        all_states[name] = PlannedState(experiment, None if absent else frame, experiment.seeds if absent else ())
    return all_states


def test_families_and_tables_name_planned_runs_and_printed_rows():
    plan = planned_runs()
    assert {name for pairs in FAMILIES.values() for pair in pairs for name in pair} <= set(plan)
    for artefact, rows in TABLES.items():
        assert set(rows.values()) <= set(plan)
        assert set(rows) == set(reported_values(artefact)["row"])


def test_every_complete_family_is_corrected_by_itself():
    found = states({"am3f-10-ce": 12, "am3f-10-focal": 3, "linear-loso": 6})
    tests, runs, lacking = planned_tests(found)
    assert lacking == {}
    assert list(tests) == COLUMNS
    assert tests["family"].tolist() == ["losses"] * 3 + ["modules"] * 3 + ["humble baselines"] * 2
    assert set(runs) == {name for pairs in FAMILIES.values() for pair in pairs for name in pair}
    alone = comparison_table(runs, FAMILIES["losses"])
    assert tests[tests["family"] == "losses"]["p, Holm"].tolist() == alone["p, Holm"].tolist()
    assert tests.loc["am3f-loso-lasce against ststnet-loso", "UF1 difference"] == 0


def test_a_family_that_lacks_a_run_is_not_tested_and_says_what_it_waits_for():
    tests, runs, lacking = planned_tests(states({}, without=["am3f-10-focal", "am3f-10-without-msff"]))
    assert set(tests["family"]) == {"humble baselines"}
    assert set(runs) == {"am3f-loso-lasce", "linear-loso", "ststnet-loso"}
    assert lacking == {"losses": ["am3f-10-focal"], "modules": ["am3f-10-without-msff"]}


def test_without_any_complete_family_there_is_no_test():
    tests, runs, lacking = planned_tests(states({}, without=["am3f-10-lasce", "linear-loso"]))
    assert (len(tests), list(tests), runs) == (0, COLUMNS, {})
    assert finding(tests).endswith("none (0 of 0).")
    assert set(lacking) == set(FAMILIES)


def test_the_plan_s_table_has_numbers_where_predictions_are():
    table = plan_table(states({}, without=["am3f-loso-ce"])).set_index("run")
    assert table.loc["am3f-loso-lasce", "UF1"] == pytest.approx(1.0)
    assert table.loc["am3f-loso-ce"].isna().tolist() == [False] * 2 + [True] * 3
    assert table.loc["am3f-loso-ce", "missing"] == "0"
    assert list(table.index) == list(planned_runs())


def test_rows_are_labelled_as_printed_and_half_a_table_is_refused():
    runs = table_runs("dual_atme.table6", states({}))
    assert list(runs) == ["CE SGD", "CE Adam", "w-CE Adam", "Focal Adam"]
    assert set(runs["Focal Adam"]["experiment"]) == {"Focal Adam"}
    with pytest.raises(MerlibError, match="merlib reference train dual-atme-10-ce-sgd"):
        table_runs("dual_atme.table6", states({}, without=["dual-atme-10-ce-sgd"]))


def test_rows_by_different_code_are_told():
    assert code_note(table_runs("dual_atme.table6", states({}))) == ""
    mixed = table_runs("dual_atme.table6", states({}, code=["dual-atme-10-hars-aars"]))
    assert code_note(mixed) == (
        "rows trained by 2 states of the code: CE SGD, CE Adam, w-CE Adam by older; Focal Adam by newer"
    )


def test_a_test_s_runs_name_the_seeds_that_were_compared():
    _, runs, _ = planned_tests(states({}))
    assert runs["ststnet-loso"].attrs["experiment"]["seeds"] == [0]
    assert set(runs["ststnet-loso"]["seed"]) == {0}
    assert runs["am3f-10-ce"].attrs["experiment"]["seeds"] == [0, 1, 2]


def test_a_planned_table_says_what_stands_in_and_where_rows_lack_which(study, monkeypatch):
    full = states({"dual-atme-10-ce-sgd": 3})
    for state in full.values():
        state.predictions.attrs |= make_predictions(make_samples()).attrs | state.predictions.attrs
        state.predictions.attrs["notes"] = ["canonical boxes"]
    monkeypatch.setattr(reference_tables, "planned_states", lambda: full)
    record = planned_table("dual_atme.table6", study, note="rate of Adam").record
    assert record["substitution"] == f"{STANDS_IN}; canonical boxes; rate of Adam"
    assert record["protocol"] == "groupkfold:10"
    assert record["caption"].startswith("UF1 from 0.")
    assert {cell["row"] for cell in record["cells"]} == set(TABLES["dual_atme.table6"])
    monkeypatch.setattr(reference_tables, "planned_states", lambda: states({}, without=["dual-atme-10-ce-sgd"]))
    told = planned_table("dual_atme.table6", study)
    assert "lacks dual-atme-10-ce-sgd" in told
    assert "merlib reference train dual-atme-10-ce-sgd" in told


@pytest.mark.parametrize(("ends", "told"), [((0.6, 0.75), "; every interval"), ((0.6, 0.71), "; not every interval")])
def test_the_caption_says_whether_the_rows_can_be_told_apart(ends, told):
    values = pd.DataFrame({"full.uf1": [0.7, 0.65, 0.72]}, index=["a", "b", "c"])
    low, high = (values * 0 + end for end in ends)
    caption = spread_caption(values, low, high)
    assert caption.startswith("UF1 from 0.650 (b) to 0.720 (c)" + told)
