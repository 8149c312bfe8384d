"""The printed cells of ASTNet, LARNet and UAMRN, checked against themselves and against the sets they claim."""

from __future__ import annotations

import pytest

from merlib.sources.reported import reported_values


def fits(percent: float, n: int) -> bool:
    """GRIM: whether some k of n clips gives this percentage at two decimals."""
    return any(round(100 * k / n, 2) == percent for k in (int(percent * n / 100), int(percent * n / 100) + 1))


@pytest.mark.parametrize(
    ("artefact", "cells"),
    [
        ("astnet.table4", 6),
        ("astnet.table6", 5 * 2),
        ("astnet.table8", 5 * 2),
        ("larnet.table1", 3),
        ("larnet.table2", 11 * 2),
        ("larnet.table3", 4),  # 1080p and 480p print one bound, 720p two
        ("larnet.table4", 7 * 3),
        ("larnet.table5", 11),
        ("uamrn.table1", 8),  # the range of factors is three numbers
        ("uamrn.table2", 8 * 2 - 3),
        ("uamrn.table3", 8 * 2),
        ("uamrn.table4", 8 * 2 - 3),
        ("uamrn.table5", 2 * 6),
        ("uamrn.table6", 2 * 3),
    ],
)
def test_every_printed_cell_is_there_once(artefact, cells):
    values = reported_values(artefact)
    assert len(values) == cells
    assert not values.duplicated(["row", "column"]).any()


def test_errata_f7_accuracies_on_casme2_are_of_247_clips_and_the_others_of_the_sets_as_stated():
    for artefact in ("uamrn.table5", "uamrn.table6"):
        values = reported_values(artefact)
        for dataset, clips in (("casme2", 247), ("samm", 136), ("smic", 164)):
            accuracies = values.loc[values["column"] == f"{dataset}.acc", "value"]
            assert all(fits(value, clips) for value in accuracies)
            assert dataset != "casme2" or not any(fits(value, 246) for value in accuracies)


def test_errata_b10_smic_accuracies_of_astnet_are_no_fraction_of_its_clips():
    values = reported_values("astnet.table6")
    assert not any(fits(value, 164) for value in values.loc[values["column"] == "smic.acc", "value"])


def test_astnet_table8_gains_are_those_of_table6():
    table6 = reported_values("astnet.table6").pivot_table(index="row", columns="column", values="value")
    table8 = reported_values("astnet.table8").pivot_table(index="row", columns="column", values="value")
    gain = table6.loc["ASTNet"] - table6.loc["ResNet-ConvLSTM"]
    assert gain.round(2).to_dict() == {"smic.acc": 3.98, "casme2.acc": 4.07}
    assert table8.loc["Proposed"].to_dict() == {"smic.gain": 3.98, "casme2.gain": 4.07}


def test_uamrn_states_the_same_result_in_every_table():
    results = {}
    for artefact in ("uamrn.table2", "uamrn.table3", "uamrn.table4", "uamrn.table5", "uamrn.table6"):
        values = reported_values(artefact)
        ours = values[values["row"].isin(["UAMRN", "Uncertainty-Aware", "SSA"])]
        for column, value in zip(ours["column"], ours["value"], strict=True):
            results.setdefault(column, set()).add(value)
    assert {column: len(values) for column, values in results.items()} == dict.fromkeys(results, 1)
    assert len(results) == 6
