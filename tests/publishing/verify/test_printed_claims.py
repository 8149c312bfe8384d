"""A claim's page: what is printed, ours, the file behind it, and a line of shell that gives the same number."""

from __future__ import annotations

import json
import subprocess

import pytest
from typer.testing import CliRunner

from merlib.cli.main import app
from merlib.errors import MerlibError
from merlib.places import repository_root
from merlib.publishing.verify.answers import answer
from merlib.publishing.verify.claim_page import claim_markdown
from merlib.publishing.verify.claims import CLAIMS, _tables, errata_on, find_claim
from merlib.sources.reported import reported_values

ROOT = repository_root() / "results" / "reference"


@pytest.fixture(scope="module")
def headline():
    return answer(find_claim("am3f.table3"), ROOT)


def test_every_claim_is_a_printed_row():
    for claim in CLAIMS:
        assert len(claim.printed()), claim.id
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    with pytest.raises(MerlibError, match=r"am3f\.table3"):
        find_claim("am3f.tabel3")


def test_the_headline_claim_says_what_is_printed_and_what_comes_out(headline):
    [ours] = [one for one in headline["ours"] if one["archive"] == "megc2019-flow"]
    first = ours["numbers"][0]
    printed = reported_values("am3f.table3").set_index(["row", "column"]).loc[("AM3F-FlowNet", "full.uf1"), "value"]
    assert float(first["printed"]) == printed == 0.8536
    assert first["low"] < first["value"] < first["high"] < printed
    assert first["verdict"].endswith("differs")
    assert "1 of 8 printed numbers" in headline["verdict"]
    assert {one["test"] for one in headline["tests"]} >= {"am3f-loso-lasce against linear-loso"}
    assert {"AM3F-A9", "AM3F-A11"} <= {one["id"] for one in headline["errata"]}


@pytest.mark.long
@pytest.mark.parametrize("column", ["full.uf1", "casme2.uar"])
def test_the_line_of_shell_gives_the_number(headline, column, monkeypatch):
    ours = headline["ours"][0]
    value = next(one["value"] for one in ours["numbers"] if one["column"] == column)
    done = subprocess.run(ours["recompute"][column], shell=True, capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(value, abs=1e-5)
    assert "merlib" not in ours["recompute"][column].split(" -c ")[1].replace(str(repository_root()), "")


@pytest.mark.long
def test_a_line_of_several_seeds_and_percent_gives_their_mean():
    told = answer(find_claim("am3f.table5"), ROOT)
    ours = told["ours"][0]
    assert ours["seeds"] == [0, 1, 2]
    assert ours["numbers"][0]["column"] == "casme2.acc"  # printed in percent
    line = ours["recompute"]["casme2.acc"]
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(ours["numbers"][0]["value"], abs=1e-4)


def test_the_page_names_file_hash_and_no_folder_of_a_machine(headline):
    page, ours = claim_markdown(headline), headline["ours"][0]
    assert ours["predictions"]["path"] in page
    assert ours["predictions"]["sha256"] in page
    assert str(repository_root()) not in page
    assert "..." not in page


def test_errata_that_name_the_table_bear_on_its_claim():
    assert _tables("Sec. 4.1, Tables 2 to 4") == {"2", "3", "4"}
    assert _tables("Tables 1, 3, 5, Sec. 4.2.3, Figs. 11 and 12") == {"1", "3", "5"}
    assert _tables("Sec. 4.4 and Table 3") == {"3"}
    assert "ASTNET-B5" in {one.id for one in errata_on(find_claim("astnet.table5"))}


def test_a_twin_never_counts_for_a_claim():
    told = answer(find_claim("uamrn.table2"), ROOT)
    assert told["verdict"].startswith("SYNTHETIC only")
    assert {one["verdict"] for one in told["ours"][0]["numbers"]} == {"not comparable (twin)"}


def test_the_verbs_print_json():
    result = CliRunner().invoke(app, ["claim", "dual_atme.table3", "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert {one["archive"] for one in told["ours"]} == {"megc2019-flow", "megc2019-phases"}
