"""Tables and captions of the report name places that readers know, and count what is drawn."""

from __future__ import annotations

import pandas as pd

from merlib.publishing.records.save_table import quantity
from merlib.publishing.tables.metrics import reported_numbers, reported_table
from merlib.publishing.verify.verdicts import for_readers, gaps_caption, grades_caption, real_results, reason


def test_a_table_for_readers_names_the_place_and_keeps_the_id_behind():
    table = for_readers(pd.DataFrame({"verdict": ["differs"], "artefact": ["am3f.table5"], "ours": [1.0]}))
    assert table.columns.tolist() == ["verdict", "printed in", "ours", "id"]
    assert table.iloc[0].tolist() == ["differs", "AM3F-FlowNet, Table 5", 1.0, "am3f.table5"]


def test_results_of_one_title_stay_apart_and_carry_their_id():
    def record(identifier):
        cell = {"row": "R", "column": "full.uf1", "value": 0.5, "low": 0.4, "high": 0.6}
        return {"id": identifier, "grade": "real analogue", "training": "paper", "protocol": "loso", "cells": [cell]}

    shown = real_results([record("extra.same_folds"), record("dual_atme.table3")])
    assert shown["id"].tolist() == ["extra.same_folds", "dual_atme.table3"]
    assert shown.index.get_level_values("result")[1] == "Dual-ATME, Table 3"


def test_a_reason_says_the_protocol_in_words():
    record = {"experiments": [1], "substitution": "", "synthetic": False, "protocol": "groupkfold:10"}
    assert reason(record, {"verdict": "differs", "note": ""}).startswith("10 folds by subject, ")


def test_the_captions_count_what_is_drawn():
    drawn = pd.DataFrame({"reported": [0.9, 0.5, 0.2], "ours": [0.7, 0.5, 0.4], "low": [0.6, 0.4, 0.3], "high": 0.8})
    assert gaps_caption(drawn).startswith("1 of 3 reported numbers lie in our 95 % intervals. 1 are higher than ours")
    status = pd.DataFrame({"grade": ["real exact", "real analogue", "twin", "diagram", "diagram"]})
    assert grades_caption(status).startswith(
        "Of 5 tables and figures 2 rest on real data and 1 on the SYNTHETIC twin; 2"
    )


def test_a_reported_table_is_shown_as_printed_and_reckoned_with_as_numbers():
    shown, numbers = reported_table("am3f.table3"), reported_numbers("am3f.table3")
    assert shown.loc["STA-GCN", "Full UF1"] == "-"
    assert shown.loc["LBP-TOP", "Full UAR"] == "0.5280"
    assert numbers.loc["LBP-TOP", "Full UAR"] == 0.528
    assert numbers.loc["STA-GCN"].isna().any()


def test_a_legend_spells_what_is_measured_as_the_field_does():
    assert [quantity(column) for column in ("casme2.acc", "full.uf1", "error")] == ["Acc", "UF1", "error"]
