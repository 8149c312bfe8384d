"""A comparison table ranks only what was trained on the same folds, and never a printed number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.publishing.tables.comparison import (
    NOT_COMPARABLE,
    archives_caption,
    between_archives,
    comparison_view,
    forest_caption,
    not_comparable,
    same_protocol,
)
from merlib.sources.errata import read_errata
from merlib.sources.reported import reported_values


def record(**rows):
    """A record whose rows are ``label=(value, protocol)``, all of Full UF1."""
    cells = [
        {"row": row, "column": "full.uf1", "value": value, "low": value - 0.05, "high": value + 0.05}
        for row, (value, _) in rows.items()
    ]
    experiments = [{"label": row, "experiment": {"protocol": protocol}} for row, (_, protocol) in rows.items()]
    return {"cells": cells, "experiments": experiments}


def test_rows_on_the_same_folds_are_ranked_and_no_other():
    ours = record(Line=(0.72, "loso"), STSTNet=(0.69, "loso"), **{"OFF-ApexNet": (0.9, "groupkfold:10")})
    same = dict.fromkeys(["CapsuleNet", "EMR", "OFF-ApexNet", "STSTNet", "Line"], "")
    view = comparison_view("am3f.table3", "full.uf1", {"maps": ours}, same)
    # ten folds would stand first with .9, a printed .7885 second: neither is on these folds
    assert view["rank"].to_dict() == {
        "CapsuleNet": "CROSS-X2",
        "EMR": "reported",
        "OFF-ApexNet": "ten folds",
        "STSTNet": "2",
        "Line": "1",
    }
    assert view.loc["STSTNet", ["reported", "maps", "maps, 95 %"]].tolist() == ["0.7353", "0.690", "[0.640, 0.740]"]
    assert view.loc["Line", "reported"] == "-"


def test_each_archive_ranks_its_own_rows():
    first, second = record(A=(0.7, "loso"), B=(0.6, "loso")), record(A=(0.5, "loso"), B=(0.6, "loso"))
    view = comparison_view("am3f.table3", "full.uf1", {"x": first, "y": second}, {"A": "", "B": ""})
    assert view["rank"].tolist() == ["1 / 2", "2 / 1"]
    unranked = comparison_view("am3f.table3", "full.uf1", {"x": first}, {"A": "", "B": ""}, ranked=False)
    assert unranked["rank"].tolist() == ["-", "-"]


def test_the_protocol_is_the_same_only_with_one_subject_left_out_the_classes_and_the_data():
    loso, ten = {"protocol": "loso"}, {"protocol": "groupkfold:10"}
    assert same_protocol("am3f.table3", "Bi-WOOF", "full.uf1", loso, 3) == "yes"
    assert same_protocol("am3f.table3", "Bi-WOOF", "full.uf1", ten, 3) == "no: ten folds"
    part = same_protocol("am3f.table2", "Bi-WOOF", "casme2.f1", loso, 3)
    assert part == "no: 3 classes for 5; trained on the composite"
    assert same_protocol("am3f.table2", "Bi-WOOF", "smic.f1", loso, 3) == "no: trained on the composite"
    precision = same_protocol("am3f.table3", "STSTNet", "full.uar", loso, 3)
    assert precision.startswith("no: AM3F-A11")
    assert same_protocol("astnet.table5", "ASTNet", "smic.f1", None, 0, "why") == "why; ASTNET-B9"


@pytest.mark.parametrize("place", NOT_COMPARABLE)
def test_what_bars_a_rank_is_an_erratum_of_a_printed_row(place):
    artefact, row, metric = place
    known, cells = {one.id for one in read_errata()}, reported_values(artefact)
    assert {one.strip() for one in NOT_COMPARABLE[place].split(",")} <= known
    assert not row or row in set(cells["row"])
    assert not metric or cells["column"].str.endswith(f".{metric}").any()
    assert NOT_COMPARABLE[place] in not_comparable(artefact, row, f"full.{metric}")


def test_a_method_is_compared_with_itself_person_by_person():
    samples = make_samples(synthetic=False)
    right, wrong = make_predictions(samples), make_predictions(samples, wrong=12)
    table = between_archives({"same": (wrong, wrong), "better": (wrong, right)})
    assert table.loc["same", ["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert table.loc["better", "second"] == 1
    np.testing.assert_allclose(table["difference"], table["second"] - table["first"])
    assert table.loc["better", "low"] > 0
    assert table.loc["better", "protocol"] == "ten folds"
    said = archives_caption(table)
    assert "of 2 methods, 1 have an interval that excludes zero (1 higher on the second archive, 0 lower)" in said
    assert "better's" in said
    assert "No method" in archives_caption(table.iloc[:0])


def test_the_forest_s_caption_counts_intervals_above_the_line():
    values = pd.DataFrame({"maps": {"line": 0.7, "above": 0.9, "near": 0.75}})
    low, high = values - 0.1, values + 0.1
    said = forest_caption(values, low, high, "line")
    assert "above stands highest with 0.900 [0.800, 1.000], the line has 0.700; 1 of 3 intervals" in said
    assert "No committed run" in forest_caption(values.drop(index="line"), low, high, "line")
