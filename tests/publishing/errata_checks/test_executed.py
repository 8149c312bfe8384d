"""The errata are worked out from the printed values, and a printed value that were right would be found right."""

from __future__ import annotations

import pytest

from merlib.errors import MerlibError
from merlib.publishing.errata_checks import am3f_flownet, dual_atme, executed, larnet_uamrn, printed
from merlib.publishing.errata_checks.printed import CHECKS
from merlib.sources.errata import read_errata


@pytest.mark.long
def test_every_erratum_that_arithmetic_can_check_is_executed_and_holds():
    wanted = {one.id for one in read_errata() if one.check.startswith("arithmetic")}
    table = executed.execute()
    assert set(table.index) == wanted == set(CHECKS)
    assert table.index[~table["finding holds"]].tolist() == []


def test_the_others_are_quoted_with_their_place():
    rest = executed.quoted()
    assert len(rest) + len(CHECKS) == len(read_errata())
    assert rest.loc["AM3F-A2", "where"] == "Eq. 5"
    assert rest["check"].str.startswith(("read", "log")).all()


@pytest.mark.parametrize(
    ("module", "identifier", "row", "name", "right"),
    [
        (am3f_flownet, "AM3F-A7", "CE", "casme2.acc", 82.40),  # a gain of 2.12
        (am3f_flownet, "AM3F-A8", "AM3F-FlowNet", "smic.acc", 74.39),  # 122 of 164
        (am3f_flownet, "AM3F-A9b", "BDCNN", "samm.uf1", 0.7650),  # slightly
        (am3f_flownet, "AM3F-A18", "AM3F-FlowNet without MSFF", "casme2.acc", 81.17),
        (dual_atme, "DUAL-ATME-C5", "Dual-ATME", "casme2.acc", 0.814),  # 118 of 145
        (dual_atme, "DUAL-ATME-C6", "Dual-ATME", "full.uar", 0.673),  # the mean of the recalls
        (larnet_uamrn, "LARNET-E3", "Trunk depth", "Attention-56", 40),  # 31 m + 9
        (larnet_uamrn, "UAMRN-F1", "AFR stop", "value", 33),  # 32 factors
    ],
)
def test_a_finding_does_not_hold_where_the_paper_prints_what_is_right(
    monkeypatch, module, identifier, row, name, right
):
    def corrected(artefact, asked, column):
        return right if (asked, column) == (row, name) else printed.cell(artefact, asked, column)

    monkeypatch.setattr(module, "cell", corrected)
    assert not CHECKS[identifier]().holds


def test_accuracies_that_fit_are_told_from_those_that_do_not(monkeypatch):
    monkeypatch.setattr(am3f_flownet, "five_class_accuracies", lambda: [82.11, 84.55])  # 202 and 208 of 246
    assert not CHECKS["AM3F-A6"]().holds
    monkeypatch.setattr(larnet_uamrn, "own_accuracies", lambda: [80.49, 78.86])  # 198 and 194 of 246
    assert not CHECKS["UAMRN-F7"]().holds


@pytest.mark.long
def test_grim_tests_each_accuracy_whose_clips_are_stated():
    table = executed.grim_table().set_index(["artefact", "row", "column"])
    assert not table.loc[("am3f.table4", "AM3F-FlowNet", "casme2.acc"), "possible"]
    assert table.loc[("uamrn.table6", "SSA", "smic.acc"), "possible"]  # 128 of 164 = 78.05 %
    assert not table.loc[("astnet.table5", "GEME", "casme2.acc"), "own"]
    assert "larnet" not in {artefact.split(".")[0] for artefact, *_ in table.index}
    counts = executed.grim_counts()
    assert counts.loc["am3f.table4"].to_dict() == {
        "own rows, possible": 0,
        "own rows, printed": 4,
        "other rows, possible": 0,
        "other rows, printed": 0,
    }


def test_an_unknown_erratum_is_refused():
    unknown = "-".join(("AM3F", "A99"))
    with pytest.raises(MerlibError, match=unknown):
        executed.execute(unknown)
