"""Published tables from committed runs: rows as printed, never half a table, and what stands in is said."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from known_predictions import plan_as_if_committed as states

from merlib.errors import MerlibError
from merlib.publishing import save_table
from merlib.publishing.planned import tables as planned_artefacts
from merlib.publishing.planned.plan import planned_runs
from merlib.publishing.planned.tables import (
    OWN_ROWS,
    TABLES,
    THEIR_MAPS,
    THREE_CLASSES,
    code_note,
    counted_inside,
    planned_confusions,
    planned_figure,
    planned_table,
    spread_caption,
    stands_in,
    table_runs,
)
from merlib.publishing.records.ledger import best_records, read_records
from merlib.publishing.tables.metrics import metric_table
from merlib.publishing.verify.expected import numbers_of
from merlib.running.run_record import artefact_records
from merlib.sources.reported import reported_values


def test_tables_name_planned_runs_and_printed_rows():
    plan = planned_runs()
    for artefact, rows in TABLES.items():
        assert set(rows.values()) <= set(plan)
        printed = list(dict.fromkeys(reported_values(artefact)["row"]))
        assert list(rows) == (printed[-1:] if artefact in OWN_ROWS else printed)


def test_each_row_is_the_run_that_is_labelled_so():
    plan = planned_runs()
    shared = {"LASCE": "AM3F-FlowNet", "0.01": "HARS + AARS", "Focal Adam": "HARS + AARS"}  # rows of two tables
    for artefact, rows in TABLES.items():
        for row, name in rows.items():
            experiment = plan[name].experiment
            if artefact in OWN_ROWS:
                assert experiment.protocol == "loso"
                continue
            assert experiment.label.removeprefix("lambda ") == shared.get(row, row)
            assert experiment.protocol == "groupkfold:10"  # as `stands_in` says
    assert plan[TABLES["am3f.table5"]["LASCE"]].experiment.recipe.loss == "lasce"
    both = plan[TABLES["dual_atme.table5"]["0.01"]].experiment.recipe
    assert (both.auxiliary_weight, both.loss, both.optimiser) == (0.01, "focal", "adam")


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


@pytest.fixture
def committed(monkeypatch):
    """Have the whole plan committed, or all of it but some runs."""

    def commit(wrong, without=()):
        found = states(wrong, without)
        for state in found.values():
            if state.predictions is not None:
                state.predictions.attrs["notes"] = ["canonical boxes"]
        monkeypatch.setattr(planned_artefacts, "planned_states", lambda: found)

    return commit


def test_a_planned_table_says_what_stands_in(study, committed):
    committed({"dual-atme-10-ce-sgd": 3})
    record = planned_table("dual_atme.table6", study, note="rate of Adam").record
    seeds = "ten subject-disjoint folds of the public maps, seed 0, in place of leave one subject out"
    assert record["substitution"] == f"{seeds}; {THEIR_MAPS}; canonical boxes; rate of Adam"
    assert record["protocol"] == "groupkfold:10"
    assert record["caption"].startswith("Full UF1 from 0.")
    assert {cell["row"] for cell in record["cells"]} == set(TABLES["dual_atme.table6"])


def test_where_rows_lack_nothing_is_written_and_the_command_is_named(study, committed):
    committed({}, without=["am3f-10-without-msff"])
    for told in (planned_table("am3f.table4", study), planned_figure("am3f.table4", "casme2.f1", study)):
        assert "lacks am3f-10-without-msff" in told
        assert "merlib reference train am3f-10-without-msff" in told
    assert not study.artefact_folder.exists()


@pytest.mark.long
def test_the_table_of_the_profile_stays_beside_the_planned_one(study, committed):
    committed({"am3f-10-ce": 6})
    runs = table_runs("am3f.table5", states({}))
    for frame in runs.values():  # as profile smoke trains them
        recipe = frame.attrs["experiment"]["recipe"] | {"epochs": 3}
        frame.attrs["experiment"] = frame.attrs["experiment"] | {"recipe": recipe}
    values, low, high = metric_table(runs, artefact="am3f.table5")
    save_table("am3f.table5", values, runs, low=low, high=high)
    planned = planned_table("am3f.table5", study).record
    found = {path.name: json.loads(path.read_text()) for path in study.artefact_folder.glob("*.json")}
    assert {name: record["profile"] for name, record in found.items()} == {
        "am3f.table5.json": "smoke",
        "am3f.table5.planned.json": "paper",
    }
    cells = {(cell["row"], cell["column"]): cell for cell in planned["cells"]}
    assert cells["CE", "casme2.acc"]["value"] == pytest.approx(50.0)  # 6 of CASME II's 12 clips are wrong
    assert (cells["LASCE", "casme2.acc"]["value"], cells["LASCE", "casme2.acc"]["reported"]) == (100.0, 84.52)
    assert planned["seeds"] == [0, 1, 2]
    assert THREE_CLASSES in planned["substitution"]
    assert "abridged" not in planned["substitution"]
    best = best_records(read_records([study.artefact_folder]))
    assert best["am3f.table5"]["profile"] == "paper"  # the ledger takes the longer recipe
    both = {"am3f.table5", "am3f.table5.planned"}
    assert set(numbers_of(study.folder)) == set(artefact_records(study.folder)) == both


@pytest.mark.long
def test_a_planned_figure_s_caption_is_of_the_column_that_it_draws(study, committed):
    committed({"am3f-10-without-mofrw": 6})
    caption = planned_figure("am3f.table4", "casme2.f1", study)
    assert caption.startswith("CASME II F1 from 0.")
    assert planned_table("am3f.table4", study).record["caption"].startswith("Full UF1 from 0.")
    record = json.loads((study.artefact_folder / "extra.planned_am3f_table4.json").read_text())
    assert (record["profile"], record["seeds"], record["grade"]) == ("paper", [0, 1, 2], "real analogue")
    plotted = pd.read_csv(study.artefact_folder / "extra.planned_am3f_table4.csv", index_col=0)
    assert list(plotted.index) == list(TABLES["am3f.table4"])


def test_seeds_are_named():
    assert "seeds 0, 1, 2," in stands_in(table_runs("am3f.table4", states({})))


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ((0.6, 0.75), "; every interval"),
        ((0.6, 0.71), "; not every interval"),
        ((0.66, 0.75), "; not every interval"),
    ],
)
def test_the_caption_says_whether_the_rows_can_be_told_apart(ends, told):
    values = pd.DataFrame({"samm.uf1": [0.7, 0.65, 0.72]}, index=["a", "b", "c"])
    low, high = (values * 0 + end for end in ends)
    caption = spread_caption(values, low, high, "samm.uf1")
    assert caption.startswith("SAMM UF1 from 0.650 (b) to 0.720 (c)" + told)


def test_the_row_of_the_paper_s_own_method_counts_the_printed_values_inside(study, committed):
    committed({"am3f-loso-lasce": 6})
    saved = planned_table("am3f.table3", study)
    assert saved.record["protocol"] == "loso"
    assert saved.record["substitution"].startswith("leave one subject out as in the paper, seed 0; ")
    assert {cell["row"] for cell in saved.record["cells"]} == {"AM3F-FlowNet"}
    inside = [cell for cell in saved.record["cells"] if cell["verdict"] == "analogue: within interval"]
    assert counted_inside(saved.record["cells"]) == (len(inside), 6)  # no clip of SAMM among these predictions
    assert saved.record["caption"] == f"{len(inside)} of 6 printed values lie in our 95 % intervals."
    for cell in saved.record["cells"]:
        if cell["reported"] is not None:
            assert (cell in inside) == (cell["low"] <= cell["reported"] <= cell["high"])


@pytest.mark.long
def test_dual_atme_s_figure_holds_the_recalls_that_its_text_prints(study, committed):
    committed({})
    planned_confusions("dual_atme.figure6", study)
    record = json.loads((study.artefact_folder / "dual_atme.figure6.planned.json").read_text())
    cells = {(cell["row"], cell["column"]): cell for cell in record["cells"]}
    assert (cells["Negative", "casme2.recall"]["reported"], cells["Negative", "casme2.recall"]["value"]) == (0.93, 1.0)
    assert len(cells) == 6
    assert (record["training"], record["protocol"], record["classes"]) == ("paper", "loso", [3])


@pytest.mark.long
def test_the_confusions_of_the_losses_are_of_casme2_and_five_classes_are_not_compared(study, committed):
    committed({"am3f-10-ce": 6})
    planned_confusions("am3f.figure5", study)
    counts = pd.read_csv(study.artefact_folder / "am3f.figure5.planned.csv", index_col=[0, 1])
    assert counts.loc["CE"].to_numpy().sum() == 3 * 12  # three seeds of the twelve clips of CASME II
    assert counts.loc["CE"].to_numpy().trace() == 3 * 6
    with pytest.raises(MerlibError, match=r"am3f\.figure5"):
        planned_confusions("am3f.figure4", study)
