"""Exercises of the notebooks: a solution passes its check, wrong answers fail, no message gives the answer away."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import jupytext
import matplotlib
import pytest

from merlib.datasets.registry import open_samples
from merlib.publishing import exercises, open_study
from merlib.publishing.exercises.answers import ASKED, OPEN
from merlib.publishing.exercises.checking import check, right_answer
from merlib.publishing.exercises.truths import read_all
from merlib.running.rules import SOLUTION, open_solutions

matplotlib.use("Agg")
ROOT = Path(__file__).resolve().parents[3]
TEXTS = sorted((ROOT / "notebooks").glob("[!._]*.py"))
read_all()
NUMBERS = {identifier.partition(".")[0] for identifier in ASKED}
CHECKED = [path for path in TEXTS if path.name[:2] in NUMBERS]


@pytest.fixture(autouse=True)
def _folders(tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("MERLIB_STORE", str(tmp_path / "store"))
    monkeypatch.setattr("merlib.publishing.study.open_samples", lambda name, data: maps(name))


@cache
def maps(name: str):
    """Return the twin's maps, rendered once for all tests here."""
    return open_samples(name, {})


def needed_cells(path: Path) -> list:
    """Return the parameters, the cell that opens the study, and all code cells below the heading of the exercises."""
    cells = jupytext.read(path).cells
    start = next(i for i, cell in enumerate(cells) if re.search(r"^## Exercises", cell.source, re.M))
    first = [cell for cell in cells if "parameters" in cell.metadata.get("tags", []) or "= open_study(" in cell.source]
    return first + [cell for cell in cells[start:] if cell.cell_type == "code"]


@pytest.mark.long
@pytest.mark.parametrize("path", CHECKED, ids=lambda path: path.stem)
def test_each_solution_passes_its_check_and_each_blank_is_told_so(path, monkeypatch):
    asked = []

    def recorded(identifier, answer):
        asked.append((identifier, solved, check(identifier, answer)))

    monkeypatch.setattr(exercises, "check", recorded)
    names: dict = {}
    for cell in needed_cells(path):
        solved = SOLUTION in cell.metadata.get("tags", [])
        exec(compile(cell.source, path.name, "exec"), names)
    blanks = {identifier: verdict for identifier, solved, verdict in asked if not solved}
    solutions = {identifier: verdict for identifier, solved, verdict in asked if solved}
    assert {identifier: repr(verdict) for identifier, verdict in blanks.items()} == dict.fromkeys(blanks, OPEN)
    assert [identifier for identifier, verdict in solutions.items() if not verdict] == []
    assert blanks.keys() == solutions.keys() == {one for one in ASKED if one.startswith(path.name[:2] + ".")}
    assert len(solutions) >= 3


def told(identifier: str) -> list[str]:
    """Return what is wrong with an exercise: a wrong answer that passes, a message that holds the right one."""
    right = right_answer(identifier)
    wrong = right.wrong()
    faults = [f"{identifier}: {answer!r} passes" for answer in wrong if right.judge(answer)]
    faults += [f"{identifier}: {len(wrong)} wrong answers"] * (len(wrong) < 3)
    if isinstance(right.truth, int | float):
        truth = re.compile(rf"(?<![\w.]){re.escape(f'{right.truth:g}')}(?!\w|\.\d)")
        faults += [f"{identifier}: {said}" for said in (right.judge(one).said for one in wrong) if truth.search(said)]
    return faults + [f"{identifier}: its truth fails"] * (not right.judge(right.truth))


@pytest.mark.long
@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_wrong_answers_fail_and_are_not_told_the_right_one(number):
    open_study(f"{number}_exercises")
    assert [fault for one in sorted(ASKED) if one.startswith(f"{number}.") for fault in told(one)] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_solutions_are_folded_and_keep_to_names_of_their_own(path):
    assert open_solutions(jupytext.read(path)) == []


def test_every_notebook_has_exercises_that_check_themselves():
    assert [path.stem for path in TEXTS if path not in CHECKED] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_link_of_a_notebook_leads_somewhere(path):
    with (ROOT / "data_manifests" / "artefacts.csv").open(encoding="utf-8") as file:
        planned = {row["notebook"] for row in csv.DictReader(file)} | {"14_protocol_audit"}
    prose = "\n".join(cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]
    missing = [link for link in links if not (path.parent / link).resolve().exists()]
    assert [link for link in missing if link.removesuffix(".ipynb") not in planned] == []


@pytest.mark.long
def test_the_right_answer_follows_the_data():
    study = open_study("00_start_here")
    whole = right_answer("00.share").truth
    samples = study.samples("megc2019-flow")
    study.opened["megc2019-flow"] = samples.take(samples.labels != samples.classes.index("surprise"))
    assert right_answer("00.share").truth > whole
