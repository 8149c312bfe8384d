"""The errata: each entry says what it must, ids are unique and found, planted faults are told."""

from __future__ import annotations

import csv

import pytest

from merlib.errors import MerlibError
from merlib.sources import find_erratum, read_errata, reported_values
from merlib.sources.errata import ID, PAPERS

COLUMNS = ["id", "paper", "where", "printed", "finding", "status", "check", "decision"]
GOOD = dict(zip(COLUMNS, ["AM3F-A1", "AM3F-FlowNet", "Eq. 7", "x", "y", "certain", "read: Eq. 7", ""], strict=True))


@pytest.fixture
def listed(tmp_path):
    def write(*rows, columns=COLUMNS):
        path = tmp_path / "errata.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def test_each_paper_has_entries_and_both_kinds_occur():
    errata = read_errata()
    assert {erratum.id.rpartition("-")[0] for erratum in errata} == set(PAPERS)
    assert {erratum.status for erratum in errata} == {"certain", "open"}


def test_arithmetic_is_written_down_with_its_numbers():
    """An entry that claims arithmetic without a number or a formula cannot be checked by a reader."""
    for erratum in read_errata():
        kind, _, how = erratum.check.partition(":")
        assert len(how.strip()) > 5, erratum.id
        if kind == "arithmetic":
            assert any(sign.isdigit() for sign in how), erratum.id


def test_an_entry_is_found_by_its_id_in_either_case():
    assert find_erratum("am3f-a17") is find_erratum("AM3F-A17")
    assert find_erratum("DUAL-ATME-c14B").id == "DUAL-ATME-C14b"


@pytest.mark.parametrize(("wrong", "near"), [("F1", "UAMRN-F1"), ("AM3F-A71", "AM3F-A"), ("A17", "AM3F-A17")])
def test_an_unknown_id_suggests_one_that_exists(wrong, near):
    with pytest.raises(MerlibError) as caught:
        find_erratum(wrong)
    assert near in caught.value.action
    find_erratum(ID.search(caught.value.action)[0])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "A1"}, "A1"),
        ({"id": "UAMRN-A1"}, "UAMRN-A1"),
        ({"status": "likely"}, "likely"),
        ({"check": "from memory"}, "from memory"),
        ({"finding": " "}, "finding"),
    ],
)
def test_a_planted_fault_is_told(listed, change, told):
    assert len(read_errata(listed(GOOD))) == 1
    with pytest.raises(MerlibError) as caught:
        read_errata(listed({**GOOD, **change}))
    assert told in caught.value.found


def test_an_id_given_twice_is_told(listed):
    with pytest.raises(MerlibError) as caught:
        read_errata(listed(GOOD, GOOD))
    assert "AM3F-A1" in caught.value.found


def test_a_missing_column_and_a_comma_without_quotes_are_told(listed):
    with pytest.raises(MerlibError) as caught:
        read_errata(listed(columns=COLUMNS[:-1]))
    assert "decision" in caught.value.expected
    path = listed(GOOD)
    path.write_text(path.read_text().replace("Eq. 7", "Eq. 7, 8", 1))
    with pytest.raises(MerlibError) as caught:
        read_errata(path)
    assert "row 2" in caught.value.found


def explains(percent: float, clips: int) -> bool:
    """Whether some whole number of `clips` gives `percent` after rounding to two decimals."""
    return any(round(100 * k / clips, 2) == percent for k in range(clips + 1))


@pytest.mark.parametrize(
    ("artefact", "rows", "stated", "found"),
    [
        ("am3f.table4", "AM3F", 246, 239),
        ("uamrn.table5", "", 246, 247),
    ],
)
def test_the_numbers_of_clips_in_the_list_are_those_that_the_printed_percentages_allow(artefact, rows, stated, found):
    values = reported_values(artefact)
    column = values["column"].str.contains("casme2.acc") & values["row"].str.startswith(rows)
    printed = values.loc[column, "value"].tolist()
    assert printed
    assert all(explains(value, found) for value in printed)
    assert not any(explains(value, stated) for value in printed)


def test_the_gains_of_a_table_are_those_that_the_list_gives():
    """AM3F-A18 and ASTNET-B5, from the reported cells."""
    cells = reported_values("am3f.table4").set_index(["row", "column"])["value"]
    gain = cells["AM3F-FlowNet", "casme2.acc"] - cells["AM3F-FlowNet without MSFF", "casme2.acc"]
    assert f"{gain:.2f}" in find_erratum("AM3F-A18").finding
    smic = reported_values("astnet.table5").query("column == 'smic.acc'").set_index("row")["value"]
    gains = 100 * (smic["ASTNet"] / smic.drop("ASTNet") - 1)
    assert f"{gains.min():.2f}" in find_erratum("ASTNET-B5").finding
    assert not (gains.round(2) == 4.25).any()
