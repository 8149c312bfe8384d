"""Reported values: as printed, summing where the paper says so, and doubted where arithmetic doubts them."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from merlib.errors import MerlibError
from merlib.sources import load_manifest, manifests_dir, subject_counts
from merlib.sources.reported import reported_artefacts, reported_values


def cell(artefact: str, row: str, column: str) -> pd.Series:
    values = reported_values(artefact)
    found = values[(values["row"] == row) & (values["column"] == column)]
    assert len(found) == 1
    return found.iloc[0]


def table(artefact: str) -> pd.DataFrame:
    return reported_values(artefact).pivot_table(index="row", columns="column", values="value")


@pytest.mark.parametrize(
    ("artefact", "row", "column", "value", "unit"),
    [
        ("am3f.table1", "negative", "casme2", 88, "count"),
        ("am3f.table2", "AM3F-FlowNet", "samm.acc", 66.18, "%"),
        ("am3f.table2", "SLSTT", "casme2.acc", 75.806, "%"),
        ("am3f.table2", "KTGSL", "smic.f1", 0.6820, "1"),
        ("am3f.table3", "AM3F-FlowNet", "full.uf1", 0.8536, "1"),
        ("am3f.table3", "AM3F-FlowNet", "casme2.uar", 0.9567, "1"),
        ("am3f.table3", "STA-GCN", "casme2.uar", 0.7096, "1"),
        ("am3f.table3", "BDCNN", "samm.uf1", 0.8538, "1"),
        ("am3f.table4", "AM3F-FlowNet without MOFRW", "casme2.f1", 0.8092, "1"),
        ("am3f.table5", "CE", "casme2.acc", 82.38, "%"),
        ("am3f.table5", "LA-Focal", "casme2.f1", 0.8048, "1"),
        ("dual_atme.table2", "full", "surprise", 83, "count"),
        ("dual_atme.table3", "Dual-ATME", "samm.uf1", 0.562, "1"),
        ("dual_atme.table5", "0.0001", "samm.uar", 0.546, "1"),
        ("astnet.table2", "Facial Area, second side", "casme2", 280, "px"),
        ("astnet.table3", "Others", "casme2.processed", 1980, "count"),
        ("astnet.table5", "ASTNet", "smic.acc", 73.57, "%"),
    ],
)
def test_cells_are_as_printed(artefact, row, column, value, unit):
    found = cell(artefact, row, column)
    assert (found["value"], found["unit"]) == (value, unit)


@pytest.mark.parametrize(
    ("artefact", "cells"),
    [
        ("am3f.table1", 5 * 4),
        ("am3f.table2", 11 * 6 - 2 * 5),  # LBP-TOP, MDMO, Later, KTGSL without SAMM; FDCN without SMIC
        ("am3f.table3", 12 * 8 - 6),  # STA-GCN has CASME II only
        ("am3f.table4", 8),
        ("am3f.table5", 8),
        ("dual_atme.table2", 16),
        ("dual_atme.table3", 12 * 12),
        ("astnet.table2", 11 * 2 - 1),
        ("astnet.table3", 4 * 2 + 8 * 2 - 2),  # sadness and fear are not augmented
    ],
)
def test_every_printed_cell_is_there_once(artefact, cells):
    values = reported_values(artefact)
    assert len(values) == cells
    assert not values.duplicated(["row", "column"]).any()


def test_decimals_are_those_printed():
    assert cell("am3f.table2", "SLSTT", "casme2.acc")["decimals"] == 3
    assert cell("am3f.table2", "MDMO", "casme2.acc")["decimals"] == 1  # printed 51.0
    assert cell("am3f.table1", "samples", "full")["decimals"] == 0


def test_am3f_table1_sums_to_442_and_equals_the_composite():
    counts = table("am3f.table1")
    classes = counts.loc[["negative", "positive", "surprise"]]
    assert classes["full"].to_dict() == {"negative": 250, "positive": 109, "surprise": 83}
    assert (classes.sum() == counts.loc["samples"]).all()
    assert (counts[["samm", "smic", "casme2"]].sum(axis=1) == counts["full"]).all()
    ours = subject_counts("megc2019_cd")
    by = ours.groupby([ours["subject"].str.split("/").str[0], "class"])["n"].sum()
    assert all(classes.loc[name, dataset] == n for (dataset, name), n in by.items())


def test_dual_atme_table2_sums_both_ways():
    counts = table("dual_atme.table2")
    assert (counts[["negative", "positive", "surprise"]].sum(axis=1) == counts["total"]).all()
    assert (counts.drop(index="full").sum() == counts.loc["full"]).all()
    assert counts.loc["full", "total"] == 442


def test_astnet_table3_sums_and_multiplies_by_twenty():
    values = table("astnet.table3")
    assert (values["smic.processed"].dropna() == 20 * values["smic.samples"].dropna()).all()
    kept = values.drop(index="Total Size")
    assert kept["casme2.samples"].sum() == values.loc["Total Size", "casme2.samples"] == 255
    assert kept["casme2.processed"].sum() == values.loc["Total Size", "casme2.processed"] == 4920
    sheet = load_manifest("casme2").classes["emotion7"]
    assert {name.lower(): n for name, n in kept["casme2.samples"].dropna().items()} == sheet


def fits(percent: float, n: int) -> bool:
    """GRIM: whether some k of n clips gives this percentage at two decimals."""
    return any(round(100 * k / n, 2) == percent for k in (int(percent * n / 100), int(percent * n / 100) + 1))


def test_errata_a6_and_a7_accuracies_of_casme2_fit_239_clips_and_not_246():
    values = pd.concat([reported_values("am3f.table4"), reported_values("am3f.table5")])
    accuracies = sorted(set(values.loc[values["column"] == "casme2.acc", "value"]))
    assert len(accuracies) == 7
    fitting = {n: [a for a in accuracies if fits(a, n)] for n in range(100, 300)}
    assert len(fitting[239]) == 6
    assert fitting[246] == []
    assert [n for n in fitting if len(fitting[n]) >= 6] == [239]
    assert set(accuracies) - set(fitting[239]) == {82.38}  # AM3F-A7
    doubted = values[values["value"] == 82.38]
    assert doubted["note"].str.contains("AM3F-A7").all()


def test_errata_a8_smic_accuracy_fits_no_164_but_samm_fits_136():
    assert not fits(cell("am3f.table2", "AM3F-FlowNet", "smic.acc")["value"], 164)
    assert fits(cell("am3f.table2", "AM3F-FlowNet", "samm.acc")["value"], 136)
    assert "AM3F-A8" in cell("am3f.table2", "AM3F-FlowNet", "smic.acc")["note"]


def test_errata_a11_is_noted_on_all_four_uars_of_ststnet_and_nowhere_else():
    values = reported_values("am3f.table3")
    noted = values[values["note"].str.contains("AM3F-A11")]
    assert set(noted["row"]) == {"STSTNet"}
    assert set(noted["column"]) == {"full.uar", "samm.uar", "smic.uar", "casme2.uar"}


def test_errata_c1_the_two_rows_are_identical():
    rows = table("dual_atme.table3")
    assert rows.loc["LBP-TOP"].equals(rows.loc["ResNet18"])


def test_every_artefact_with_values_is_a_table_of_the_ledger():
    ledger = pd.read_csv(manifests_dir() / "artefacts.csv")
    assert len(ledger) == 73
    assert ledger["id"].is_unique
    tables = set(ledger.loc[ledger["kind"] == "table", "id"])
    assert set(reported_artefacts()) <= tables
    assert {f"am3f.table{k}" for k in range(1, 6)} <= set(reported_artefacts())


def test_unknown_artefact_lists_the_known_ones():
    with pytest.raises(MerlibError, match=r"did you mean 'am3f\.table5'"):
        reported_values("am3f.tabel5")


def test_a_file_with_other_columns_is_refused_by_name(tmp_path, monkeypatch):
    shutil.copytree(manifests_dir() / "papers", tmp_path / "papers")
    (tmp_path / "papers" / "mine.csv").write_text("artefact,value\n", encoding="utf-8")
    monkeypatch.setenv("MERLIB_MANIFESTS", str(tmp_path))
    with pytest.raises(MerlibError, match=r"mine\.csv"):
        reported_values("am3f.table1")
