"""Planned runs as tables: no half family is tested, and each run says what it lacks."""

from __future__ import annotations

import pandas as pd
import pytest
from known_predictions import plan_as_if_committed as states

from merlib.publishing.planned.comparisons import COLUMNS, FAMILIES, beyond_these_seeds, plan_table, planned_tests
from merlib.publishing.planned.plan import planned_runs
from merlib.publishing.tables.metrics import comparison_table, finding


def test_families_name_planned_runs():
    plan = planned_runs()
    assert {name for pairs in FAMILIES.values() for pair in pairs for name in pair} <= set(plan)


@pytest.mark.long
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


@pytest.mark.long
def test_a_test_s_runs_name_the_seeds_that_were_compared():
    _, runs, _ = planned_tests(states({}))
    assert runs["ststnet-loso"].attrs["experiment"]["seeds"] == [0]
    assert set(runs["ststnet-loso"]["seed"]) == {0}
    assert runs["am3f-10-ce"].attrs["experiment"]["seeds"] == [0, 1, 2]


def test_a_difference_holds_for_other_seeds_only_where_test_and_interval_agree():
    verdicts = ["a higher", "a higher", "not shown", "b higher"]
    tests = pd.DataFrame({"verdict": verdicts, "low": [0.001, -0.002, 0.001, -0.04], "high": [0.04, 0.03, 0.03, -0.01]})
    assert beyond_these_seeds(tests, 3) == ["shown", "not shown", "not shown", "shown"]
    assert set(beyond_these_seeds(tests, 1)) == {"one seed"}
