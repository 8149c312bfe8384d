"""Findings in words: every number and every "not" comes from the tables handed in."""

from __future__ import annotations

import pandas as pd
import pytest
from known_predictions import plan_as_if_committed as states

from merlib.publishing.planned import headline
from merlib.publishing.planned.headline import (
    baselines_finding,
    headline_table,
    losses_finding,
    modules_finding,
    number,
)


@pytest.fixture
def tests():
    """Three tests of the losses: shown with and without other seeds, and not shown."""
    rows = {
        "am3f-10-lasce against am3f-10-ce": ("losses", 0.013, -0.002, 0.029, 0.038, "am3f-10-lasce higher"),
        "am3f-10-lasce against am3f-10-focal": ("losses", 0.021, 0.001, 0.043, 0.038, "am3f-10-lasce higher"),
        "am3f-10-lasce against am3f-10-la-focal": ("losses", 0.013, -0.004, 0.029, 0.053, "not shown"),
        "am3f-10-lasce against am3f-10-without-msff": ("modules", -0.001, -0.03, 0.027, 1.0, "not shown"),
        "am3f-loso-lasce against linear-loso": ("humble baselines", -0.008, -0.05, 0.03, 0.7, "not shown"),
    }
    columns = ["family", "UF1 difference", "low", "high", "p, Holm", "verdict"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def test_the_losses_are_told_for_these_trainings_for_other_seeds_and_for_the_paper_s_part(tests):
    table = pd.DataFrame(
        {"full.uf1": [0.679, 0.692], "casme2.acc": [84.6, 84.14], "casme2.f1": [0.824, 0.819]}, index=["CE", "LASCE"]
    )
    told = losses_finding(tests, table)
    assert (
        "above CE by .013 (p .038 after Holm; with seeds resampled too the interval [-.002, .029] holds zero)" in told
    )
    assert (
        "above focal loss by .021 (p .038 after Holm; with seeds resampled too the interval [.001, .043] excl" in told
    )
    assert "not shown above LA-Focal" in told
    assert "CE is level or ahead: 84.60 % and F1 .824 against 84.14 % and .819 with LASCE" in told
    behind = table.assign(**{"casme2.f1": [0.81, 0.819]})
    assert "CE is not ahead: 84.60 % and F1 .810" in losses_finding(tests, behind)


def test_modules_and_baselines_are_told_from_their_own_family(tests):
    table = pd.DataFrame({"full.uf1": [0.693, 0.692]}, index=["AM3F-FlowNet without MSFF", "AM3F-FlowNet"])
    told = modules_finding(tests, table)
    assert told.startswith("Not shown. Full UF1 .692; without MSFF .693.")
    assert told.endswith("[-.030, .027].")
    own = {"value": 0.713, "low": 0.654, "high": 0.77, "reported": 0.8536}
    nested = {"value": 0.73, "low": 0.67, "high": 0.79}
    told = baselines_finding(tests, own, nested, {0.001: 9, 0.01: 1})
    assert told.startswith("Not shown: -.008 [-.050, .030] against the linear row. AM3F .713 [.654, .770], where .8536")
    assert told.endswith("has .730 [.670, .790] in ten folds; they chose 0.001 in 9 of 10, 0.01 in 1 of 10.")


def test_a_headline_says_paper_protocol_archive_seeds_and_verdict():
    def cell(column, verdict, row="AM3F-FlowNet"):
        ends = {"low": 0.6, "high": 0.8, "reported": 0.79}
        return {"row": row, "column": column, "value": 0.7, "verdict": verdict, **ends}

    def record(paper, *cells):
        more = {"protocol": "loso", "seeds": [0], "training": "paper", "data": [{"name": "megc2019-flow"}]}
        return {"paper": paper, "cells": list(cells), **more}

    inside, outside = "analogue: within interval", "analogue: differs"
    am3f = record("am3f_flownet", cell("full.uf1", outside), cell("samm.uar", inside))
    table = headline_table(
        {"am3f.table3": am3f, "dual_atme.table3": record("dual_atme", cell("full.acc", inside, "Dual-ATME"))}
    )
    assert table["verdict"].tolist() == [
        "outside our interval (1 of 2 in its row)",
        "inside our interval (1 of 1 in its row)",
    ]
    assert table.loc[0].tolist()[:4] == ["AM3F-FlowNet, Table 3", "Full UF1", ".7900", ".700 [.600, .800]"]
    assert (
        table.loc[0, "protocol, archive, seeds, training"]
        == "leave one subject out; megc2019-flow; seed 0; paper's training"
    )


def test_numbers_read_as_papers_write_them():
    assert [number(value) for value in (0.7134, -0.0021, 1.0, 0.8536)] == [".713", "-.002", "1.000", ".854"]
    assert number(0.8536, 4) == ".8536"


def test_without_committed_runs_the_command_that_makes_them_is_told(monkeypatch):
    monkeypatch.setattr(headline, "planned_states", lambda: states({}, without=["am3f-10-ce"]))
    assert "merlib reference train am3f-10-ce --data" in headline.planned_losses()
