"""What each notebook teaches rests on a record that is there, was made by it, and still bears the sentence out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from merlib.publishing.leaky.worth import committed
from merlib.publishing.site.lessons_page import LESSONS, lessons_page

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.py"))]


def cells_of(record: dict) -> dict[tuple[str, str], dict]:
    return {(cell["row"], cell["column"]): cell for cell in record["cells"]}


def rows_of(record: dict, column: str) -> list[dict]:
    return [cell for cell in record["cells"] if cell["column"] == column]


def every_interval_holds_every_value(record: dict) -> bool:
    rows = rows_of(record, "full.uf1")
    values = [row["value"] for row in rows]
    return all(row["low"] <= min(values) and max(values) <= row["high"] for row in rows)


def interval_is_wide(record: dict) -> bool:
    return all(row["high"] - row["low"] > 0.1 for row in rows_of(record, "full.uf1"))


def counts_agree(record: dict) -> bool:
    return all(cell["value"] == cell["reported"] for cell in record["cells"] if cell["reported"] is not None)


def spotting_beats_the_middle(record: dict) -> bool:
    cells = cells_of(record)
    return all(
        cells[f"{name} divide_and_conquer", "frames"]["value"] < cells[f"{name} middle", "frames"]["value"] / 2
        for name in ("casme2", "samm", "smic")
    )


def artefacts_grow_and_a_gain_is_missed(record: dict) -> bool:
    cells = cells_of(record)
    grow = [cells[f"eulerian {factor}", "artefact"]["value"] for factor in (2, 4, 6, 8)]
    return grow == sorted(grow) and cells["eulerian 8", "gain"]["high"] < 8


def most_printed_values_lie_above(record: dict) -> bool:
    compared = [cell for cell in record["cells"] if cell.get("reported") is not None and cell["high"] is not None]
    return sum(cell["reported"] > cell["high"] for cell in compared) > len(compared) / 2


def averages_differ(record: dict) -> bool:
    cells = cells_of(record)
    pooled, mean = (cells["CASME II", f"accuracy, {how}"]["value"] for how in ("pooled", "mean over people"))
    skipped, zero = (
        cells["CASME II", f"F1, mean over people, absent classes {how}"]["value"] for how in ("skipped", "zero")
    )
    return pooled != mean and skipped != zero


def frames_at_random_look_better(record: dict) -> bool:
    cells = cells_of(record)
    apart, leaky = (f"{how}, pretrained, clips by vote" for how in ("people apart", "frames at random"))
    return cells[leaky, "casme2.acc"]["low"] > cells[apart, "casme2.acc"]["value"]


def kept_pairs_take_longer(record: dict) -> bool:
    return all(cell["value"] > 1 for cell in rows_of(record, "sparse / dense"))


def no_network_is_above_the_line(record: dict) -> bool:
    cells = cells_of(record)
    rows = {row for row, column in cells if column == "full.uf1"}
    above = []
    for row in rows - {row for row in rows if row.startswith("Champion")}:
        line = cells.get((f"Linear on pixels on {row.rpartition(' on ')[2]}", "full.uf1"))
        above += [row] * (line is not None and cells[row, "full.uf1"]["low"] > line["value"])
    return len(rows) > 10 and not above


def heat_is_worse_than_strain(record: dict) -> bool:
    cells = cells_of(record)
    random = cells["trained less Grad-CAM, random weights", "auc"]
    return cells["trained less strain as given", "auc"]["high"] < 0 and random["low"] < 0 < random["high"]


def false_alarms_tell_them_apart(record: dict) -> bool:
    found, alarms = (
        {who: cells_of(record)[f"{who}, micro, calm", column] for who in ("spotter", "threshold on flow")}
        for column in ("recall", "false alarms a minute")
    )
    both_find = min(cell["value"] for cell in found.values()) > 0.3
    return both_find and 10 * alarms["spotter"]["value"] < alarms["threshold on flow"]["value"]


def some_tests_show_nothing(record: dict) -> bool:
    return bool(re.search(r"\((\d+) of (\d+)\)", record["caption"]))


HOLDS: dict[str, Callable[[dict], bool]] = {
    "00_start_here": interval_is_wide,
    "01_data_audit": counts_agree,
    "02_preprocessing": spotting_beats_the_middle,
    "03_motion_magnification": artefacts_grow_and_a_gain_is_missed,
    "04_am3f_flownet": most_printed_values_lie_above,
    "05_dual_atme": every_interval_holds_every_value,
    "06_astnet": averages_differ,
    "07_larnet": frames_at_random_look_better,
    "08_uamrn": kept_pairs_take_longer,
    "09_baselines": no_network_is_above_the_line,
    "10_losses": every_interval_holds_every_value,
    "11_ablations": every_interval_holds_every_value,
    "12_visualisations": heat_is_worse_than_strain,
    "13_real_time": false_alarms_tell_them_apart,
    "15_report": some_tests_show_nothing,
}


def test_every_notebook_has_one_lesson():
    assert [lesson.notebook for lesson in LESSONS] == NOTEBOOKS


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.notebook)
def test_the_record_is_there_and_was_made_by_the_notebook(lesson):
    path = ROOT / lesson.record
    assert path.exists()
    if path.suffix == ".json":
        assert json.loads(path.read_text(encoding="utf-8"))["notebook"] == lesson.notebook
    assert not re.search(r"\d", lesson.says)  # numbers are the record's


@pytest.mark.parametrize("lesson", [one for one in LESSONS if one.notebook in HOLDS], ids=lambda one: one.notebook)
def test_the_record_bears_the_sentence_out(lesson):
    assert HOLDS[lesson.notebook](json.loads((ROOT / lesson.record).read_text(encoding="utf-8")))


@pytest.mark.long
def test_the_best_epoch_of_each_test_person_flatters():
    assert committed().low.loc["STSTNet: best epoch for each test subject", "inflation"] > 0


def test_the_committed_page_is_current():
    page = (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")
    assert page == lessons_page(ROOT), "run: merlib maintain pages"
